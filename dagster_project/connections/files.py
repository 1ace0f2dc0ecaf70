"""`connections/<name>.yml`: what an owner writes about a database or an API. Needs no dlt."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import yaml

from dagster_project.ingestion.mapping import MappingRefused, TableMapping, parse_mapping
from dagster_project.owner_yaml import read_plain
from dagster_project.settings import Settings, SettingsError, read_secret

# Names become folders, tables of dlt and keys of assets.
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SECRET = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_LOOKS_SECRET = re.compile(r"token|secret|passw|pwd|api[-_]?key", re.IGNORECASE)
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")

_MAPPING_KEYS = ("entity", "source", "shop", "columns", "date_format", "timezone")
_AUTH_KEYS = {
    "bearer": ("token",),
    "api_key": ("api_key", "name", "location"),
    "http_basic": ("username", "password"),
    "oauth2_client_credentials": ("access_token_url", "client_id", "client_secret"),
}
_AUTH_SECRETS = ("token", "api_key", "password", "client_secret")

# Writers commit late and clocks differ: what changed shortly before the last extract is asked for
# again. Seconds for a time, days for a date. A number has no such unit.
DEFAULT_OVERLAP = {"time": 3600, "date": 1, "number": 0}
_FIRST_VALUE: dict[str, str | int] = {
    "time": "1970-01-01T00:00:00Z",
    "date": "1970-01-01",
    "number": 0,
}


class ConnectionFileError(ValueError):
    """A connection file that cannot be used; says where and what would be right."""

    def __init__(self, where: str, zh: str, en: str) -> None:
        super().__init__(f"{where}: {zh} / {en}")


@dataclass(frozen=True)
class Cursor:
    """How to ask only for what changed.

    Attributes:
        field: column of the table or path in the record that grows with each change.
        kind: `time`, `date` or `number`.
        overlap: how far before the last value the next extract begins again (seconds, days or
            units of the number).
        param: request parameter that carries the value; None for a database.
        initial: value of the first request.
    """

    field: str
    kind: str
    overlap: int
    param: str | None
    initial: str | int


@dataclass(frozen=True)
class Resource:
    """One table or endpoint and the entity its rows are.

    Attributes:
        name: of the resource; unique in its connection.
        mapping: checked as a `mapping.yml` would be.
        cursor: None to take everything each time.
        table: `table` or `schema.table` of a database; a view will do.
        path: of an API, below the base URL.
        params: fixed request parameters.
        paginator: as dlt's REST source takes it.
        data_selector: JSONPath of the records in a response.
        each: field with a list; each of its elements becomes a row with its record's fields.
    """

    name: str
    mapping: TableMapping
    cursor: Cursor | None
    table: str = ""
    path: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    paginator: dict[str, Any] = field(default_factory=dict)
    data_selector: str = ""
    each: str | None = None

    @property
    def headers(self) -> tuple[str, ...]:
        """The source's columns or fields that the mapping uses, each once."""
        used = [c.header for c in self.mapping.columns if c.header is not None]
        return tuple(dict.fromkeys(used))

    @property
    def asked_for(self) -> str:
        """The table, or the path with its fixed parameters, for people to read."""
        if self.table:
            return self.table
        return self.path + (f"?{urlencode(self.params)}" if self.params else "")


@dataclass(frozen=True)
class Connection:
    """A checked connection file; secrets are read from the environment.

    Attributes:
        name: of the file, without its ending.
        kind: `postgres` or `rest`.
        resources: what is extracted.
        login: what the database driver or dlt's REST client needs to get in.
        requests_per_second: limit the API asks for; None means none.
        secrets: values that must not be shown.
    """

    name: str
    kind: str
    resources: tuple[Resource, ...]
    login: dict[str, Any] = field(repr=False)
    requests_per_second: float | None = None
    secrets: tuple[str, ...] = field(repr=False, default=())


def connection_files(settings: Settings) -> tuple[Path, ...]:
    """The connection files, by name; none when there is no folder."""
    return tuple(sorted(settings.connections_dir.glob("*.yml")))


def read_connection(path: Path) -> Connection:
    """Check one connection file.

    Raises:
        ConnectionFileError: it, or the environment, is not as it must be.
    """
    where = f"connections/{path.name}"
    if not _NAME.fullmatch(path.stem):
        raise ConnectionFileError(
            where,
            "文件名只能用小写字母、数字和下划线，并以字母开头",
            "the file's name must be small letters, digits and underscores, a letter first",
        )
    try:
        text = path.read_text(encoding="utf-8-sig")
        document = read_plain(text, yaml.SafeLoader)
        # As in a mapping.yml: a column called `no` or a value `1` stays a text.
        texts = read_plain(text, yaml.BaseLoader)
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        detail = str(error).replace("\n", " ")
        raise ConnectionFileError(
            where, f"YAML 语法有误（{detail}）", f"its YAML is broken ({detail})"
        ) from error
    block = _Block(where, document)
    kind = block.choice("kind", ("postgres", "rest"))
    resources = block.block("resources")
    read = _read_postgres if kind == "postgres" else _read_rest
    login, secrets, rate = read(block)
    return Connection(
        name=path.stem,
        kind=kind,
        resources=tuple(
            _read_resource(kind, path.stem, resources.block(name), texts["resources"].get(name))
            for name in resources.values
        ),
        login=login,
        requests_per_second=rate,
        secrets=secrets,
    )


class _Block:
    """One `key: value` block and where it stands, so that each complaint can name its place."""

    def __init__(self, where: str, values: Any) -> None:
        self.where = where
        if not isinstance(values, dict) or not values:
            raise self.wrong("这里应为“键: 值”", "`key: value` lines are expected here")
        self.values: dict[str, Any] = {str(key): value for key, value in values.items()}

    def wrong(self, zh: str, en: str) -> ConnectionFileError:
        return ConnectionFileError(self.where, zh, en)

    def only(self, known: Collection[str]) -> None:
        unknown = ", ".join(key for key in self.values if key not in known)
        if unknown:
            names = ", ".join(known)
            raise self.wrong(
                f"不认识的键：{unknown}。可用：{names}", f"unknown: {unknown}. Use: {names}"
            )

    def text(self, key: str, default: str | None = None) -> str:
        value = self.values.get(key, default)
        if not isinstance(value, str) or not value:
            raise self.wrong(f"缺少 {key}（文字）", f"`{key}` is missing or is no text")
        return value

    def number(self, key: str, default: float) -> float:
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise self.wrong(f"{key} 应为不小于 0 的数字", f"`{key}` must be a number, 0 or more")
        return value

    def choice(self, key: str, allowed: Collection[str], default: str | None = None) -> str:
        value = self.values.get(key, default)
        if value not in allowed:
            names = ", ".join(allowed)
            raise self.wrong(
                f"{key} 是 {value!r}，只能是：{names}", f"`{key}` is {value!r}; use one of {names}"
            )
        return str(value)

    def block(self, key: str) -> _Block:
        return _Block(f"{self.where}, {key}", self.values.get(key))

    def secret(self, key: str) -> str:
        match = _SECRET.fullmatch(self.text(key))
        if match is None:
            raise self.wrong(
                f"{key} 不能直接写在文件里。请写成 ${{变量名}}，并把值放进环境变量（例如 .env）",
                f"`{key}` must not stand in the file. Write ${{NAME}} and put the value into the "
                "environment (for instance into .env)",
            )
        try:
            return read_secret(match[1])
        except SettingsError as error:
            raise self.wrong(f"没有设置环境变量 {match[1]}", str(error)) from error


def _read_postgres(block: _Block) -> tuple[dict[str, Any], tuple[str, ...], None]:
    block.only(("kind", "host", "port", "database", "user", "password", "sslmode", "resources"))
    host = block.text("host")
    local = host.startswith("/") or host in _LOCAL_HOSTS
    modes = ("disable", "prefer", "require", "verify-ca", "verify-full")
    password = block.secret("password") if "password" in block.values else None
    login = {
        "host": host,
        "port": int(block.number("port", 5432)),
        "dbname": block.text("database"),
        "user": block.text("user"),
        # Data of customers crosses a network only encrypted.
        "sslmode": block.choice("sslmode", modes, "prefer" if local else "require"),
    }
    if password is None:
        return login, (), None
    return login | {"password": password}, (password,), None


def _read_rest(block: _Block) -> tuple[dict[str, Any], tuple[str, ...], float | None]:
    block.only(("kind", "base_url", "auth", "requests_per_second", "resources"))
    base_url = block.text("base_url")
    url = urlsplit(base_url)
    if url.username or url.password:
        raise block.wrong(
            "base_url 里不能写密码，请用 auth", "`base_url` must hold no password; use `auth`"
        )
    if url.scheme != "https" and not (url.scheme == "http" and url.hostname in _LOCAL_HOSTS):
        raise block.wrong(
            "base_url 必须以 https:// 开头（http:// 只允许本机）",
            "`base_url` must begin with https:// (http:// only on this machine)",
        )
    login: dict[str, Any] = {"base_url": base_url}
    secrets: tuple[str, ...] = ()
    if "auth" in block.values:
        login["auth"], secrets = _read_auth(block.block("auth"))
    rate = block.number("requests_per_second", 0)
    return login, secrets, rate or None


def _read_auth(block: _Block) -> tuple[dict[str, str], tuple[str, ...]]:
    kind = block.choice("type", tuple(_AUTH_KEYS))
    keys = _AUTH_KEYS[kind]
    block.only(("type", *keys))
    values = {
        key: block.secret(key) if key in _AUTH_SECRETS else block.text(key)
        for key in keys
        if key != "location"
    }
    if "location" in keys:
        values["location"] = block.choice("location", ("header", "query", "cookie"), "header")
    return {"type": kind, **values}, tuple(values[key] for key in keys if key in _AUTH_SECRETS)


def _read_resource(kind: str, connection: str, block: _Block, texts: Any) -> Resource:
    name = block.where.rpartition(", ")[2]
    if not _NAME.fullmatch(name):
        raise block.wrong(
            "名称只能用小写字母、数字和下划线，并以字母开头",
            "its name must be small letters, digits and underscores, a letter first",
        )
    own = (
        ("table",)
        if kind == "postgres"
        else ("path", "params", "paginator", "data_selector", "each")
    )
    block.only((*own, "cursor", *_MAPPING_KEYS))
    mapping = {key: value for key, value in texts.items() if key in _MAPPING_KEYS}
    try:
        text = yaml.safe_dump(mapping, allow_unicode=True, sort_keys=False)
        (checked,) = parse_mapping(text, connection).tables
    except MappingRefused as error:
        raise block.wrong(error.zh, error.en) from error
    cursor = _read_cursor(kind, block.block("cursor")) if "cursor" in block.values else None
    if kind == "postgres":
        return Resource(name, checked, cursor, table=block.text("table"))
    return Resource(
        name,
        checked,
        cursor,
        path=block.text("path"),
        params=_read_params(block.block("params")) if "params" in block.values else {},
        # Asked for, because a guess that is wrong loses every page but the first.
        paginator=block.block("paginator").values,
        data_selector=block.text("data_selector"),
        each=block.text("each") if "each" in block.values else None,
    )


def _read_cursor(kind: str, block: _Block) -> Cursor:
    rest = kind == "rest"
    block.only(("field", "type", "overlap", *(("param", "initial") if rest else ())))
    type_ = block.choice("type", tuple(DEFAULT_OVERLAP), "time")
    initial = block.values.get("initial", _FIRST_VALUE[type_])
    return Cursor(
        field=block.text("field"),
        kind=type_,
        overlap=int(block.number("overlap", DEFAULT_OVERLAP[type_])),
        param=block.text("param") if rest else None,
        initial=initial if isinstance(initial, int) else str(initial),
    )


def _read_params(block: _Block) -> dict[str, Any]:
    for key in block.values:
        if _LOOKS_SECRET.search(key):
            raise block.wrong(
                f"{key} 看起来是密钥，请用 auth（type: api_key, location: query）",
                f"`{key}` looks like a secret; use `auth` (type: api_key, location: query)",
            )
    return block.values
