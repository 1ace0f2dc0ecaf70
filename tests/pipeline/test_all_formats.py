"""One export of every format in one landing folder: each figure counted by hand, all of it kept."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import duckdb

from dagster_project.ingestion.formats import load_formats
from tests.pipeline.conftest import Warehouse

ORDERS = (
    "select order_id, status, gross_amount, discount_amount, freight_amount, paid_amount, "
    "refunded_amount, net_amount, item_count from fct_orders where source = '{}' order by 1"
)


def removed(warehouse: Warehouse, source: str) -> list[tuple[str, int, str]]:
    return warehouse.rows(
        "select source_file, row_number, disposition from row_dispositions "
        f"where source = '{source}' order by all"
    )


def test_jd_amounts_that_repeat_on_each_row_count_once(every_shop: Warehouse) -> None:
    assert every_shop.rows(ORDERS.format("jd")) == [
        ("J1", "completed", 186, 10, 6, 176, 0, 176, 3),
        ("J2", "cancelled", 50, 0, 0, 0, 0, 0, 1),
        ("J3", "refunded", 50, 0, 0, 50, 50, 0, 1),
        ("J5", "completed", 80, 0, 0, 80, 0, 80, 1),
        ("J6", "completed", 57, 0, 0, 57, 0, 57, 2),
        ("J7", "unpaid", 7, 0, 0, 0, 0, 0, 1),
    ]
    assert removed(every_shop, "jd") == [
        ("jd/1.csv", 1, "file_overlap"),
        ("jd/1.csv", 2, "file_overlap"),
        ("jd/1.csv", 5, "brushed"),
        ("jd/1.csv", 6, "brushed"),
        ("jd/1.csv", 7, "superseded"),
        ("jd/1.csv", 8, "superseded"),
        ("jd/1.csv", 9, "superseded"),
        ("jd/1.csv", 10, "superseded"),
    ]
    assert (
        every_shop.value(
            "select count(*) from fct_order_items where order_id = 'J6' and gross_amount in (50, 7)"
        )
        == 2
    )


def test_shopify_order_fields_stand_on_the_first_line_only(every_shop: Warehouse) -> None:
    assert every_shop.rows(ORDERS.format("shopify")) == [
        ("#0900", "completed", 9, 0, 0, 9, 0, 9, 1),
        ("#1001", "partially_refunded", 58, 5, 8, 58, 10, 48, 3),
        ("#1002", "completed", 22, 0, 0, 22, 0, 22, 2),
        ("#1003", "cancelled", 20, 0, 0, 0, 0, 0, 1),
        ("#1004", "refunded", 30, 0, 0, 30, 30, 0, 2),
        ("#1005", "completed", 100, 0, 0, 60, 0, 60, 5),
    ]
    assert removed(every_shop, "shopify") == [("shopify/1.csv", 3, "superseded")]


def test_shopify_times_carry_an_offset_and_guests_have_no_email(every_shop: Warehouse) -> None:
    # 22:30 at -0500 is 11:30 the next day in the shop.
    assert every_shop.rows(
        "select cast(ordered_at as varchar), customer_id is null from fct_orders "
        "where order_id in ('#0900', '#1001', '#1005') order by order_id"
    ) == [
        ("2023-12-01 08:00:00", True),
        ("2024-01-06 11:30:00", False),
        ("2024-01-06 11:30:00", False),
    ]
    # One by the e-mail in two letter cases, one by the telephone.
    wendy = every_shop.rows(
        "select distinct customer_id from fct_orders where order_id in ('#1001', '#1002', '#1005')"
    )
    assert len(wendy) == 1


def test_woocommerce_amounts_are_net_sales(every_shop: Warehouse) -> None:
    assert every_shop.rows(ORDERS.format("woocommerce")) == [
        ("501", "completed", 2999, 0, 0, 2999, 0, 2999, 3),
        ("502", "completed", 450, 0, 0, 450, 0, 450, 3),
        ("503", "refunded", 120, 0, 0, 120, 120, 0, 3),
        ("504", "cancelled", 80, 0, 0, 0, 0, 0, 3),
    ]
    assert removed(every_shop, "woocommerce") == [("woo/1.csv", 2, "superseded")]
    # A name alone joins nobody under the standing rule.
    assert (
        every_shop.value("select count(customer_id) from fct_orders where source = 'woocommerce'")
        == 0
    )


def test_a_late_refund_restates_its_order_and_counts_once(every_shop: Warehouse) -> None:
    assert every_shop.rows(
        "select order_id, status, paid_amount, refunded_amount, net_amount from fct_orders "
        "where source = 'taobao' order by 1"
    ) == [
        ("T1", "completed", 100, 0, 100),
        ("T2", "partially_refunded", 80, 50, 30),
        ("T3", "completed", 60, 0, 60),
        ("T4", "refunded", 40, 40, 0),
        ("T5", "partially_refunded", 50, 10, 40),
    ]


def test_refunds_itemise_what_went_back(every_shop: Warehouse) -> None:
    assert every_shop.rows(
        "select refund_id, order_id, source_order_id, state, amount, requested_amount, "
        "cast(refunded_at as varchar) from fct_refunds where source = 'taobao' order by refund_id"
    ) == [
        ("R1", "T2", "T2", "succeeded", 30, 30, "2024-01-10 10:00:00"),
        ("R2", "T2", "T2", "succeeded", 20, 20, "2024-02-20 10:00:00"),
        ("R3", "T3", "T3", "pending", 0, 60, None),
        ("R4", "T5", "T5", "succeeded", 10, 10, "2024-02-20 10:00:00"),
        ("R5", None, "T999", "succeeded", 15, 15, "2024-02-20 10:00:00"),
        ("T4:export", "T4", "T4", "succeeded", 40, 40, None),
    ]
    assert every_shop.value(
        "select sum(amount) from fct_refunds where order_id is not null"
    ) == every_shop.value("select sum(refunded_amount) from fct_orders")


def test_three_sheets_are_three_formats_and_a_fourth_is_named(every_shop: Warehouse) -> None:
    formats, message = every_shop.rows(
        "select format, message from ingested_files where source_file = 'taobao/three.xlsx'"
    )[0]
    assert formats == "taobao_orders, taobao_order_lines, taobao_shipments"
    assert "说明" in message
    assert "were not read" in message
    steps = dict(
        every_shop.rows(
            "select step, rows from gmv_bridge where source_file = 'taobao/three.xlsx' "
            "and step in ('raw', 'kept', 'rows_without_money')"
        )
    )
    assert steps == {"raw": 8, "kept": 8, "rows_without_money": -1}


def test_olist_orders_take_their_money_from_their_items(every_shop: Warehouse) -> None:
    paid = Decimal("144.38")
    assert every_shop.rows(ORDERS.format("olist")) == [
        ("o1", "completed", paid, 0, Decimal("26.58"), paid, 0, paid, 2),
        ("o2", "shipped", 15, 0, 3, 15, 0, 15, 1),
        ("o3", "cancelled", 25, 0, 5, 0, 0, 0, 1),
        ("o4", "cancelled", None, 0, 0, 0, 0, 0, None),
    ]
    figures = dict(
        every_shop.rows("select figure, value from source_figures where source = 'olist'")
    )
    assert figures["payments_differ_orders"] == 1


def test_olist_people_are_told_by_their_own_number(every_shop: Warehouse) -> None:
    assert every_shop.rows(
        "select order_id, customer_id, province, cast(paid_at as varchar) from fct_orders "
        "where source = 'olist' order by 1"
    ) == [
        ("o1", "person1", "SP", "2017-05-01 11:00:00"),
        ("o2", "person1", "SP", "2017-06-02 11:00:00"),
        ("o3", "person2", "SP", None),
        ("o4", "person3", "RJ", "2017-08-01 10:10:00"),
    ]


def test_olist_categories_are_english_where_a_translation_stands(every_shop: Warehouse) -> None:
    assert every_shop.rows(
        "select product_id, category from dim_products where source = 'olist' order by 1"
    ) == [("op1", "health_beauty"), ("op2", "pc_gamer"), ("op3", None)]
    assert removed(every_shop, "olist") == [("olist/geolocation.csv", 1, "exact_duplicate")]


def test_the_landing_folder_holds_every_format(every_shop: Warehouse) -> None:
    landed = {
        name
        for (text,) in every_shop.rows("select format from ingested_files where status = 'loaded'")
        for name in text.split(", ")
    }
    # These have tests of their own with real data.
    elsewhere = {
        "complete_journey_transactions",
        "complete_journey_products",
        "complete_journey_demographics",
        "online_retail",
    }
    assert landed == {format_.name for format_ in load_formats()} - elsewhere
    assert every_shop.value("select count(*) from ingested_files where status <> 'loaded'") == 0


def test_the_example_row_of_a_template_is_a_test(every_shop: Warehouse) -> None:
    found = every_shop.rows(
        "select source_file, row_number, disposition from row_dispositions "
        "where source_file like 'templates/%' order by 1"
    )
    templates = every_shop.rows(
        "select source_file from ingested_files where source_file like 'templates/%' order by 1"
    )
    assert found == [(name, 1, "test") for (name,) in templates]
    assert len(found) == 15
    for table in ("fct_orders", "fct_order_items", "fct_events", "fct_reviews", "fct_refunds"):
        assert (
            every_shop.value(
                f"select count(*) from {table} as r where to_json(r)::varchar like '%EXAMPLE%'"
            )
            == 0
        ), table


def test_a_shop_with_its_own_tables(every_shop: Warehouse) -> None:
    assert every_shop.rows(ORDERS.format("own")) == [
        ("W1", "partially_refunded", 200, 0, 10, 200, 20, 180, 2),
    ]
    assert every_shop.rows(
        "select review_id, order_id, product_id, customer_id, rating from fct_reviews "
        "where source = 'own' order by 1"
    ) == [("RV1", "W1", "P1", "C1", 4), ("RV2", None, "P1", None, 3)]
    assert every_shop.rows(
        "select event_id, customer_id, event_type, product_id, session_id from fct_events "
        "where source = 'own' order by 1"
    ) == [("E1", "C1", "view", "P1", "S1"), ("E2", None, "search", None, "S2")]
    # The newest cost that holds goes before the catalogue's.
    assert every_shop.value(
        "select unit_cost from dim_products where product_id = 'P1'"
    ) == Decimal("41.50")
    assert every_shop.rows(ORDERS.format("mapped_shop"))[0][:3] == ("M1", "completed", 86)


def test_profit_and_visitors_where_costs_and_events_landed(every_shop: Warehouse) -> None:
    # W1 brought 200 - 20 for two pieces that cost 41.50 each; nothing else has a cost.
    assert every_shop.rows(
        "select date, gross_profit from growth_daily where gross_profit is not null"
    ) == [(date(2024, 1, 3), Decimal("97.00"))]
    # Visitors 1 and 2 came on one day in 2017, C1 in 2024; between the two nobody did.
    assert every_shop.rows(
        "select date, active_visitors_1d, active_visitors_30d from growth_daily "
        "where active_visitors_1d > 0 order by date"
    ) == [(date(2017, 11, 25), 2, 2), (date(2024, 1, 3), 1, 1)]
    assert every_shop.rows(
        "select min(date), max(date) from growth_daily where active_visitors_30d is not null"
    ) == [(date(2017, 11, 25), date(2024, 1, 3))]


def test_an_event_in_two_exports_is_one(every_shop: Warehouse) -> None:
    assert every_shop.rows(
        "select customer_id, product_id, event_type, cast(event_at as varchar) from fct_events "
        "where source = 'taobao' order by all"
    ) == [
        ("1", "2268318", "view", "2017-11-25 01:21:10"),
        ("2", "5", "buy", "2017-11-25 01:21:12"),
        ("2", "5", "favourite", "2017-11-25 01:21:11"),
    ]
    assert every_shop.rows(
        "select source_file, row_number, disposition from row_dispositions "
        "where format = 'taobao_user_behavior' order by all"
    ) == [("behaviour/1.csv", 1, "exact_duplicate"), ("behaviour/1.csv", 3, "file_overlap")]


def test_one_review_of_two_orders_is_two_rows(every_shop: Warehouse) -> None:
    assert every_shop.rows(
        "select review_id, order_id, customer_id, rating from fct_reviews "
        "where source = 'olist' order by 1"
    ) == [
        ("olist:rv2:o2", "o2", "person1", 1),
        ("olist:rv2:o3", "o3", "person2", 1),
        ("rv1", "o1", "person1", 5),
    ]


def test_campaigns_coupons_referrals_and_points_arrive(every_shop: Warehouse) -> None:
    with duckdb.connect(str(every_shop.settings.work_db), read_only=True) as connection:

        def rows(query: str) -> list[tuple[object, ...]]:
            return connection.execute(query).fetchall()

        assert rows(
            "select source, source_campaign_id, source_customer_id, variant "
            "from intermediate.int_campaign_members order by all"
        ) == [
            ("complete_journey", "1", "105", None),
            ("complete_journey", "1", "1238", None),
            ("own", "CA1", "C1", "A"),
        ]
        assert rows("select count(*) from intermediate.int_campaigns") == [(2,)]
        assert rows(
            "select source_coupon_id, source_product_id from intermediate.int_coupons order by all"
        ) == [("10000085207", "9676830"), ("SPRING", None)]
        assert rows("select count(*) from intermediate.int_coupon_redemptions") == [(2,)]
        assert rows(
            "select source_customer_id, source_referrer_id from intermediate.int_referrals "
            "order by all"
        ) == [("C1", "C2"), ("C2", "C9")]
        # C9 never was a customer, so nobody of the dimension brought C2.
        assert every_shop.rows(
            "select customer_id, referrer_id from dim_customers where referrer_id is not null"
        ) == [("C1", "C2")]
        assert rows("select points from intermediate.int_points_entries") == [(200,)]
    assert ("complete_journey/coupons.csv", 1, "exact_duplicate") in removed(
        every_shop, "complete_journey"
    )


def test_the_bridge_balances_for_every_file(every_shop: Warehouse) -> None:
    assert (
        every_shop.rows(
            "select source_file from gmv_bridge group by source_file "
            "having sum(case when step_number <= 2 then amount when step = 'kept' then -amount end)"
            " <> 0 "
            "or sum(case when step_number <= 2 then rows when step = 'kept' then -rows end) <> 0 "
            "or sum(case when step_number >= 3 and step <> 'net_revenue' then amount "
            "when step = 'net_revenue' then -amount end) <> 0"
        )
        == []
    )
    net = dict(
        every_shop.rows("select source_file, amount from gmv_bridge where step = 'net_revenue'")
    )
    assert net["jd/1.csv"] == 57
    assert net["jd/2.csv"] == 176 + 80
    assert net["shopify/1.csv"] == 48 + 60
    assert net["shopify/2.csv"] == 22 + 9
    assert net["woo/1.csv"] == 2999
    assert net["woo/2.csv"] == 450
    # A refund takes its money off where the order stands, not in the refund export.
    assert net["taobao/three.xlsx"] == 100 + 30 + 60 + 40
    assert "taobao/refunds.csv" not in net
    assert net["olist/order_items.csv"] == Decimal("144.38") + 15
    assert net["olist/orders.csv"] == 0
    assert sum(net.values()) == every_shop.value("select sum(net_amount) from fct_orders")


def test_bridge_steps_of_a_file_whose_rows_are_orders_and_lines(every_shop: Warehouse) -> None:
    steps = dict(
        every_shop.rows(
            "select step, amount from gmv_bridge where source_file = 'jd/1.csv' and amount <> 0"
        )
    )
    lines = 180 + 50 + 50 + 159 + 130 + 57 + 7 + 57
    orders = 186 + 50 + 50 + 159 + 130 + 57 + 7 + 57
    assert steps == {
        "raw": lines + orders,
        "file_overlap": -(180 + 186),
        "brushed": -2 * 159,
        "superseded": -2 * 130 - 2 * 57,
        "kept": 2 * (50 + 50 + 57 + 7),
        "counted_in_order_record": -(50 + 50 + 57 + 7),
        "unpaid": -7,
        "cancelled": -50,
        "refunded": -50,
        "net_revenue": 57,
    }


PERSONAL = (
    "Rahima",
    "Karim",
    "张三",
    "文三路",
    "钱多多",
    "中关村大街",
    "13712345678",
    "jd_a",
    "Wendy",
    "Elm Street",
    "555 0142",
)


def test_no_personal_value_leaves_the_raw_layer(every_shop: Warehouse) -> None:
    with duckdb.connect(str(every_shop.settings.work_db), read_only=True) as connection:
        tables = connection.execute(
            "select table_schema, table_name from information_schema.tables "
            "where table_schema <> 'raw' or table_name not like '%_personal'"
        ).fetchall()
        for schema, table in tables:
            found = connection.execute(
                f"select count(*) from {schema}.{table} as r "
                f"where regexp_matches(to_json(r)::varchar, '{'|'.join(PERSONAL)}')"
            ).fetchone()
            assert found == (0,), f"{schema}.{table}"
