"""The export formats the warehouse knows: one YAML file beside this module for each.

A format says which header stands for which warehouse column and how the value is cleaned.
Adding a format is adding a file; no code here names one.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from dagster_project.ingestion.cleaning import KINDS, definition_of


class FormatError(ValueError):
    """A format file says something the loader does not understand; the message names it."""


# What `meta: {personal: …}` of a column may say beside true; see `Column.tie`.
_TIES = ("key", "pointer", "trait")
# Hashes made of personal values name a person: one without its mark would outlive an erasure.
_ALWAYS_KEYS = frozenset({"hashed_id", "email_key", "phone_key", "person_key"})


@dataclass(frozen=True)
class Column:
    """One warehouse column of a format.

    Attributes:
        name: the raw table's column.
        kind: how the value is cleaned, a key of `cleaning.KINDS`.
        headers: the file's possible headers, the preferred one first.
        required: the format is recognised only when the file has this column.
        must_parse: a value that is present and does not parse makes the row unreadable.
        personal: what a person could be read from; goes to `raw.<format>_personal` only.
        tie: how a column that stays readable below the raw layer is tied to a person: `key` names
            the person of the row, `pointer` another person, `trait` says something of them.
        concat: all matching headers are joined by a space instead of the first one being taken.
        together: every header must be there and hold something, or there is no value; they are
            joined by a space.
        of: in a mapped format, the columns whose values this one is made of: what a mapping gives
            for them is taken together.
        pattern: regular expression of a `flag`.
        upper: stored in upper case.
        position: 1-based place in a record of a headerless format.
        looks_like: regular expression that the values of a headerless format fulfil.
        description: language code to text, for whoever fills in or maps the column.
        example: a value as a shop would write it.
    """

    name: str
    kind: str
    headers: tuple[str, ...]
    required: bool = False
    must_parse: bool = False
    personal: bool = False
    concat: bool = False
    together: bool = False
    of: tuple[str, ...] = ()
    pattern: str | None = None
    upper: bool = False
    tie: str | None = field(default=None, repr=False)
    position: int | None = field(default=None, repr=False)
    looks_like: str | None = field(default=None, repr=False)
    description: dict[str, str] = field(default_factory=dict, repr=False, hash=False)
    example: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Format:
    """An export format: its raw table's columns and how its files are recognised.

    Attributes:
        name: also the raw table's name.
        source: which source's asset loads it.
        entity: what one row is: orders, order_lines, customers, events …
        description: language code to text.
        columns: in the order of the raw table.
        mapped: recognised by a `mapping.yml`, never by its header alone.
        headerless: its files have no header; recognised by the values of their first records.
        require_any: a mapping must give all columns of at least one of these groups.
        definition_hash: changes when a file of this format would be read differently.
    """

    name: str
    source: str
    entity: str
    description: dict[str, str]
    columns: tuple[Column, ...]
    mapped: bool
    headerless: bool
    require_any: tuple[tuple[str, ...], ...]
    definition_hash: str

    @property
    def main_columns(self) -> tuple[Column, ...]:
        """Columns of `raw.<name>`."""
        return tuple(column for column in self.columns if not column.personal)

    @property
    def personal_columns(self) -> tuple[Column, ...]:
        """Columns of `raw.<name>_personal`; empty when the format holds nothing personal."""
        return tuple(column for column in self.columns if column.personal)

    @property
    def key_columns(self) -> tuple[Column, ...]:
        """Columns that name the person of a row."""
        return tuple(column for column in self.columns if column.tie == "key")

    @property
    def given_columns(self) -> tuple[Column, ...]:
        """Columns that a mapping or template gives; the others are made of these."""
        return tuple(column for column in self.columns if not column.of)

    def column(self, name: str) -> Column | None:
        """The column called `name`, if there is one."""
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True)
class BoundColumn:
    """A warehouse column and where one file holds it.

    Attributes:
        column: the warehouse column.
        positions: 0-based positions in the file's header; empty when the file lacks it.
        constant: the same text for every row, from a mapping.
        values: pairs (the file's text, the warehouse's text), from a mapping.
        row_number: the value is made of the file's content hash and the row's number.
        default: the text of a row that has none, also when the file lacks the column.
        hashed: an id that is a name or a contact: a keyed hash stands for it.
    """

    column: Column
    positions: tuple[int, ...] = ()
    constant: str | None = None
    values: tuple[tuple[str, str], ...] = ()
    row_number: bool = False
    default: str | None = None
    hashed: bool = False


@dataclass(frozen=True)
class Binding:
    """How one file (or sheet) is read as a format.

    Attributes:
        format: the format found.
        columns: every column of the format, found or not.
        time_zone: zone of times without an offset; None means the shop's.
        date_format: strptime format tried before the usual ones.
        decimal_comma: numbers are written as 1.299,00.
        definition_hash: of the format and, where there is one, the mapping.
    """

    format: Format
    columns: tuple[BoundColumn, ...]
    time_zone: str | None = None
    date_format: str | None = None
    decimal_comma: bool = False
    definition_hash: str = ""


def normalise_header(text: str) -> str:
    """The form headers are compared in: no BOM, no outer spaces, one width, one letter case."""
    return unicodedata.normalize("NFKC", text).strip("\ufeff\u200b \t\r\n").casefold()


@cache
def load_formats() -> tuple[Format, ...]:
    """Every format, by name.

    Raises:
        FormatError: a format file is wrong; the message names the file and the key.
    """
    found = sorted(files(__name__).iterdir(), key=lambda entry: entry.name)
    return tuple(
        parse_format(entry.read_text(encoding="utf-8"), entry.name)
        for entry in found
        if entry.name.endswith(".yml")
    )


def parse_format(text: str, file_name: str) -> Format:
    """Read one format file's text; `file_name` is for messages.

    Raises:
        FormatError: a key is unknown or missing, or a kind does not exist.
    """
    document: dict[str, Any] = yaml.load(text, Loader=yaml.CSafeLoader)
    unknown = set(document) - {
        "format", "source", "entity", "description", "columns", "mapped", "headerless",
        "require_any",
    }  # fmt: skip
    missing = {"format", "source", "entity", "description", "columns"} - set(document)
    if unknown or missing:
        raise FormatError(f"{file_name}: unknown keys {sorted(unknown)}, missing {sorted(missing)}")
    columns = tuple(
        _parse_column(name, spec, file_name) for name, spec in document["columns"].items()
    )
    headerless = bool(document.get("headerless", False))
    placed = [column.position for column in columns if column.position is not None]
    if len(placed) != (len(columns) if headerless else 0) or len(set(placed)) != len(placed):
        raise FormatError(
            f"{file_name}: each column of a headerless format has a position of its own, "
            "and no other format has any"
        )
    groups = tuple(tuple(group) for group in document.get("require_any", ()))
    return Format(
        name=document["format"],
        source=document["source"],
        entity=document["entity"],
        description=document["description"],
        columns=columns,
        mapped=bool(document.get("mapped", False)),
        headerless=headerless,
        require_any=groups,
        definition_hash=_hash(
            document["format"],
            *(repr(column) + definition_of(column.kind, column.pattern) for column in columns),
            *(str(position) for position in placed),
        ),
    )


def recognise(header: tuple[str, ...], formats: tuple[Format, ...]) -> Binding | None:
    """The format whose required columns all stand in `header`, most matches first.

    Order, extra columns, letter case and outer spaces do not matter.
    """
    candidates = [
        bind(format_, header)
        for format_ in _known_by_header(formats)
        if not missing_columns(format_, header)
    ]
    return max(candidates, key=_matched, default=None)


def recognise_headerless(
    records: tuple[tuple[str, ...], ...], formats: tuple[Format, ...]
) -> Binding | None:
    """The headerless format whose columns look like the values of a file's first records."""
    found = (format_ for format_ in formats if format_.headerless and _looks_like(format_, records))
    format_ = next(found, None)
    if format_ is None:
        return None
    bound = tuple(
        BoundColumn(column, (column.position - 1,))
        for column in format_.columns
        if column.position is not None
    )
    return Binding(format_, bound, definition_hash=format_.definition_hash)


def _looks_like(format_: Format, records: tuple[tuple[str, ...], ...]) -> bool:
    """Do the records fit? One broken record in ten is dirt and no reason to refuse the file."""
    fitting = sum(
        len(record) == len(format_.columns)
        and all(
            column.looks_like is None
            or re.fullmatch(column.looks_like, record[(column.position or 1) - 1].strip())
            for column in format_.columns
        )
        for record in records
    )
    return fitting > 0 and (len(records) - fitting) * 10 <= len(records)


def _known_by_header(formats: tuple[Format, ...]) -> list[Format]:
    return [format_ for format_ in formats if not format_.mapped and not format_.headerless]


def closest(header: tuple[str, ...], formats: tuple[Format, ...]) -> Format | None:
    """The format that shares most with an unknown header; None when nothing is shared."""
    best = max(
        _known_by_header(formats), key=lambda format_: _overlap(format_, header), default=None
    )
    return best if best is not None and _overlap(best, header) > 0 else None


def missing_columns(format_: Format, header: tuple[str, ...]) -> tuple[Column, ...]:
    """Required columns of the format that `header` lacks."""
    present = {normalise_header(name) for name in header}
    return tuple(
        column
        for column in format_.columns
        if column.required and not any(normalise_header(h) in present for h in column.headers)
    )


def bind(format_: Format, header: tuple[str, ...]) -> Binding:
    """Find each column of the format in `header`; the first of equal headers counts."""
    positions: dict[str, int] = {}
    for index, name in enumerate(header):
        positions.setdefault(normalise_header(name), index)
    bound = []
    for column in format_.columns:
        found = tuple(
            positions[normalise_header(name)]
            for name in column.headers
            if normalise_header(name) in positions
        )
        if column.together and len(found) < len(column.headers):
            found = ()
        bound.append(BoundColumn(column, found if column.concat or column.together else found[:1]))
    return Binding(format_, tuple(bound), definition_hash=format_.definition_hash)


def _matched(binding: Binding) -> int:
    return sum(bool(bound.positions) for bound in binding.columns)


def _overlap(format_: Format, header: tuple[str, ...]) -> float:
    """Share of the required columns found, then of all columns."""
    required = [column for column in format_.columns if column.required]
    found = len(required) - len(missing_columns(format_, header))
    return found / len(required) + _matched(bind(format_, header)) / len(format_.columns) / 100


def _parse_column(name: str, spec: dict[str, Any], file_name: str) -> Column:
    unknown = set(spec) - {
        "headers", "kind", "required", "must_parse", "meta", "combine", "of", "pattern",
        "upper", "position", "looks_like", "description", "example",
    }  # fmt: skip
    if unknown:
        raise FormatError(f"{file_name}: column {name}: unknown keys {sorted(unknown)}")
    if spec.get("kind") not in KINDS:
        raise FormatError(f"{file_name}: column {name}: unknown kind {spec.get('kind')!r}")
    if spec.get("combine") not in (None, "concat", "together"):
        raise FormatError(f"{file_name}: column {name}: combine is concat or together")
    meta = spec.get("meta", {})
    mark = meta.get("personal")
    if set(meta) - {"personal"} or mark not in (None, True, *_TIES):
        raise FormatError(
            f"{file_name}: column {name}: meta is {{personal: true}} or "
            f"{{personal: {' or '.join(_TIES)}}}"
        )
    if spec["kind"] in _ALWAYS_KEYS and mark != "key":
        raise FormatError(
            f"{file_name}: column {name}: a {spec['kind']} names a person, "
            "it needs meta: {personal: key}"
        )
    return Column(
        name=name,
        kind=spec["kind"],
        headers=tuple(spec.get("headers", (name,))),
        required=bool(spec.get("required", False)),
        must_parse=bool(spec.get("must_parse", False)),
        personal=mark is True,
        concat=spec.get("combine") == "concat",
        together=spec.get("combine") == "together" or len(spec.get("of", ())) > 1,
        of=tuple(spec.get("of", ())),
        pattern=spec.get("pattern"),
        upper=bool(spec.get("upper", False)),
        tie=None if mark is True else mark,
        position=spec.get("position"),
        looks_like=spec.get("looks_like"),
        description=spec.get("description", {}),
        example=spec.get("example"),
    )


def _hash(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:16]
