"""A day that comes in cut, without customers, or that moves everybody to other segments stands as a
warning and is published; a day like the one before gives none.
"""

from __future__ import annotations

import io
import shutil
from datetime import date, datetime
from pathlib import Path

import pytest
from rich.console import Console

from dagster_project.serving.status import print_status
from dagster_project.settings import Settings
from tests.pipeline.conftest import SECRET, Warehouse, first_night
from tests.pipeline.exports import (
    TAOBAO_ORDER_HEADER,
    as_csv,
    taobao_order,
    write_text,
)

DAY = date(2025, 1, 1)
TONIGHT = "as_of_date = (select max(as_of_date) from mart_status)"
WARNED = f"select measure, subject from watched_figures where is_warning and {TONIGHT} order by all"

MAPPING = """\
entity: order_lines
source: daily
columns:
  order_id: order
  customer_id: customer
  ordered_at: at
  product_id: product
  gross_amount: amount
"""


def export_day(shop: Warehouse, day: date, orders: int, *, buyers: int) -> None:
    """The export of one day; without buyers nobody's customer number is in it."""
    rows = [
        f"{day:%m%d}-{number},{f'D{number % buyers}' if buyers else ''},{day} 10:00:00,P1,50"
        for number in range(orders)
    ]
    folder = shop.landing / "daily"
    folder.mkdir(exist_ok=True)
    (folder / "mapping.yml").write_text(MAPPING, encoding="utf-8")
    write_text(folder / f"{day}.csv", "\n".join(["order,customer,at,product,amount", *rows]) + "\n")


def night(shop: Warehouse) -> None:
    assert shop.nightly().success


@pytest.fixture(scope="module")
def shop(
    made_shop: Warehouse,
    parsed_project: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Warehouse:
    """The made shop after its first night, which a daily export joins: its first day has landed."""
    home = tmp_path_factory.mktemp("watched")
    settings = Settings.from_env({"WAREHOUSE_DIR": str(home), "PSEUDONYM_KEY": SECRET})
    settings.create_folders()
    shutil.copytree(parsed_project, settings.dbt_target_dir, dirs_exist_ok=True)
    for folder in ("landing", "raw", "serving"):
        source = made_shop.settings.warehouse_dir / folder
        shutil.copytree(source, home / folder, dirs_exist_ok=True)
    shutil.copyfile(first_night(made_shop), settings.work_db)
    shop = Warehouse(settings)
    export_day(shop, DAY, orders=100, buyers=10)
    night(shop)
    return shop


def test_a_day_like_the_one_before_gives_no_warning(shop: Warehouse) -> None:
    export_day(shop, DAY.replace(day=2), orders=90, buyers=10)
    night(shop)
    compared = shop.rows(
        "select measure, subject, value, value_before from watched_figures "
        f"where {TONIGHT} and measure in ('rows_landed', 'unknown_customers') order by all"
    )
    assert compared == [
        ("rows_landed", "mapped_order_lines", 90, 50),
        ("unknown_customers", "daily", 0, 0),
    ]
    assert shop.value(
        "select count(*) from watched_figures "
        f"where {TONIGHT} and measure = 'shift_overnight' and stability_index > 0"
    )
    assert shop.rows(WARNED) == []


def test_a_cut_day_without_customers_and_a_shift_are_warnings(shop: Warehouse) -> None:
    export_day(shop, DAY.replace(day=3), orders=36, buyers=0)
    # Two hundred customers of another shop, all of whom bought once, long ago.
    joined = [
        taobao_order(f"J{number}", f"新人{number}", "80.00", "2024-02-01 10:00:00")
        for number in range(200)
    ]
    write_text(shop.landing / "joined" / "1.csv", as_csv(TAOBAO_ORDER_HEADER, joined))
    night(shop)

    assert shop.value("select max(as_of_date) from mart_status") == DAY.replace(day=3)
    assert shop.rows(WARNED) == [
        ("rows_landed", "mapped_order_lines"),
        ("shift_overnight", "lifecycle"),
        ("shift_overnight", "segment"),
        ("unknown_customers", "daily"),
    ]
    assert shop.rows(
        "select value, value_before, round(change, 2) from watched_figures "
        f"where {TONIGHT} and measure in ('rows_landed', 'unknown_customers') "
        "and value_before is not null order by measure"
    ) == [(36, 90, -0.6), (1, 0, 1)]
    failed = shop.rows(
        "select rule, severity, unexpected_count from quality_results "
        "where not passed and table_name = 'marts.watched_figures' and run_id = "
        "(select max_by(run_id, checked_at) from quality_results) order by rule"
    )
    assert failed == [
        ("labels_did_not_shift", "warning", 2),
        ("orders_of_the_day_are_as_usual", "warning", 1),
        ("rows_did_not_fall", "warning", 1),
    ]
    console = Console(width=400, record=True, file=io.StringIO())
    assert print_status(shop.settings, console, datetime.fromisoformat("2025-01-04T09:00+08:00"))
    assert "measure=rows_landed, subject=mapped_order_lines, tonight=36.0" in console.export_text()


def test_the_nights_stand_in_the_history_once(shop: Warehouse) -> None:
    with shop.work() as connection:
        nights = connection.execute(
            "select as_of_date, count(*) filter (measure = 'rows_held') "
            "from audit.published_figures group by as_of_date order by as_of_date"
        ).fetchall()
    assert [day for day, _ in nights] == [
        date(2024, 12, 30),
        *(DAY.replace(day=day) for day in (1, 2, 3)),
    ]
    assert shop.rows(
        "select as_of_date, count(*) from watched_figures where is_warning group by as_of_date"
    ) == [(DAY.replace(day=3), 4)]
