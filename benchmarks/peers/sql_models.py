"""The hand-written SQL in `sql/`, one table a file, for every way of running it.

A table is called `core.<name>` there, the shop's file `@input` and the two seeds `@segments` and
`@value_classes`. The script, SQLMesh and dbt run the same statements; only names are exchanged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.peers.command import SEEDS
from benchmarks.shop import COLUMNS

SQL_DIR = Path(__file__).parent / "sql"
PUBLISHED = (
    *("row_dispositions", "fct_orders", "fct_order_items", "dim_products", "dim_customers"),
    *("customer_rfm", "customer_lifecycle", "customer_value_quadrant", "customer_tags"),
)

_REFERENCE = re.compile(r"\bcore\.(\w+)")


def names() -> list[str]:
    """Names of all tables, each after those it reads."""
    read = {path.stem: references(path.stem) for path in SQL_DIR.glob("*.sql")}
    ordered: list[str] = []
    while len(ordered) < len(read):
        ready = sorted(
            name for name, others in read.items() if name not in ordered and others <= set(ordered)
        )
        if not ready:
            raise ValueError(f"the tables of {SQL_DIR} read each other in a circle")
        ordered += ready
    return ordered


def statement(
    name: str,
    inputs: Sequence[Path] | None,
    rename: Callable[[str], str],
    *,
    load_row: str | None = None,
    views: Mapping[str, str] | None = None,
) -> str:
    """The SELECT of a table.

    Args:
        name: of the table.
        inputs: the shop's files.
        rename: how another table is called.
        load_row: the expression that numbers the rows of the file in their order. None: the
            table's `rowid` does it, for nothing. A view on a table, as SQLMesh makes, has none.
        views: what stands for `@input`, `@segments` and `@value_classes`. None: DuckDB's readers
            of the files.
    """
    text = (SQL_DIR / f"{name}.sql").read_text(encoding="utf-8")
    if load_row:
        text = text.replace("l.rowid", "l.load_row")
        if "@input" in text:
            text = text.replace("\nfrom @input", f",\n    {load_row} as load_row\nfrom @input")
    for placeholder, relation in (views or _readers(inputs or ())).items():
        text = text.replace(placeholder, relation)
    return _REFERENCE.sub(lambda match: rename(match[1]), text)


def references(name: str) -> set[str]:
    """The tables that a table reads."""
    return set(_REFERENCE.findall((SQL_DIR / f"{name}.sql").read_text(encoding="utf-8")))


def _readers(inputs: Sequence[Path]) -> dict[str, str]:
    seeds = {"@segments": "rfm_segments", "@value_classes": "value_classes"}
    readers = {
        name: f"read_csv('{SEEDS / file}.csv', header = true)" for name, file in seeds.items()
    }
    return {"@input": _reader(inputs), **readers}


def _reader(inputs: Sequence[Path]) -> str:
    files = ", ".join(f"'{path}'" for path in inputs)
    if inputs[0].suffix == ".parquet":
        return f"read_parquet([{files}])"
    columns = ", ".join(f"'{name}': 'VARCHAR'" for name in COLUMNS)
    # Declared columns: nothing is sniffed, and what is not selected is not made.
    return (
        f"read_csv([{files}], header = true, delim = ',', quote = '\"', escape = '\"', "
        f"auto_detect = false, columns = {{{columns}}})"
    )
