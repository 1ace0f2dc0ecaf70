"""Emptying a person's cells in a file, and leaving everything else of it as it is.

A file is read by the loader's own reader: its text is cleaned to find the person's rows by the same
rules as in the raw tables, and written again as it stands. What is read from the new file is what
the erased raw tables hold.
"""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from dagster_project.ingestion.cleaning import call
from dagster_project.ingestion.encoding import CHUNK_BYTES
from dagster_project.ingestion.formats import BoundColumn, Column, Format
from dagster_project.ingestion.inspect import PlannedFile, PlannedTable
from dagster_project.ingestion.raw_copy import hash_file, raw_mapping_path, raw_path
from dagster_project.ingestion.readers import Table
from dagster_project.ingestion.table_load import (
    Staged,
    find_rejected,
    stage_table,
    staged_rows,
)
from dagster_project.ingestion.transform import typed_rows
from dagster_project.privacy.erase_tables import (
    ERASED_TEXT,
    ONLY_OF_A_PERSON,
    broken_row_is_theirs,
)
from dagster_project.privacy.tokens import ERASED, is_of_a_person, points_at_a_person
from dagster_project.settings import Settings
from dagster_project.sql_text import sql_literal, sql_name

_NUMBER = "_row_number"


@dataclass(frozen=True)
class Redacted:
    """A file's new content, kept in the raw folder.

    Attributes:
        sha256: of the new content.
        bytes: its size.
        path: the new raw copy.
    """

    sha256: str
    bytes: int
    path: Path


def redact(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    file: PlannedFile,
    needles: Sequence[str] = (),
    tokens: str = ERASED,
) -> Redacted | None:
    """Write a file anew without the persons behind `tokens`, as a raw copy of its own.

    The old raw copy, the landing folder and the ledger are left to the caller, so that a kill
    leaves either the old file or the new one.

    Args:
        connection: of the work database, with the secret of the hashes.
        settings: where everything lives.
        file: with its raw copy.
        needles: values of the person; a broken row that holds one is erased.
        tokens: table of tokens.

    Returns:
        None when nothing of them is in the file.
    """
    source = raw_path(settings.raw_dir, file.sha256, file.path.suffix)
    scratch = source.with_name(f".{source.name}.{os.getpid()}.tmp")
    with _cells(connection, settings, file, needles, tokens) as tables:
        if not any(table.is_touched(connection) for table in tables):
            return None
        try:
            kind = file.tables[0].table.kind
            if kind == "csv":
                _write_csv(connection, tables[0], source, scratch)
            elif kind == "xlsx":
                _write_workbook(connection, tables, source, scratch)
            elif kind == "parquet":
                _write_parquet(connection, tables[0], source, scratch)
            else:
                _write_json(connection, tables[0], source, scratch)
            redacted = _keep(settings, file, scratch)
        finally:
            scratch.unlink(missing_ok=True)
    again = replace(file, sha256=redacted.sha256)
    with _cells(connection, settings, again, needles, tokens) as tables:
        if any(table.is_touched(connection) for table in tables):
            raise RuntimeError(f"{file.relative}: the person still stands in the file as written")
    return redacted


def put_over(target: Path, content: Path) -> None:
    """Replace a file in one step; its modification time stays, because it is the export's."""
    modified = target.stat().st_mtime_ns
    scratch = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with content.open("rb") as source, scratch.open("wb") as sink:
            while chunk := source.read(CHUNK_BYTES):
                sink.write(chunk)
            sink.flush()
            os.fsync(sink.fileno())
        os.utime(scratch, ns=(modified, modified))
        os.replace(scratch, target)
    finally:
        scratch.unlink(missing_ok=True)


def _keep(settings: Settings, file: PlannedFile, scratch: Path) -> Redacted:
    digest, size = hash_file(scratch)
    target = raw_path(settings.raw_dir, digest, file.path.suffix)
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(scratch, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
    os.replace(scratch, target)
    mapping = raw_mapping_path(settings.raw_dir, file.sha256)
    if mapping.exists():
        raw_mapping_path(settings.raw_dir, digest).write_bytes(mapping.read_bytes())
    return Redacted(digest, size, target)


@dataclass(frozen=True)
class _Cells:
    """One table of a file: its text as it stands, and what each cell becomes.

    Attributes:
        planned: how the table is read.
        rows: SQL of `_row_number` and the text columns `f<position>`.
        staged: the temporary tables behind them.
        whole: temporary table of the numbers of the person's rows.
        pointing: position → temporary table of rows where that cell names the person.
        left: position → SQL of what is left of the person's cell, over `f<position>`.
        broken: SQL condition on `raw_text` of a broken row that is to be erased.
    """

    planned: PlannedTable
    rows: str
    staged: Staged
    whole: str
    pointing: dict[int, str]
    left: dict[int, str]
    broken: str

    @property
    def table(self) -> Table:
        return self.planned.table

    def value(self, position: int) -> str:
        """SQL of the new text of a cell."""
        text = f"f{position}"
        cases = ""
        if position in self.left:
            cases += f" when {_within(self.whole)} then {self.left[position]}"
        if position in self.pointing:
            cases += f" when {_within(self.pointing[position])} then ''"
        return f"case{cases} else {text} end" if cases else text

    def is_touched(self, connection: duckdb.DuckDBPyConnection) -> bool:
        """Whether any cell changes: a file that was redacted before does not."""
        changed = [
            f"coalesce({self.value(i)}, '') <> coalesce(f{i}, '')"
            for i in {*self.left, *self.pointing}
        ]
        if (
            changed
            and connection.execute(
                f"select 1 from ({self.rows}) where {' or '.join(changed)} limit 1"
            ).fetchone()
        ):
            return True
        if self.table.kind != "csv":
            return False
        return (
            connection.execute(
                f"select 1 from {self.staged.name}_rejected "
                f"where raw_text <> '{ERASED_TEXT}' and {self.broken} limit 1"
            ).fetchone()
            is not None
        )


@contextmanager
def _cells(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    file: PlannedFile,
    needles: Sequence[str],
    tokens: str,
) -> Iterator[list[_Cells]]:
    found: list[_Cells] = []
    temporary: list[Staged] = []
    extra: list[str] = []
    try:
        for planned in file.tables:
            staged = stage_table(connection, settings, file, _with_every_column(planned))
            temporary.append(staged)
            rows = staged_rows(staged, find_rejected(connection, staged))
            typed = typed_rows(planned.binding, planned.table, rows, staged.clock)
            whole, pointing = _persons_rows(connection, planned, typed, staged.name, tokens)
            extra += [whole, *pointing.values()]
            found.append(
                _Cells(
                    planned,
                    rows,
                    staged,
                    whole,
                    pointing,
                    _left_of_cells(planned),
                    broken_row_is_theirs(planned.binding.format, needles, tokens),
                )
            )
        yield found
    finally:
        for staged in temporary:
            staged.drop(connection)
        for name in extra:
            connection.execute(f"drop table if exists {name}")


def _persons_rows(
    connection: duckdb.DuckDBPyConnection,
    planned: PlannedTable,
    rows: str,
    name: str,
    tokens: str,
) -> tuple[str, dict[int, str]]:
    """Temporary tables of row numbers: the person's own rows, and those that point at them."""
    format_ = planned.binding.format
    condition = is_of_a_person(format_, tokens) or "false"
    whole = f"{name}_whole"
    connection.execute(
        f"create temp table {whole} as select {_NUMBER} from ({rows}) where {condition}"
    )
    pointing: dict[int, str] = {}
    for bound in planned.binding.columns:
        if bound.column.tie == "pointer" and bound.positions:
            table = f"{name}_pointing_{bound.positions[0]}"
            connection.execute(
                f"create temp table {table} as select {_NUMBER} from ({rows}) "
                f"where {points_at_a_person(format_, bound.column, tokens)}"
            )
            pointing[bound.positions[0]] = table
    return whole, pointing


def _with_every_column(planned: PlannedTable) -> PlannedTable:
    """The same table, of which every column is read and not only those that are known."""
    width = len(planned.table.header)
    everything = BoundColumn(Column("everything", "text", ()), tuple(range(width)))
    columns = (*planned.binding.columns, everything)
    return PlannedTable(planned.table, replace(planned.binding, columns=columns))


def _left_of_cells(planned: PlannedTable) -> dict[int, str]:
    """What is left of each cell of a person's row that is not kept as it is.

    Kept is what the warehouse reads and nothing marks as personal; a column that it does not
    read may hold anything. Of an address the province is left, of a memo what a flag looks for.
    """
    format_ = planned.binding.format
    kept: set[int] = set()
    emptied: set[int] = set()
    remains: dict[int, list[str]] = {}
    for bound in planned.binding.columns:
        column = bound.column
        if column.kind == "province" and not _loses_everything(format_):
            for i in bound.positions:
                remains.setdefault(i, []).append(call("clean_province", f"trim(f{i})"))
        elif column.kind == "flag" and column.pattern and not _loses_everything(format_):
            for i in bound.positions:
                pattern = sql_literal(column.pattern)
                remains.setdefault(i, []).append(f"regexp_extract(f{i}, {pattern})")
        elif column.personal or column.tie is not None:
            emptied.update(bound.positions)
        elif not _loses_everything(format_) or column.name in ("source", "shop"):
            kept.update(bound.positions)
    return {
        i: f"concat_ws(' ', {', '.join(remains[i])})" if i in remains else "''"
        for i in range(len(planned.table.header))
        if i in emptied or i not in kept
    }


def _loses_everything(format_: Format) -> bool:
    return format_.entity in ONLY_OF_A_PERSON


def _write_csv(
    connection: duckdb.DuckDBPyConnection, cells: _Cells, source: Path, target: Path
) -> None:
    table = cells.table
    width = len(table.header)
    with source.open("rb") as file:
        first_lines = file.read(CHUNK_BYTES)
    ending = " || chr(13)" if b"\r\n" in first_lines or b"\r\0\n\0" in first_lines else ""
    fields = [_quoted(cells.value(i), table) for i in range(width)]
    separator = f" || {sql_literal(table.delimiter)} || "
    header = [_quoted(sql_literal(name), table) for name in table.header]
    heading = f"select 0 as {_NUMBER}, {separator.join(header)} as line"
    lines = [heading] if table.has_header else []
    lines.append(f"select {_NUMBER}, {separator.join(fields)} as line from ({cells.rows})")
    lines.append(
        f"select {_NUMBER}, case when {cells.broken} then '{ERASED_TEXT}' else raw_text end "
        f"from {cells.staged.name}_rejected"
    )
    # Rows in which nothing stands are not read; their place is kept, because rows are numbered.
    numbers = f"select {_NUMBER} from ({cells.rows}) union select {_NUMBER} from "
    numbers += f"{cells.staged.name}_rejected"
    if width > 1:
        lines.append(
            f"select n, repeat({sql_literal(table.delimiter)}, {width - 1}) from "
            f"range(1, (select cast(max({_NUMBER}) as bigint) from ({numbers}))) as gaps(n) "
            f"where n not in ({numbers})"
        )
    text = target.with_name(target.name + ".utf8")
    try:
        connection.execute(
            f"copy (select line{ending} from ({' union all '.join(lines)}) order by {_NUMBER}) "
            f"to {sql_literal(str(text))} "
            "(format csv, header false, quote '', escape '', delimiter '\x1e')"
        )
        _encode(text, target, table.encoding or "utf-8")
    finally:
        text.unlink(missing_ok=True)


def _quoted(value: str, table: Table) -> str:
    """SQL of a CSV field: in quotes only where it must be."""
    # Runs of spaces part the fields of such a file: an empty one must be seen.
    needs = "(^$)|" if table.spaces else ""
    special = sql_literal(f'{needs}["\\r\\n{table.delimiter}]|^\\s|\\s$')
    text = f"coalesce({value}, '')"
    return (
        f"case when regexp_matches({text}, {special}) "
        f"then '\"' || replace({text}, '\"', '\"\"') || '\"' else {text} end"
    )


def _encode(source: Path, target: Path, encoding: str) -> None:
    encoder = codecs.getincrementalencoder(encoding)()
    with source.open(encoding="utf-8", newline="") as text, target.open("wb") as sink:
        while chunk := text.read(CHUNK_BYTES):
            sink.write(encoder.encode(chunk))
        sink.write(encoder.encode("", final=True))


def _write_workbook(
    connection: duckdb.DuckDBPyConnection, tables: list[_Cells], source: Path, target: Path
) -> None:
    import openpyxl  # brings NumPy along, and only workbooks need it

    # Formulas become the values that they showed: that is what was read.
    book = openpyxl.load_workbook(source, data_only=True)
    for cells in tables:
        sheet = book[cells.table.sheet or ""]
        below = 1 if cells.table.has_header else 0
        for position in sorted({*cells.left, *cells.pointing}):
            changed = connection.execute(
                f"select {_NUMBER}, {cells.value(position)} from ({cells.rows}) "
                f"where coalesce({cells.value(position)}, '') <> coalesce(f{position}, '')"
            ).fetchall()
            for number, text in changed:
                sheet.cell(number + below, position + 1).value = text or None
    book.save(target)


def _write_parquet(
    connection: duckdb.DuckDBPyConnection, cells: _Cells, source: Path, target: Path
) -> None:
    file = sql_literal(str(source))
    described = connection.execute(f"describe select * from read_parquet({file})").fetchall()
    columns = []
    for i, (name, type_, *_) in enumerate(described):
        column = "r." + sql_name(name)
        if i in cells.left or i in cells.pointing:
            emptied = f"try_cast(nullif(n{i}, '') as {type_})"
            column = f"case when {_same(i)} then {column} else {emptied} end"
        columns.append(f"{column} as {sql_name(name)}")
    connection.execute(
        f"copy (select {', '.join(columns)} "
        f"from read_parquet({file}, file_row_number = true) as r "
        f"inner join ({_new_values(cells)}) as c on r.file_row_number + 1 = c.{_NUMBER} "
        f"order by c.{_NUMBER}) to {sql_literal(str(target))} (format parquet)"
    )


def _write_json(
    connection: duckdb.DuckDBPyConnection, cells: _Cells, source: Path, target: Path
) -> None:
    records = (
        f"select r.*, c.* from (select row_number() over () as n, json "
        f"from read_json_objects({sql_literal(str(source))})) as r "
        f"inner join ({_new_values(cells)}) as c on r.n = c.{_NUMBER}"
    )
    for i in sorted({*cells.left, *cells.pointing}):
        # Emptied, not taken out: a key that no record has any more would be a missing column.
        emptied = f"json_object({sql_literal(cells.table.header[i])}, n{i})"
        records = (
            f"select * replace (case when {_same(i)} then json "
            f"else json_merge_patch(json, {emptied}) end as json) from ({records})"
        )
    connection.execute(
        f"copy (select cast(json as varchar) from ({records}) order by n) "
        f"to {sql_literal(str(target))} "
        "(format csv, header false, quote '', escape '', delimiter '\x1e')"
    )


def _new_values(cells: _Cells) -> str:
    """SQL of `_row_number`, the old text `f<position>` and the new text `n<position>`."""
    touched = sorted({*cells.left, *cells.pointing})
    values = "".join(f", f{i}, {cells.value(i)} as n{i}" for i in touched)
    return f"select {_NUMBER}{values} from ({cells.rows})"


def _same(position: int) -> str:
    return f"coalesce(n{position}, '') = coalesce(f{position}, '')"


def _within(numbers: str) -> str:
    return f"{_NUMBER} in (select {_NUMBER} from {numbers})"
