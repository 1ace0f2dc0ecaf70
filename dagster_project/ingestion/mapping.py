"""`mapping.yml`: a shop's own columns under the warehouse's names, with no code."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
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
from dagster_project.ingestion.readers import Dialect, Table
from dagster_project.ingestion.refusal import RefusedFile, clipped
from dagster_project.owner_yaml import read_plain

MAPPING_FILE_NAME = "mapping.yml"

# A file of several tables may give these once for all of them.
_SHARED_KEYS = ("source", "date_format", "timezone")
_KEYS = ("entity", "shop", "columns", "header", "delimiter", "decimal", *_SHARED_KEYS)
_COLUMN_KEYS = ("column", "constant", "values", "row_number", "hash")

# A mapping's word → the sign between fields. Runs of spaces are read as one tab.
_DELIMITERS = {",": ",", ";": ";", "|": "|", "tab": "\t", "whitespace": "\t"}


@dataclass(frozen=True)
class MappedColumn:
    """Where one warehouse column comes from: a column of the file, a constant or the row number.

    With `hashed` a keyed hash stands for the column's text.
    """

    name: str
    header: str | None = None
    constant: str | None = None
    values: tuple[tuple[str, str], ...] = ()
    row_number: bool = False
    hashed: bool = False


@dataclass(frozen=True)
class TableMapping:
    """How the files of one entity are read.

    Attributes:
        format: the mapped format of its entity.
        columns: including the constants `source` and `shop`.
        dialect: what it says of the files' form.
        date_format: strptime format of the shop's times.
        decimal_comma: the shop writes numbers as 1.299,00.
        time_zone: zone of the shop's times; None means the warehouse's.
        text: the mapping with its source filled in.
    """

    format: Format
    columns: tuple[MappedColumn, ...]
    dialect: Dialect
    date_format: str | None
    decimal_comma: bool
    time_zone: str | None
    text: str

    @property
    def file_columns(self) -> frozenset[str]:
        """The file's columns it takes, in the form headers are compared in."""
        headers = (column.header for column in self.columns if column.header is not None)
        return frozenset(map(normalise_header, headers))

    def lacking(self, table: Table) -> list[str]:
        """The columns it takes that a table does not have."""
        present = {normalise_header(name) for name in table.header}
        return [
            column.header
            for column in self.columns
            if column.header is not None and normalise_header(column.header) not in present
        ]

    def bind(self, table: Table) -> Binding:
        """Find each warehouse column in a table that lacks none."""
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
            bound.append(
                BoundColumn(
                    column,
                    found,
                    origin.constant,
                    origin.values,
                    origin.row_number,
                    hashed=origin.hashed,
                )
            )
        definition = f"{self.format.definition_hash}\x1f{self.text}"
        return Binding(
            self.format,
            tuple(bound),
            time_zone=self.time_zone,
            date_format=self.date_format,
            decimal_comma=self.decimal_comma,
            definition_hash=hashlib.sha256(definition.encode()).hexdigest()[:16],
        )


@dataclass(frozen=True)
class Mapping:
    """A checked `mapping.yml`.

    Attributes:
        tables: one, or several where a folder holds files of several entities.
        text: the file with its sources filled in, to keep beside the raw copy.
    """

    tables: tuple[TableMapping, ...]
    text: str

    def plan(self, find: Callable[[Dialect], tuple[Table, ...]]) -> list[tuple[Table, Binding]]:
        """How each table of a file is read that has all columns of a mapping; most columns win.

        Args:
            find: the file's tables, read in a dialect.

        Raises:
            RefusedFile: no table has all columns; names the missing ones and what the file has.
        """
        offers = [
            (table, mapping)
            for mapping in self.tables
            for table in find(mapping.dialect)
            if table.header  # an empty sheet has nothing to offer
        ]
        best: dict[str | None, tuple[Table, TableMapping]] = {}
        for table, mapping in offers:
            if mapping.lacking(table):
                continue
            rival = best.get(table.sheet)
            if rival is None or len(mapping.file_columns) > len(rival[1].file_columns):
                best[table.sheet] = (table, mapping)
        if not best:
            raise _no_table_fits(offers)
        return [(table, mapping.bind(table)) for table, mapping in best.values()]


def _no_table_fits(offers: list[tuple[Table, TableMapping]]) -> RefusedFile:
    """The refusal; it speaks of the mapping that lacks least, in share of its columns."""
    table, mapping = min(
        offers, key=lambda offer: len(offer[1].lacking(offer[0])) / len(offer[1].columns)
    )
    lacking = ", ".join(mapping.lacking(table))
    has = ", ".join(clipped(name) for name in table.header)
    several = len({id(mapping) for _, mapping in offers}) > 1
    zh = f"（最接近的是 {mapping.format.entity}）" if several else ""
    en = f" (the nearest of its tables is {mapping.format.entity})" if several else ""
    return MappingRefused(
        f"文件里没有 mapping.yml 提到的列：{lacking}{zh}。文件里有：{has}",
        f"it names columns the file does not have: {lacking}{en}. The file has: {has}",
        quoted=has,
    )


def entities() -> tuple[str, ...]:
    """What one row of a shop's own file may be, by name."""
    return tuple(sorted(_formats_by_entity()))


def read_mapping(path: Path, landing: Path) -> Mapping | None:
    """The mapping nearest to a file, from its folder up to the landing folder; None without one.

    Raises:
        RefusedFile: the mapping is wrong; the file cannot be read until it is mended.
    """
    folder = path.parent
    while True:
        candidate = folder / MAPPING_FILE_NAME
        if candidate.is_file():
            if leads_outside(candidate, landing):
                raise MappingRefused(
                    "它是指向 landing 之外的链接", "it is a link to a place outside landing"
                )
            try:
                text = candidate.read_text(encoding="utf-8-sig")
            except (UnicodeDecodeError, OSError) as error:
                raise MappingRefused("它不是 UTF-8 文本", "it is not UTF-8 text") from error
            return parse_mapping(text, default_source=folder.name)
        if folder == landing or folder == folder.parent:
            return None
        folder = folder.parent


def leads_outside(path: Path, folder: Path) -> bool:
    """Whether a link leads out: who may drop files here may not read the machine's others."""
    return not path.resolve().is_relative_to(folder.resolve())


def parse_mapping(text: str, default_source: str) -> Mapping:
    """Check a mapping's text.

    Raises:
        RefusedFile: naming the key that is wrong and what would be right.
    """
    try:
        # Only texts: a column called `no` or a value `1` must not become False or a number.
        document = read_plain(text, yaml.BaseLoader)
    except yaml.YAMLError as error:
        detail = str(error).replace("\n", " ")
        raise MappingRefused(
            f"YAML 语法有误（{detail}）", f"its YAML is broken ({detail})"
        ) from error
    try:
        if isinstance(document, dict) and "tables" in document:
            return _parse_tables(document, default_source)
        table = _parse_table(document, default_source)
    except _WrongMapping as wrong:
        raise MappingRefused(wrong.zh, wrong.en) from wrong
    return Mapping((table,), table.text)


def _parse_tables(document: dict[str, Any], default_source: str) -> Mapping:
    _refuse_unknown("键", "key", document, ("tables", *_SHARED_KEYS))
    entries = document["tables"]
    if not isinstance(entries, list) or not entries:
        raise _WrongMapping("tables 不是一串“- entity: …”", "`tables` is no list of `- entity: …`")
    shared = {key: document[key] for key in _SHARED_KEYS if key in document}
    tables = []
    for number, entry in enumerate(entries, start=1):
        try:
            whole = {**shared, **entry} if isinstance(entry, dict) else entry
            table = _parse_table(whole, default_source)
            if len(entries) > 1 and not table.dialect.has_header:
                raise _WrongMapping(
                    "没有表头的文件无法与其他文件区分，请放在自己的文件夹里",
                    "nothing tells files without a header from others; give them a folder of "
                    "their own",
                )
        except _WrongMapping as wrong:
            raise _WrongMapping(
                f"tables 第 {number} 项：{wrong.zh}", f"entry {number} of `tables`: {wrong.en}"
            ) from wrong
        tables.append(table)
    filled = {"tables": [yaml.load(table.text, Loader=yaml.BaseLoader) for table in tables]}
    return Mapping(tuple(tables), yaml.safe_dump(filled, allow_unicode=True))


def _parse_table(document: Any, default_source: str) -> TableMapping:
    if not isinstance(document, dict):
        raise _WrongMapping("它不是“键: 值”的形式", "it is not a list of `key: value` lines")
    _refuse_unknown("键", "key", document, _KEYS)
    for key, value in document.items():
        if key != "columns" and not isinstance(value, str):
            raise _WrongMapping(f"{key} 不是一段文字", f"`{key}` is no text")
    format_ = _format_of(document.get("entity"))
    columns = document.get("columns")
    if not isinstance(columns, dict) or not columns:
        raise _WrongMapping("缺少 columns", "it has no `columns`")
    own = [c.name for c in format_.given_columns if c.name not in ("source", "shop")]
    _refuse_unknown("仓库列", "warehouse column", columns, own)
    dialect = _dialect(document)
    mapped = [_parse_column(name, spec) for name, spec in columns.items()]
    _check_hashes(format_, mapped)
    for column in mapped:
        if not dialect.has_header and column.header is not None:
            _check_position(column.name, column.header)
    _check_complete(format_, {column.name for column in mapped})
    source = _source(document.get("source"), default_source)
    constants = [MappedColumn("source", constant=source)]
    if document.get("shop"):
        if format_.column("shop") is None:
            raise _WrongMapping(
                f"{document['entity']} 没有 shop", f"`{document['entity']}` have no `shop`"
            )
        constants.append(MappedColumn("shop", constant=document["shop"]))
    return TableMapping(
        format=format_,
        columns=(*constants, *mapped),
        dialect=dialect,
        date_format=_date_format(document.get("date_format")),
        decimal_comma=_decimal_comma(document.get("decimal", ".")),
        time_zone=_time_zone(document.get("timezone")),
        text=yaml.safe_dump({**document, "source": source}, allow_unicode=True),
    )


def _dialect(document: dict[str, Any]) -> Dialect:
    header = document.get("header", "true")
    if header not in ("true", "false"):
        raise _WrongMapping(
            f"header 是 {header!r}，只能是 true 或 false",
            f"`header` is {header!r}; use true or false",
        )
    delimiter = document.get("delimiter")
    if delimiter is not None and delimiter not in _DELIMITERS:
        known = ", ".join(_DELIMITERS)
        raise _WrongMapping(
            f'delimiter 是 {delimiter!r}，只能是：{known}（符号要加引号，如 ","）',
            f'`delimiter` is {delimiter!r}; use one of: {known} (signs in quotes, as in ",")',
        )
    return Dialect(
        has_header=header == "true",
        delimiter=_DELIMITERS[delimiter] if delimiter is not None else None,
        spaces=delimiter == "whitespace",
    )


def _check_position(name: str, header: str) -> None:
    if not re.fullmatch("[1-9][0-9]*", header):
        raise _WrongMapping(
            f"{name} 的列 {header!r} 不是第几列（没有表头时写数字，从 1 开始）",
            f"the column {header!r} of `{name}` is no position; without a header write a number, "
            "counted from 1",
        )


def _formats_by_entity() -> dict[str, Format]:
    return {format_.entity: format_ for format_ in load_formats() if format_.mapped}


def _format_of(entity: Any) -> Format:
    by_entity = _formats_by_entity()
    if entity not in by_entity:
        known = ", ".join(sorted(by_entity))
        raise _WrongMapping(
            f"entity 是 {entity!r}，只能是：{known}", f"`entity` is {entity!r}; use one of {known}"
        )
    return by_entity[entity]


def _refuse_unknown(zh: str, en: str, given: dict[Any, Any], allowed: Any) -> None:
    unknown = ", ".join(str(name) for name in given if name not in allowed)
    if unknown:
        known = ", ".join(allowed)
        raise _WrongMapping(
            f"不认识的{zh}：{unknown}。可用：{known}", f"unknown {en}: {unknown}. Use: {known}"
        )


def _parse_column(name: str, spec: Any) -> MappedColumn:
    if isinstance(spec, str) and spec:
        return MappedColumn(name, header=spec)
    if not isinstance(spec, dict):
        raise _WrongMapping(f"{name} 没有写列名", f"`{name}` names no column")
    _refuse_unknown(f"{name} 的键", f"key of `{name}`", spec, _COLUMN_KEYS)
    origins = [key for key in ("column", "constant", "row_number") if key in spec]
    if len(origins) != 1:
        raise _WrongMapping(
            f"{name} 要写 column、constant、row_number 中的一个",
            f"`{name}` needs one of `column`, `constant` and `row_number`",
        )
    if "row_number" in spec:
        if name != "order_id" or spec != {"row_number": "true"}:
            raise _WrongMapping(
                f"{name}：只有 order_id 可以写 {{row_number: true}}",
                f"`{name}`: only `order_id` may be {{row_number: true}}",
            )
        return MappedColumn(name, row_number=True)
    if not isinstance(spec[origins[0]], str):
        raise _WrongMapping(
            f"{name} 的 {origins[0]} 不是一段文字", f"`{origins[0]}` of `{name}` is no text"
        )
    if "constant" in spec:
        return MappedColumn(name, constant=spec["constant"])
    values = spec.get("values") or {}
    if not isinstance(values, dict) or not all(isinstance(new, str) for new in values.values()):
        raise _WrongMapping(
            f"{name} 的 values 不是“原值: 新值”", f"`values` of `{name}` are no pairs"
        )
    pairs = tuple((old, new) for old, new in values.items())
    if spec.get("hash", "true") != "true":
        raise _WrongMapping(f"{name} 的 hash 只能写 true", f"`hash` of `{name}` can only be true")
    return MappedColumn(name, header=spec["column"], values=pairs, hashed="hash" in spec)


def _check_hashes(format_: Format, mapped: list[MappedColumn]) -> None:
    ids = {column.name for column in format_.columns if column.kind == "id"}
    wrong = ", ".join(column.name for column in mapped if column.hashed and column.name not in ids)
    if wrong:
        raise _WrongMapping(
            f"{wrong} 不是编号，不能写 hash", f"`{wrong}` is no id and cannot be hashed"
        )


def _check_complete(format_: Format, mapped: set[str]) -> None:
    missing = [c.name for c in format_.columns if c.required and c.name not in mapped]
    if missing:
        names = ", ".join(missing)
        raise _WrongMapping(
            f"缺少必需的仓库列：{names}", f"it does not map the required columns: {names}"
        )
    groups = format_.require_any
    if groups and not any(mapped.issuperset(group) for group in groups):
        choice = " | ".join(" + ".join(group) for group in groups)
        raise _WrongMapping(f"至少要对应：{choice}", f"it must map at least one of: {choice}")


def _source(source: Any, default: str) -> str:
    name = str(source or default)
    reserved = {format_.source for format_ in load_formats()}
    if name in reserved:
        raise _WrongMapping(
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
        raise _WrongMapping(
            f"timezone {name!r} 不是时区，例如 Europe/London",
            f"`timezone` {name!r} is no time zone; write one such as Europe/London",
        ) from error
    return str(name)


def _decimal_comma(sign: Any) -> bool:
    if sign not in (".", ","):
        raise _WrongMapping(
            f'decimal 是 {sign!r}，只能是 "." 或 ","', f'`decimal` is {sign!r}; use "." or ","'
        )
    return bool(sign == ",")


def _date_format(text: Any) -> str | None:
    if not text:
        return None
    if not isinstance(text, str) or "%" not in text or "'" in text:
        raise _WrongMapping(
            f"date_format {text!r} 有误，例如 %d/%m/%Y %H:%M",
            f"`date_format` {text!r} is wrong; write one such as %d/%m/%Y %H:%M",
        )
    return text


class _WrongMapping(Exception):
    """What is wrong with a mapping, in Chinese and in English."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


class MappingRefused(RefusedFile):
    """A mapping that cannot be used, with the advice to mend it.

    Attributes:
        zh: what is wrong, without the advice, in Chinese.
        en: the same in English.
    """

    def __init__(self, zh: str, en: str, quoted: str = "") -> None:
        super().__init__(
            "wrong_mapping",
            f"旁边的 mapping.yml 有误：{zh}。请改好 mapping.yml，再把文件放回原来的文件夹。",
            f"The mapping.yml beside the file is wrong: {en}. Mend mapping.yml, then put the file "
            "back into its folder.",
            quoted,
        )
        self.zh, self.en = zh, en
