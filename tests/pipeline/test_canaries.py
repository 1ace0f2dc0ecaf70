"""Every personal cell of every format holds a canary: none may leave the raw layer."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb
import openpyxl
import pytest

from dagster_project.ingestion.formats import load_formats
from dagster_project.ingestion.inspect import PlannedTable, inspect_file, landing_files
from dagster_project.ingestion.tables import personal_table
from dagster_project.privacy.trace import search
from tests.pipeline.conftest import SECRET, Warehouse
from tests.pipeline.exports import TAOBAO_LINE_HEADER, TAOBAO_REFUND_HEADER, as_csv, write_text
from tests.pipeline.test_all_formats import TAOBAO_LINES, TAOBAO_REFUNDS, drop_everything

# Nothing else in the test's warehouse holds these.
WORD, PHONE = "canary", "13987650"
PLACES_OF_THE_RAW_LAYER = ("landing/", "raw/", "work/warehouse.duckdb: raw.")


def canaries() -> Iterator[int]:
    yield from range(1000)


def plant(planned: PlannedTable, cells: list[str], numbers: Iterator[int]) -> list[str]:
    """A record with a canary in each personal cell and in each that the warehouse does not read.

    The cell's own text stays in front: flags and provinces are read from it.
    """
    kinds: dict[int, set[str]] = {}
    personal: set[int] = set()
    for bound in planned.binding.columns:
        for position in bound.positions:
            kinds.setdefault(position, set()).add(bound.column.kind)
            if bound.column.personal:
                personal.add(position)
    planted = list(cells)
    for position, cell in enumerate(cells):
        if position in kinds and position not in personal:
            continue
        number = next(numbers)
        if "phone_key" in kinds.get(position, ()):
            planted[position] = f"{PHONE}{number:03d}"
        elif "email_key" in kinds.get(position, ()):
            planted[position] = f"{WORD}{number}@mail.cn"
        else:
            planted[position] = f"{cell}{WORD}{number}"
    return planted


def plant_file(path: Path, landing: Path, numbers: Iterator[int]) -> set[str]:
    """Plant a file's canaries; returns the personal tables that they must arrive in."""
    with duckdb.connect(":memory:") as connection:
        file = inspect_file(path, path.relative_to(landing).as_posix(), landing, connection)
    assert file.refusal is None, file.refusal
    arrive = {
        personal_table(planned.binding.format)
        for planned in file.tables
        if any(bound.column.personal and bound.positions for bound in planned.binding.columns)
    }
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        for planned in file.tables:
            for row in book[planned.table.sheet or ""].iter_rows(min_row=2):
                values = [str(cell.value or "") for cell in row]
                for cell, value in zip(row, plant(planned, values, numbers), strict=True):
                    cell.value = value or None
        book.save(path)
        return arrive
    (planned,) = file.tables
    encoding = planned.table.encoding or "utf-8"
    header, *rows = csv.reader(io.StringIO(path.read_bytes().decode(encoding), newline=""))
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(plant(planned, row, numbers) for row in rows)
    if planned.binding.format.personal_columns:
        text.write(f'"{WORD}{next(numbers)},{PHONE}{next(numbers):03d},never closed\r\n')
    path.write_bytes(text.getvalue().encode(encoding))
    return arrive


@pytest.fixture(scope="module")
def planted(new_warehouse: Callable[..., Warehouse]) -> tuple[Warehouse, set[str]]:
    """The shop after a night, and the personal tables that hold canaries."""
    warehouse = new_warehouse()
    drop_everything(warehouse.landing)
    # The personal columns that only some of these exports have.
    taobao = warehouse.landing / "taobao"
    refund_header = [*TAOBAO_REFUND_HEADER, "买家会员名", "买家退款说明"]
    write_text(taobao / "refunds.csv", as_csv(refund_header, TAOBAO_REFUNDS), "gb18030")
    write_text(taobao / "lines.csv", as_csv([*TAOBAO_LINE_HEADER, "备注"], TAOBAO_LINES))
    numbers = canaries()
    arrive: set[str] = set()
    for path in list(landing_files(warehouse.landing)):
        if path.parent.name != "behaviour":  # no header, and nothing personal
            arrive |= plant_file(path, warehouse.landing, numbers)
    # As from a shell: with Dagster's own storage and logs below the warehouse.
    environment = {
        **os.environ,
        "WAREHOUSE_DIR": str(warehouse.settings.warehouse_dir),
        "DAGSTER_HOME": str(warehouse.settings.dagster_home),
        "PSEUDONYM_KEY": SECRET,
    }
    command = [sys.executable, "-m", "dagster_project", "nightly"]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert WORD not in ran.stdout + ran.stderr
    return warehouse, arrive


def test_no_canary_leaves_the_raw_layer(planted: tuple[Warehouse, set[str]]) -> None:
    shop, arrive = planted
    trace = search(shop.settings.warehouse_dir, [WORD, PHONE], [], [])
    names = {path.relative_to(shop.settings.warehouse_dir).parts[0] for path in files(shop)}
    assert names >= {"dagster", "reports", "serving", "work"}
    assert trace.tables > 200
    raw = [place for place in trace.found if place.startswith(PLACES_OF_THE_RAW_LAYER)]
    # The database's bytes hold the raw tables too; its tables are searched one by one.
    assert set(trace.found) - set(raw) == {"work/warehouse.duckdb"}
    # They did arrive: in the personal table of every format that has one, and as broken rows.
    assert arrive == {personal_table(f) for f in load_formats() if f.personal_columns}
    for table in arrive:
        assert any(f": raw.{table}." in place for place in raw), table
    assert any(": raw.unreadable_rows.raw_text" in place for place in raw)
    # Below the raw layer hashes stand in their place.
    assert shop.value("select count(*) from dim_customers where length(customer_id) >= 32") > 0


def files(shop: Warehouse) -> list[Path]:
    return [path for path in shop.settings.warehouse_dir.rglob("*") if path.is_file()]
