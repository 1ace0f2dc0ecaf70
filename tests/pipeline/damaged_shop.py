"""Exports that a reader can read and that say impossible things, for whole nights over them."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path

from dagster_project.ingestion.formats import Column, load_formats
from dagster_project.ingestion.loader import load_files
from dagster_project.settings import Settings
from tests.fuzz import batches
from tests.fuzz.shop_files import WRITERS, Table, every_kind, mapping_of, valid_table

# What leaves the rows of a file readable, or makes few of them unreadable.
DAMAGES = ("extreme cells", "one extreme column", "look-alike header", "columns swapped")
# Values just inside and far outside what a number or a moment may be.
BORDERS = {
    "amount": ("9999999999.99", "10000000000", "99999999999999.9999", "0.0001"),
    "quantity": ("999999999", "1000000000", "99999999999999", "0.001", "0"),
    "time": ("1990-01-01 00:00:00", "0001-01-01", "9999-12-31 23:59:59"),
    "date": ("1900-01-01", "0001-01-01", "9999-12-31"),
    "future_time": ("0001-01-01", "9999-12-31 23:59:59"),
    "future_date": ("0001-01-01", "9999-12-31"),
}
_FIRST_GAP = 200_000_000
_FIRST_BORDER = 300_000_000
_APART = 1_000
# So many that the orders without a date stay below the share that stops a night.
_WHOLE_ROWS = 60


def readable_damage(seed: int, step: int = 1) -> list[batches.Mutant]:
    """A damaged file of each format and kind of file, without those that hold unreadable rows.

    With a `step` of 3 every third of them, so that each kind of file has its turn.
    """
    kinds = every_kind()
    chance = random.Random(seed)
    mutants = batches.make(seed, kinds, [chance.choice(DAMAGES) for _ in kinds])[::step]
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_env({"WAREHOUSE_DIR": folder})
        settings.create_folders()
        drop(settings.landing_dir, mutants)
        report = load_files(settings)
    whole = {file.relative for file in report.loaded if not file.unreadable_rows}
    return [mutant for mutant in mutants if mutant.path in whole]


def drop(landing: Path, mutants: Iterable[batches.Mutant]) -> None:
    """Put the files below `landing`, with a `mapping.yml` beside those that need one."""
    for mutant in mutants:
        path = landing / mutant.path
        path.parent.mkdir(parents=True)
        path.write_bytes(mutant.content)
        if mutant.table.mapped:
            mapping = mapping_of(valid_table(mutant.table.format, True, 0))
            (path.parent / "mapping.yml").write_text(mapping, encoding="utf-8")
        _drop_orders(path, mutant.table, len(mutant.table.rows))


def drop_gaps(landing: Path) -> None:
    """One file of each format: each column empty in one row, and each two columns in another."""
    for place, (table, columns) in enumerate(_tables(_FIRST_GAP)):
        places = range(len(columns))
        moments = {i for i, column in enumerate(columns) if "time" in column.kind}
        # Orders without a date stop a night when they are more than a few: alone is enough.
        pairs = combinations([i for i in places if i not in moments], 2)
        gaps = [*((i,) for i in places), *pairs]
        changes = [(row, column, "") for row, gap in enumerate(gaps) for column in gap]
        rows = [table.rows[0]] * (len(gaps) + _WHOLE_ROWS)
        _drop(landing / f"gaps_{place}.csv", table, rows, changes)


def drop_borders(landing: Path) -> None:
    """One file of each format in which each number and moment stands at the border of its kind.

    In one row of it all numbers are as large as they may be.
    """
    for place, (table, columns) in enumerate(_tables(_FIRST_BORDER)):
        # Gate 2 stops a night over a discount above the amount and over a share above one.
        plain = tuple(
            "" if "discount" in column.name or column.name.endswith("_share") else text
            for column, text in zip(columns, table.rows[0], strict=True)
        )
        cells = [
            (i, text)
            for i, column in enumerate(columns)
            if plain[i]
            for text in BORDERS.get(column.kind, ())
        ]
        # Enough whole rows that the unreadable ones among the others do not refuse the file.
        rows = [plain] * (20 * len(cells) + 1)
        changes = [(row, column, text) for row, (column, text) in enumerate(cells)]
        changes += [
            (len(cells), i, BORDERS[column.kind][0])
            for i, column in enumerate(columns)
            if plain[i] and column.kind in ("amount", "quantity")
        ]
        _drop(landing / f"borders_{place}.csv", table, rows, changes)


def _tables(first: int) -> Iterator[tuple[Table, list[Column]]]:
    """A valid table of each format that has a header, and what its columns are read as."""
    formats = [format_ for format_ in load_formats() if not format_.headerless]
    for place, format_ in enumerate(formats):
        table = valid_table(format_, False, first + place * _APART)
        assert table.header is not None
        by_header = {
            name: column
            for column in reversed(format_.given_columns)
            for name in ((column.name,) if format_.mapped else column.headers[:1])
        }
        yield table, [by_header[name] for name in table.header]


def _drop(
    path: Path,
    table: Table,
    rows: list[tuple[str, ...]],
    changes: Iterable[tuple[int, int, str]],
) -> None:
    """Write `rows`, numbered anew, with (row, column, text) changed."""
    cells = [list(row) for row in rows]
    for number, row in enumerate(cells):
        row[table.number] = str(table.first + number)
    for place, column, text in changes:
        cells[place][column] = text
    changed = replace(table, rows=tuple(map(tuple, cells)))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(WRITERS["csv"](changed, random.Random(0)))
    _drop_orders(path, table, len(rows))


def _drop_orders(path: Path, table: Table, count: int) -> None:
    """The orders of Olist's lines beside the lines, which have no date of their own."""
    if table.format.name == "olist_order_items":
        (format_,) = (format_ for format_ in load_formats() if format_.name == "olist_orders")
        orders = valid_table(format_, False, table.first)
        _drop(path.with_name(f"orders_of_{path.stem}.csv"), orders, [orders.rows[0]] * count, [])
