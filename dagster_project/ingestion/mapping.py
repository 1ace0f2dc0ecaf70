"""`mapping.yml`: a shop's own columns under the warehouse's names, with no code."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from dagster_project.ingestion.formats import (
    Binding,
    BoundColumn,
    Format,
    load_formats,
    normalise_header,
)
from dagster_project.ingestion.readers import Table
from dagster_project.ingestion.refusal import RefusedFile

MAPPING_FILE_NAME = "mapping.yml"

_KEYS = ("entity", "source", "shop", "columns", "date_format", "timezone")
_COLUMN_KEYS = ("column", "constant", "values")


@dataclass(frozen=True)
class MappedColumn:
    """Where one warehouse column comes from: a column of the file or a constant."""

    name: str
    header: str | None = None
    constant: str | None = None
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Mapping:
    """A checked `mapping.yml`.

    Attributes:
        format: the mapped format of its entity.
        columns: including the constants `source` and `shop`.
        date_format: strptime format of the shop's times.
        time_zone: zone of the shop's times; None means the warehouse's.
        text: the mapping with its source filled in, to keep beside the raw copy.
    """

    format: Format
    columns: tuple[MappedColumn, ...]
    date_format: str | None
    time_zone: str | None
    text: str

    def plan(self, tables: tuple[Table, ...]) -> list[tuple[Table, Binding]]:
        """How each table that has all the mapped columns is read.

        Raises:
            RefusedFile: no table has them; names the missing ones and what the file has.
        """
        planned = [(table, self._bind(table)) for table in tables if not self._lacking(table)]
        if not planned:
            widest = max(tables, key=lambda table: len(table.header), default=Table("csv", ()))
            lacking = ", ".join(self._lacking(widest))
            has = ", ".join(name.strip() for name in widest.header)
            raise _wrong(
                f"文件里没有 mapping.yml 提到的列：{lacking}。文件里有：{has}",
                f"it names columns the file does not have: {lacking}. The file has: {has}",
            )
        return planned

    def _lacking(self, table: Table) -> list[str]:
        present = {normalise_header(name) for name in table.header}
        return [
            column.header
            for column in self.columns
            if column.header is not None and normalise_header(column.header) not in present
        ]

    def _bind(self, table: Table) -> Binding:
        positions: dict[str, int] = {}
        for index, name in enumerate(table.header):
            positions.setdefault(normalise_header(name), index)
        mapped = {column.name: column for column in self.columns}
        bound = []
        for column in self.format.columns:
            origins = [mapped.get(n, MappedColumn(n)) for n in column.of or (column.name,)]
            origin = origins[0]
            headers = [o.header for o in origins if o.header is not None]
            found = tuple(positions[normalise_header(header)] for header in headers)
            if len(found) < len(column.of):
                found = ()
            bound.append(BoundColumn(column, found, origin.constant, origin.values))
        definition = f"{self.format.definition_hash}\x1f{self.text}"
        return Binding(
            self.format,
            tuple(bound),
            time_zone=self.time_zone,
            date_format=self.date_format,
            definition_hash=hashlib.sha256(definition.encode()).hexdigest()[:16],
        )


def read_mapping(path: Path, landing: Path) -> Mapping | None:
    """The mapping nearest to a file, from its folder up to the landing folder; None without one.

    Raises:
        RefusedFile: the mapping is wrong; the file cannot be read until it is mended.
    """
    folder = path.parent
    while True:
        candidate = folder / MAPPING_FILE_NAME
        if candidate.is_file():
            try:
                text = candidate.read_text(encoding="utf-8-sig")
            except (UnicodeDecodeError, OSError) as error:
                raise _wrong("它不是 UTF-8 文本", "it is not UTF-8 text") from error
            return parse_mapping(text, default_source=folder.name)
        if folder == landing or folder == folder.parent:
            return None
        folder = folder.parent


def parse_mapping(text: str, default_source: str) -> Mapping:
    """Check a mapping's text.

    Raises:
        RefusedFile: naming the key that is wrong and what would be right.
    """
    try:
        # Only texts: a column called `no` or a value `1` must not become False or a number.
        document = yaml.load(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        detail = str(error).replace("\n", " ")
        raise _wrong(f"YAML 语法有误（{detail}）", f"its YAML is broken ({detail})") from error
    if not isinstance(document, dict):
        raise _wrong("它不是“键: 值”的形式", "it is not a list of `key: value` lines")
    _refuse_unknown("键", "key", document, _KEYS)
    format_ = _format_of(document.get("entity"))
    columns = document.get("columns")
    if not isinstance(columns, dict) or not columns:
        raise _wrong("缺少 columns", "it has no `columns`")
    given = [column.name for column in format_.columns if not column.of]
    own = [name for name in given if name not in ("source", "shop")]
    _refuse_unknown("仓库列", "warehouse column", columns, own)
    mapped = [_parse_column(name, spec) for name, spec in columns.items()]
    _check_complete(format_, {column.name for column in mapped})
    source = _source(document.get("source"), default_source)
    constants = [MappedColumn("source", constant=source)]
    if document.get("shop"):
        if format_.column("shop") is None:
            raise _wrong(
                f"{document['entity']} 没有 shop", f"`{document['entity']}` have no `shop`"
            )
        constants.append(MappedColumn("shop", constant=document["shop"]))
    return Mapping(
        format=format_,
        columns=(*constants, *mapped),
        date_format=_date_format(document.get("date_format")),
        time_zone=_time_zone(document.get("timezone")),
        text=yaml.safe_dump({**document, "source": source}, allow_unicode=True),
    )


def _format_of(entity: Any) -> Format:
    by_entity = {format_.entity: format_ for format_ in load_formats() if format_.mapped}
    if entity not in by_entity:
        known = ", ".join(sorted(by_entity))
        raise _wrong(
            f"entity 是 {entity!r}，只能是：{known}", f"`entity` is {entity!r}; use one of {known}"
        )
    return by_entity[entity]


def _refuse_unknown(zh: str, en: str, given: dict[Any, Any], allowed: Any) -> None:
    unknown = ", ".join(str(name) for name in given if name not in allowed)
    if unknown:
        known = ", ".join(allowed)
        raise _wrong(
            f"不认识的{zh}：{unknown}。可用：{known}", f"unknown {en}: {unknown}. Use: {known}"
        )


def _parse_column(name: str, spec: Any) -> MappedColumn:
    if isinstance(spec, str) and spec:
        return MappedColumn(name, header=spec)
    if not isinstance(spec, dict):
        raise _wrong(f"{name} 没有写列名", f"`{name}` names no column")
    _refuse_unknown(f"{name} 的键", f"key of `{name}`", spec, _COLUMN_KEYS)
    if ("column" in spec) == ("constant" in spec):
        raise _wrong(
            f"{name} 要么写 column，要么写 constant",
            f"`{name}` needs either `column` or `constant`",
        )
    if "constant" in spec:
        return MappedColumn(name, constant=spec["constant"])
    values = spec.get("values") or {}
    if not isinstance(values, dict):
        raise _wrong(f"{name} 的 values 不是“原值: 新值”", f"`values` of `{name}` are no pairs")
    pairs = tuple((old, new) for old, new in values.items())
    return MappedColumn(name, header=spec["column"], values=pairs)


def _check_complete(format_: Format, mapped: set[str]) -> None:
    missing = [c.name for c in format_.columns if c.required and c.name not in mapped]
    if missing:
        names = ", ".join(missing)
        raise _wrong(f"缺少必需的仓库列：{names}", f"it does not map the required columns: {names}")
    groups = format_.require_any
    if groups and not any(mapped.issuperset(group) for group in groups):
        choice = " | ".join(" + ".join(group) for group in groups)
        raise _wrong(f"至少要对应：{choice}", f"it must map at least one of: {choice}")


def _source(source: Any, default: str) -> str:
    name = str(source or default)
    reserved = {format_.source for format_ in load_formats()}
    if name in reserved:
        raise _wrong(
            f"source {name} 是内置名称，请换一个",
            f"`source` {name} is a built-in name; use another",
        )
    return name


def _time_zone(name: Any) -> str | None:
    if not name:
        return None
    try:
        ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise _wrong(
            f"timezone {name!r} 不是时区，例如 Europe/London",
            f"`timezone` {name!r} is no time zone; write one such as Europe/London",
        ) from error
    return str(name)


def _date_format(text: Any) -> str | None:
    if not text:
        return None
    if not isinstance(text, str) or "%" not in text or "'" in text:
        raise _wrong(
            f"date_format {text!r} 有误，例如 %d/%m/%Y %H:%M",
            f"`date_format` {text!r} is wrong; write one such as %d/%m/%Y %H:%M",
        )
    return text


def _wrong(zh: str, en: str) -> RefusedFile:
    return RefusedFile(
        "wrong_mapping",
        f"旁边的 mapping.yml 有误：{zh}。请改好 mapping.yml，再把文件放回原来的文件夹。",
        f"The mapping.yml beside the file is wrong: {en}. Mend mapping.yml, then put the file back "
        "into its folder.",
    )
