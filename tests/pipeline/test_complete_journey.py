"""The sample that `make run` takes: real orders, figures as its publisher counts them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from dagster_project.ingestion.sample import put_sample
from tests.pipeline.conftest import Warehouse


@pytest.fixture(scope="module")
def sample_shop(new_warehouse: Callable[..., Warehouse]) -> Warehouse:
    warehouse = new_warehouse()
    put_sample(warehouse.settings)
    assert warehouse.nightly().success
    return warehouse


def test_published_figures(sample_shop: Warehouse) -> None:
    raw = "select rows, amount from gmv_bridge where step = 'raw' and source_file like '%trans%'"
    assert sample_shop.rows(raw) == [(1_469_307, Decimal("4596039.58"))]
    assert sample_shop.rows("select count(*), sum(net_amount) from fct_orders") == [
        (155_848, Decimal("4596039.58"))
    ]
    assert sample_shop.value("select count(*) from dim_customers") == 2_469
    assert sample_shop.value("select count(*) from fct_order_items") == 1_469_307


def test_every_line_is_kept_or_accounted_for(sample_shop: Warehouse) -> None:
    balance = """
        with removed as (
            select source_file, count(*) as rows from row_dispositions group by all
        ),
        kept as (select source_file, rows from gmv_bridge where step = 'kept')
        select split_part(f.source_file, '/', -1), f.rows, coalesce(k.rows, 0), coalesce(r.rows, 0)
        from ingested_files as f
        left join kept as k using (source_file)
        left join removed as r using (source_file)
        order by 1
    """
    balances = {name: figures for name, *figures in sample_shop.rows(balance)}
    assert len(balances) == 7
    assert all(rows == kept + removed for rows, kept, removed in balances.values())
    assert balances["transactions.parquet"] == [1_469_307, 1_469_307, 0]
    # The publisher's coupon file repeats 4,872 of its rows.
    assert balances["coupons.parquet"] == [116_204, 111_332, 4_872]


def test_traps_of_the_data_are_flagged_and_not_removed(sample_shop: Warehouse) -> None:
    # Fuel is sold in thousandths of a gallon: an outlier, and one piece, never thousands.
    assert sample_shop.value("select count(*) from fct_order_items where quantity > 1000") == 13_494
    assert (
        sample_shop.value(
            "select count(*) from fct_order_items where quantity > 1000 and not is_outlier"
        )
        == 0
    )
    assert sample_shop.value("select max(item_count) from fct_orders") < 2_000
    unlisted = (
        "select count(*) from fct_order_items join dim_products using (product_id) "
        "where not is_in_catalogue"
    )
    assert sample_shop.value(unlisted) == 4_836
    # A basket for which nothing was paid is an order and no purchase.
    assert sample_shop.value("select count(*) from fct_orders where not is_purchase") == 478


def test_tags_cover_groups_and_explain_themselves(sample_shop: Warehouse) -> None:
    assert sample_shop.value("select count(*) from tag_definitions") >= 20
    assert sample_shop.value("select count(distinct tag_group) from tag_definitions") >= 5
    assert sample_shop.value("select count(distinct tag_code) from customer_tags") >= 20
    assert (
        sample_shop.value(
            "select count(*) from customer_tags where evidence is null or valid_from is null"
        )
        == 0
    )


def test_windows_of_growth_agree_with_plain_counting(sample_shop: Warehouse) -> None:
    plain = sample_shop.rows(
        """
        with days as (select distinct customer_id, order_date as d from fct_orders
                      where is_purchase and customer_id is not null)
        select
          count(distinct customer_id) filter (d > date '2017-09-30' - 1),
          count(distinct customer_id) filter (d > date '2017-09-30' - 7),
          count(distinct customer_id) filter (d > date '2017-09-30' - 30)
        from days where d <= date '2017-09-30'
        """
    )
    marts = sample_shop.rows(
        "select active_customers_1d, active_customers_7d, active_customers_30d "
        "from growth_daily where date = date '2017-09-30'"
    )
    assert marts == plain
    retained = sample_shop.value(
        """
        with days as (select distinct customer_id, order_date as d from fct_orders
                      where is_purchase and customer_id is not null),
        earlier as (select distinct customer_id from days
                    where d between date '2017-09-30' - 59 and date '2017-09-30' - 30),
        later as (select distinct customer_id from days
                  where d between date '2017-09-30' - 29 and date '2017-09-30')
        select count(later.customer_id) / count(*) from earlier left join later using (customer_id)
        """
    )
    assert sample_shop.value(
        "select retention_rate_30d from growth_daily where date = date '2017-09-30'"
    ) == pytest.approx(retained)
    repeat = sample_shop.value(
        """
        with counted as (select customer_id, count(*) as n from fct_orders
                         where is_purchase and customer_id is not null
                           and order_date <= date '2017-09-30'
                           and order_date > date '2017-09-30' - 365 group by 1)
        select count(*) filter (n > 1) / count(*) from counted
        """
    )
    assert sample_shop.value(
        "select repurchase_rate from growth_daily where date = date '2017-09-30'"
    ) == pytest.approx(repeat)
