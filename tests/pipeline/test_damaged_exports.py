"""A whole night over every export, damaged ones, and files with holes and values at the border.

What a reader can read must not stop a night: a row is kept or has a disposition that says why not,
and the money of each file adds up.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dagster_project.ingestion.formats import load_formats
from tests.pipeline.conftest import Warehouse
from tests.pipeline.damaged_shop import drop, drop_borders, drop_gaps, readable_damage
from tests.pipeline.every_format import drop_everything

SEED = 3
# A third of the damaged files; docs/reliability.md says what all of them and other seeds come to.
STEP = 3


@pytest.fixture(scope="module")
def damaged_shop(new_warehouse: Callable[..., Warehouse]) -> Warehouse:
    warehouse = new_warehouse()
    damaged = readable_damage(SEED, STEP)
    assert len(damaged) > 45
    drop_everything(warehouse.landing)
    drop(warehouse.landing / "damaged", damaged)
    drop_gaps(warehouse.landing / "gaps")
    drop_borders(warehouse.landing / "borders")
    assert warehouse.nightly(data_tests=True).success
    return warehouse


def test_the_night_is_published_with_every_format(damaged_shop: Warehouse) -> None:
    formats = {
        name
        for (text,) in damaged_shop.rows("select format from ingested_files")
        for name in text.split(", ")
    }
    assert formats == {format_.name for format_ in load_formats()}
    assert (
        damaged_shop.rows("select source_file from ingested_files where status <> 'loaded'") == []
    )


def test_each_row_has_one_outcome(damaged_shop: Warehouse) -> None:
    """Counted from the raw tables, beside the models that the dispositions are made of."""
    with damaged_shop.work() as connection:
        landed = dict(
            connection.execute(
                "select _file_id, sum(rows) from ("
                + " union all ".join(
                    f"select _file_id, count(*) as rows from raw.{format_.name} group by all"
                    for format_ in load_formats()
                )
                + " union all select _file_id, count(*) from raw.unreadable_rows group by all) "
                "group by all"
            ).fetchall()
        )
    steps = damaged_shop.rows(
        "select file_id, sum(rows) filter (step = 'raw'), sum(rows) filter (step = 'kept'), "
        "-coalesce(sum(rows) filter (step_number = 2), 0) from gmv_bridge group by file_id"
    )
    assert {file_id: raw for file_id, raw, _, _ in steps} == landed
    assert [step for step in steps if step[1] != step[2] + step[3]] == []
    removed = dict(damaged_shop.rows("select file_id, count(*) from row_dispositions group by all"))
    assert removed == {file_id: gone for file_id, _, _, gone in steps if gone}


def test_rows_with_holes_say_what_is_missing(damaged_shop: Warehouse) -> None:
    reasons = damaged_shop.rows(
        "select format, reason from row_dispositions where source_file like 'gaps/%' "
        "and disposition = 'missing_key' and not contains(reason, ',')"
    )
    assert {
        ("mapped_events", "no value in event_at"),
        ("mapped_coupon_redemptions", "no value in source_coupon_id"),
        ("complete_journey_coupon_redemptions", "no value in source_coupon_id"),
        ("mapped_points", "no value in posted_at"),
        ("mapped_refunds", "no value in amount"),
        ("taobao_refunds", "no value in source_order_id"),
        ("online_retail", "no value in unit_price"),
        ("olist_order_items", "no value in freight_amount"),
    } <= set(reasons)
    assert all(reason.startswith("no value in ") for _, reason in reasons)


def test_no_amount_is_beyond_what_sums_hold(damaged_shop: Warehouse) -> None:
    ((largest, kept),) = damaged_shop.rows(
        "select max(gross_amount), count(*) filter (gross_amount = 9999999999.99) from fct_orders"
    )
    assert kept > 0 and largest < 3 * 10**10
    reasons = damaged_shop.rows(
        "select distinct reason from row_dispositions where source_file like 'borders/%' "
        "and disposition = 'unreadable' and format = 'mapped_order_lines' order by reason"
    )
    assert reasons == [("quantity times unit_price is beyond any plausible amount",)]


def test_the_money_of_each_file_adds_up(damaged_shop: Warehouse) -> None:
    assert (
        damaged_shop.rows(
            "select source_file from gmv_bridge group by source_file having "
            "sum(case when step_number < 3 then amount when step_number = 3 then -amount end) <> 0 "
            "or sum(case when step_number < 3 then 0 when step = 'net_revenue' then -amount "
            "else amount end) <> 0"
        )
        == []
    )
    assert damaged_shop.value(
        "select sum(amount) from gmv_bridge where step = 'net_revenue'"
    ) == damaged_shop.value("select sum(net_amount) from fct_orders")
