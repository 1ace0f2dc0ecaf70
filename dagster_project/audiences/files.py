"""Lists as files that a spreadsheet opens without running anything in them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import duckdb

from dagster_project.sql_text import sql_literal

FORMATS = ("csv", "json")

# A spreadsheet takes a cell that begins with one of these for a formula, or drops the character and
# then does; East Asian versions take the wide forms, too.
FORMULA_STARTS = "=+-@\t\r\n＝＋－＠"
# What makes it text, and is not shown.
_TEXT_MARK = "'"
# Without it Excel reads UTF-8 as the machine's old encoding, and Chinese is gone.
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def safe_cell(value: str) -> str:
    """SQL of a text that no spreadsheet runs as a formula; `value` is SQL of a text."""
    starts = ", ".join(f"chr({ord(character)})" for character in FORMULA_STARTS)
    return (
        f"case when substring({value}, 1, 1) in ({starts}) "
        f"then {sql_literal(_TEXT_MARK)} || {value} else {value} end"
    )


def write_list(connection: duckdb.DuckDBPyConnection, table: str, path: Path, format_: str) -> int:
    """Write a table as a file that only its owner may read; returns the number of rows.

    The file is there whole or not at all.

    Args:
        connection: that has the table.
        table: its name.
        path: file to write, replaced if it is there.
        format_: `csv` (UTF-8 with a byte order mark, cells made safe), `json` (one object a line,
            values as they are) or `table` (plain CSV with values as they are, for the loader).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = connection.execute(f"select count(*) from {table}").fetchone()
    plain = path.with_name(f".{path.name}.plain")
    unfinished = path.with_name(f".{path.name}.tmp")
    try:
        # Made by us first, so that at no moment anybody else may read it.
        _private(plain)
        _private(unfinished)
        shown = _safe_columns(connection, table) if format_ == "csv" else "*"
        options = "format json" if format_ == "json" else "format csv, header"
        # In place: a file that the database renames has permissions of its own.
        connection.execute(
            f"copy (select {shown} from {table}) to {sql_literal(str(plain))} "
            f"({options}, use_tmp_file false)"
        )
        with plain.open("rb") as written, unfinished.open("wb") as file:
            if format_ == "csv":
                file.write(_BYTE_ORDER_MARK)
            shutil.copyfileobj(written, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        plain.unlink(missing_ok=True)
        unfinished.unlink(missing_ok=True)
    return int(rows[0]) if rows else 0


def _safe_columns(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    columns = []
    for name, type_, *_ in connection.execute(f"describe {table}").fetchall():
        value = safe_cell(f'"{name}"') if type_ == "VARCHAR" else f'"{name}"'
        columns.append(f'{value} as "{name}"')
    return ", ".join(columns)


def _private(path: Path) -> None:
    path.unlink(missing_ok=True)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
