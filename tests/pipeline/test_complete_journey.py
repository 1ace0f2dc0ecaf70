"""The sample that `make run` takes: real orders, figures as its publisher counts them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from dagster_project.ingestion.sample import put_sample
from dagster_project.transformation.project import DBT_PROJECT_DIR
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
    assert sample_shop.value("select count(*) from tag_definitions") >= 60
    assert sample_shop.value("select count(distinct tag_group) from tag_definitions") == 8
    # The sample has no names, reviews, events or refunds; what can be said without them is said.
    assert sample_shop.value("select count(distinct tag_code) from customer_tags") >= 60
    assert sample_shop.value("select count(distinct tag_group) from customer_tags") == 8
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


def test_one_row_or_one_file_adds_a_tag(sample_shop: Warehouse, tmp_path: Path) -> None:
    project = tmp_path / "dbt_project"
    shutil.copytree(DBT_PROJECT_DIR, project, ignore=shutil.ignore_patterns("target", "logs"))
    database = tmp_path / "warehouse.duckdb"
    shutil.copy(sample_shop.settings.work_db, database)
    how_to = (DBT_PROJECT_DIR.parent / "docs" / "how-to-add-a-tag.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```(?:sql)?\n(.*?)```", how_to, flags=re.DOTALL)
    for seed in ("tags", "tag_rules"):
        path = project / "seeds" / f"{seed}.csv"
        header = path.read_text(encoding="utf-8").splitlines()[0]
        (block,) = [block for block in blocks if block.startswith(header)]
        with path.open("a", encoding="utf-8") as file:
            file.write(block.removeprefix(header).lstrip())
    (tag_file,) = [block for block in blocks if "macro tag_rows__buys_on_payday" in block]
    (project / "macros" / "tags" / "buys_on_payday.sql").write_text(tag_file, encoding="utf-8")
    sample_shop.settings.export()
    subprocess.run(
        [
            *(Path(sys.executable).with_name("dbt"), "--quiet", "build"),
            *("--exclude-resource-type", "unit_test", "--project-dir", project),
            *("--select", "tags", "tag_rules", "int_sql_tags", "tag_definitions", "customer_tags"),
        ],
        cwd=project,
        env={
            **os.environ,
            "DBT_PROFILES_DIR": str(project),
            "WAREHOUSE_WORK_DB": str(database),
            "DBT_TARGET_PATH": str(tmp_path / "target"),
            "DBT_LOG_PATH": str(tmp_path / "logs"),
        },
        check=True,
    )
    with duckdb.connect(str(database), read_only=True) as connection:
        found = connection.execute(
            "select tag_code, any_value(d.name_zh), any_value(t.rule_version), count(*) "
            "from marts.customer_tags as t join marts.tag_definitions as d using (tag_code) "
            "where tag_code in ('big_spender', 'buys_on_payday') group by tag_code order by 1"
        ).fetchall()
        spenders = connection.execute(
            "select count(*) from marts.customer_rfm where average_order_value >= 100"
        ).fetchall()[0][0]
        payday = connection.execute(
            """select count(*) from (select customer_id from marts.fct_orders
               where is_purchase and customer_id is not null and day(order_date) in (10, 15)
               group by customer_id having count(*) >= 3)"""
        ).fetchall()[0][0]
    assert found == [
        ("big_spender", "大额客户", "1", spenders),
        ("buys_on_payday", "发薪日购物", "1", payday),
    ]
