"""The marts of earlier as-of dates without one customer."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import duckdb

from dagster_project.privacy.erase_tables import ERASED_TEXT
from dagster_project.sql_text import sql_literal

# Columns of marts that hold a customer's id.
CUSTOMER_COLUMNS = ("customer_id", "referrer_id")


def erase_from_history(folder: Path, customers: Sequence[str], needles: Sequence[str]) -> int:
    """Rewrite each Parquet file that knows the customers; returns how many were rewritten.

    A customer's own rows go; facts keep their row without the customer; inside texts the
    customer's values become `erased`.
    """
    rewritten = 0
    for path in sorted(folder.rglob("*.parquet")) if folder.is_dir() else []:
        with duckdb.connect(":memory:") as connection:
            rewritten += _rewrite(connection, path, customers, needles)
    return rewritten


def replaced(expression: str, needles: Sequence[str]) -> str:
    """SQL of a text in which each needle, in any letter case, is `erased`."""
    for needle in sorted(needles, key=len, reverse=True):
        pattern = sql_literal("(?i)" + _escaped(needle))
        expression = f"regexp_replace({expression}, {pattern}, '{ERASED_TEXT}', 'g')"
    return expression


def _rewrite(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    customers: Sequence[str],
    needles: Sequence[str],
) -> int:
    file = f"read_parquet({sql_literal(str(path))}, hive_partitioning = false)"
    columns = connection.execute(f"describe select * from {file}").fetchall()
    ids = ", ".join(map(sql_literal, customers)) or "null"
    values = []
    for name, type_, *_ in columns:
        column = f'"{name}"'
        if name in CUSTOMER_COLUMNS:
            values.append(f"case when {column} not in ({ids}) then {column} end as {column}")
        elif type_ == "VARCHAR":
            values.append(f"{replaced(column, needles)} as {column}")
        else:
            values.append(column)
    owned = any(name == "customer_id" for name, *_ in columns)
    keep = "true"
    if owned and not path.name.startswith("fct_"):
        keep = f"coalesce(customer_id not in ({ids}), true)"
    scratch = path.with_name(f".{path.name}.tmp")
    new = f"select {', '.join(values)} from {file} where {keep}"
    differs = connection.execute(
        f"select 1 from ((select * from {file} except all {new}) "
        f"union all ({new} except all select * from {file})) limit 1"
    ).fetchone()
    if differs is None:
        return 0
    try:
        connection.execute(
            f"copy ({new}) to {sql_literal(str(scratch))} (format parquet, compression zstd)"
        )
        descriptor = os.open(scratch, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
        os.replace(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)
    return 1


def _escaped(text: str) -> str:
    """`text` for RE2, which knows no escape for letters."""
    return "".join(c if c.isalnum() or c.isspace() or ord(c) > 127 else f"\\{c}" for c in text)
