"""Campaigns of a made shop whose effects are known, from the landing folder to the marts."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from scipy import stats

from tests.pipeline.conftest import Warehouse
from tests.pipeline.exports import write_text

FIRST_DAY = date(2024, 1, 1)
LAST_DAY = date(2024, 6, 30)
SPRING = (date(2024, 6, 1), date(2024, 6, 14))
CUSTOMERS = [f"K{number:04d}" for number in range(600)]
HELD_BACK = set(CUSTOMERS[:150])
VARIANTS = {c: "A" if number % 2 else "B" for number, c in enumerate(CUSTOMERS[150:450])}
# Written to because they buy more, in a campaign that does nothing.
BEST = set(CUSTOMERS[450:530])
DRAWN = CUSTOMERS[:500]


def shop_orders() -> list[str]:
    """Everybody buys one day in thirty, the best one in ten; B orders in spring, each once more."""
    luck = random.Random(7)
    rows = []

    def order(customer: str, day: date, amount: int) -> None:
        at = datetime(day.year, day.month, day.day, 12)
        rows.append(f"W{len(rows):06d},{at},completed,{customer},{amount}")

    for customer in CUSTOMERS:
        share = 0.1 if customer in BEST else 1 / 30
        order(customer, FIRST_DAY, 10)
        for day in range(1, (LAST_DAY - FIRST_DAY).days + 1):
            if luck.random() < share:
                order(customer, FIRST_DAY + timedelta(days=day), luck.randint(10, 40))
        if VARIANTS.get(customer) == "B":
            order(customer, SPRING[0] + timedelta(days=luck.randint(2, 13)), 30)
    order("K0599", LAST_DAY, 10)
    return rows


def members() -> list[str]:
    held = [f"SPRING,{c},,是,,," for c in sorted(HELD_BACK)]
    reached = [
        f"SPRING,{c},{v},否,2024-06-01 10:00:00,{'2024-06-01 11:00:00' if v == 'B' else ''},0.05"
        for c, v in VARIANTS.items()
    ]
    # Two variants, held back and written to, nobody, and one whose message goes out later.
    odd = [
        "SPRING,K0590,A,否,2024-06-01 10:00:00,,",
        "SPRING,K0590,B,否,2024-06-01 10:00:00,,",
        "SPRING,K0591,,是,,,",
        "SPRING,K0591,A,否,2024-06-01 10:00:00,,",
        "SPRING,,A,否,2024-06-01 10:00:00,,",
        "SPRING,K0592,A,否,2024-07-03 10:00:00,,",
    ]
    best = [f"BEST,{c},,否,,," for c in sorted(BEST)]
    drawn = [f"DRAWN,{c},,,,," for c in DRAWN]
    summer = ["SUMMER,K0001,,否,,,"]
    lists_only = ["LISTED,K0001,,否,2024-05-20 10:00:00,,"]
    return [*held, *reached, *odd, *best, *drawn, *summer, *lists_only]


@pytest.fixture(scope="module")
def shop(new_warehouse: Callable[..., Warehouse]) -> Warehouse:
    warehouse = new_warehouse()
    files = {
        "orders": ["order_id,ordered_at,status,customer_id,paid_amount", *shop_orders()],
        "campaigns": [
            "campaign_id,name,channel,started_at,ended_at,cost,holdout_share,holdout_salt",
            "SPRING,六月上新,sms,2024-06-01,2024-06-14,1000,,",
            "BEST,老客专享,email,2024-06-10,2024-06-16,,,",
            "DRAWN,抽签,push,2024-05-01,2024-05-07,0,0.2,2024-may",
            "SUMMER,暑期,sms,2024-08-01,2024-08-31,,,",
            "EMPTY,没人,sms,2024-05-01,2024-05-07,,,",
            "WRONG,日期反了,sms,2024-05-07,2024-05-01,,,",
            "UNREAD,日期坏了,sms,五月底,,,,",
        ],
        "campaign_members": [
            "campaign_id,customer_id,variant,is_holdout,reached_at,opened_at,cost",
            *members(),
        ],
        "coupons": ["coupon_id,campaign_id,discount_amount", "JUNE,SPRING,5", "ANY,,3"],
        "coupon_redemptions": [
            "coupon_id,customer_id,redeemed_at,amount",
            "JUNE,K0150,2024-06-14 20:00:00,5",
            "JUNE,K0595,2024-06-05 20:00:00,5",
            "JUNE,K0151,2024-06-15 20:00:00,5",
            "ANY,K0152,2024-06-05 20:00:00,3",
        ],
    }
    for name, rows in files.items():
        write_text(warehouse.landing / f"{name}.csv", "\n".join(rows) + "\n")
    assert warehouse.nightly(data_tests=True).success
    return warehouse


def one(shop: Warehouse, campaign: str, table: str = "campaign_results", more: str = "") -> Any:
    """The row of a campaign, columns as attributes of a dictionary."""
    with shop.published() as connection:
        found = connection.execute(f"from {table} where campaign_id = '{campaign}' {more}")
        names = [column[0] for column in found.description]
        (row,) = found.fetchall()
    return dict(zip(names, row, strict=True))


def test_the_effect_that_is_there_is_found(shop: Warehouse) -> None:
    spring = one(shop, "SPRING")
    assert (spring["targeted"], spring["reached"], spring["held_back"]) == (301, 300, 150)
    assert spring["lift_basis"] == "holdout"
    assert spring["lift_finding"] == "proven"
    plain = shop.rows(
        """
        with bought as (
            select distinct customer_id from fct_orders
            where is_purchase and order_date between date '2024-06-01' and date '2024-06-14'
        )
        select customer_id < 'K0150' as held_back, count(b.customer_id)
        from dim_customers left join bought as b using (customer_id)
        where customer_id < 'K0450' group by all order by 1
        """
    )
    (_, reached), (_, held_back) = plain
    assert (spring["returning_buyers"], spring["converted"]) == (reached, reached)
    assert spring["returning_buyer_rate"] == pytest.approx(reached / 300)
    assert spring["holdout_rate"] == pytest.approx(held_back / 150)
    assert spring["lift"] == pytest.approx(reached / 300 - held_back / 150)
    # B got an order for everybody, A nothing: half of who would not have bought.
    assert spring["lift"] == pytest.approx((1 - held_back / 150) / 2, abs=0.1)
    assert spring["lift_low"] < spring["lift"] < spring["lift_high"]
    assert spring["spend_lift"] == pytest.approx(15, abs=5)
    assert spring["incremental_revenue"] == pytest.approx(
        Decimal(spring["spend_lift"] * 300), abs=Decimal("0.01")
    )
    assert spring["roi"] == pytest.approx(float(spring["net_revenue"]) / 1000 - 1)
    assert spring["incremental_roi"] == pytest.approx(spring["spend_lift"] * 300 / 1000 - 1)


def test_the_effect_that_is_not_there_is_not_found(shop: Warehouse) -> None:
    best = one(shop, "BEST")
    # They buy far more than the others, as they always did.
    assert best["lift_basis"] == "not_reached"
    naive = shop.value(
        """
        select avg(case when o.customer_id is null then 0.0 else 1.0 end)
        from dim_customers as c left join (
            select distinct customer_id from fct_orders
            where order_date between date '2024-06-10' and date '2024-06-16'
        ) as o using (customer_id)
        where c.customer_id not between 'K0450' and 'K0529'
        """
    )
    assert best["returning_buyer_rate"] - naive > 0.1
    # Others who spent as much come nearer, and what is left was there before.
    assert naive < best["comparison_rate"] < best["returning_buyer_rate"]
    assert best["placebo_mean"] > 0.05
    assert best["placebo_windows"] >= 15
    assert best["lift_finding"] == "within_chance"
    assert best["lift"] is None
    assert best["lift_low"] < 0 < best["lift_high"]
    assert (best["roi"], best["incremental_roi"]) == (None, None)


def test_who_stands_in_two_groups_counts_in_none(shop: Warehouse) -> None:
    assert one(shop, "SPRING")["excluded_customers"] == 2
    assert shop.rows(
        "select variant, units, excluded_customers from ab_test_results "
        "where campaign_id = 'SPRING' and metric = 'conversion_rate' order by 1"
    ) == [("A", 150, 2), ("B", 150, 2), ("holdout", 150, 2)]
    # Nothing is lost: the touches of the excluded are there.
    assert shop.value("select count(*) from fct_campaign_touches where customer_id = 'K0590'") == 4


def test_variants_are_tested_against_those_held_back(shop: Warehouse) -> None:
    where = "where is_purchase and order_date between date '2024-06-01' and date '2024-06-14'"
    amounts: dict[str, list[float]] = {"A": [], "B": [], "holdout": []}
    for customer, amount in shop.rows(
        f"select c.customer_id, coalesce(sum(net_amount), 0) from dim_customers as c "
        f"left join (from fct_orders {where}) as o using (customer_id) "
        "where c.customer_id < 'K0450' group by all"
    ):
        amounts[VARIANTS.get(customer, "holdout")].append(float(amount))
    for name in ("A", "B"):
        row = one(
            shop, "SPRING", "ab_test_results",
            f"and variant = '{name}' and metric = 'net_revenue_per_customer'",
        )  # fmt: skip
        expected = stats.ttest_ind(amounts[name], amounts["holdout"], equal_var=False)
        interval = expected.confidence_interval(2 * stats.norm.cdf(1.96) - 1)
        assert row["control_variant"] == "holdout"
        assert row["p_value"] == pytest.approx(expected.pvalue)
        assert (row["ci_low"], row["ci_high"]) == pytest.approx((interval.low, interval.high))
    verdicts = dict(
        shop.rows(
            "select variant, p_value < 0.05 from ab_test_results where campaign_id = 'SPRING' "
            "and metric = 'conversion_rate' and not is_control"
        )
    )
    assert verdicts["B"]
    assert not verdicts["A"]
    # Only B is known to have been opened, so opening is compared among those written to.
    opened = "select variant, mean from ab_test_results where metric = 'open_rate' order by 1"
    assert shop.rows(opened) == [("A", 0.0), ("B", 1.0)]


def test_the_hash_says_who_was_held_back(shop: Warehouse) -> None:
    by_hand = [
        customer
        for customer in DRAWN
        if int(hashlib.md5(f"2024-may|{customer}".encode()).hexdigest()[:8], 16) < 0.2 * 2**32
    ]
    drawn = (
        "select customer_id from fct_campaign_touches where campaign_id = 'DRAWN' and {} order by 1"
    )
    assert [c for (c,) in shop.rows(drawn.format("touch_type = 'holdout'"))] == by_hand
    assert one(shop, "DRAWN")["held_back"] == len(by_hand)
    assert 70 < len(by_hand) < 130
    # Planned and drawn agree.
    assert (
        shop.value(
            "select min(sample_ratio_p_value) from ab_test_results where campaign_id = 'DRAWN'"
        )
        > 0.01
    )
    assert one(shop, "DRAWN")["lift_finding"] == "within_chance"


def test_campaigns_that_cannot_be_judged_say_why(shop: Warehouse) -> None:
    assert dict(
        shop.rows("select campaign_id, status || ' ' || lift_finding from campaign_results")
    ) == {
        "SPRING": "finished proven",
        "BEST": "finished within_chance",
        "DRAWN": "finished within_chance",
        "SUMMER": "planned not_begun",
        "EMPTY": "finished nobody_reached",
        "WRONG": "undated undated",
        "UNREAD": "undated undated",
        "LISTED": "finished group_too_small",
    }
    summer = one(shop, "SUMMER")
    assert (summer["targeted"], summer["reached"], summer["conversion_rate"]) == (1, 0, None)
    assert one(shop, "LISTED")["start_date"] == date(2024, 5, 20)
    assert one(shop, "LISTED")["end_date"] == date(2024, 6, 2)


def test_bad_rows_are_accounted_for(shop: Warehouse) -> None:
    assert shop.rows(
        "select source_file, row_number, disposition, reason from row_dispositions order by all"
    ) == [("campaign_members.csv", 455, "missing_key", "no value in source_customer_id")]
    # The start that could not be read is told with its place; the campaign stays.
    with shop.work() as connection:
        issues = connection.execute(
            "select _issues from raw.mapped_campaigns where campaign_id = 'UNREAD'"
        ).fetchone()
    assert "五月底" in issues[0]


def test_segments_add_up_to_the_campaign(shop: Warehouse) -> None:
    assert shop.rows(
        "select sum(reached), sum(held_back), sum(converted) from campaign_segment_results "
        "where campaign_id = 'SPRING'"
    ) == shop.rows(
        "select reached, held_back, converted from campaign_results where campaign_id = 'SPRING'"
    )


def test_coupons_count_within_their_campaign(shop: Warehouse) -> None:
    spring = one(shop, "SPRING")
    assert (spring["coupons_used"], spring["coupon_users"]) == (2, 2)
    assert spring["coupon_redemption_rate"] == pytest.approx(1 / 300)
    assert spring["coupon_discount"] == Decimal("10.00")
    assert shop.rows(
        "select coupon_id, campaign_id, count(*) from fct_coupon_redemptions "
        "group by all order by 1"
    ) == [("ANY", None, 1), ("JUNE", "SPRING", 3)]


def test_attribution_shares_out_every_order_with_a_contact(shop: Warehouse) -> None:
    contacts = """
        select order_id, net_amount from fct_orders as o where is_purchase and exists (
            from fct_campaign_touches as t
            where t.customer_id = o.customer_id and t.is_contact and t.touched_at <= o.ordered_at
            and t.touched_at > o.ordered_at - interval 30 days)
        order by 1
    """
    expected = shop.rows(contacts)
    assert len(expected) > 100
    assert len(expected) < shop.value("select count(*) from fct_orders where is_purchase")
    for model in ("first", "last", "linear", "time_decay", "position_based", "markov"):
        shares = shop.rows(
            "select order_id, sum(attributed_revenue), sum(weight) from attribution "
            f"where model = '{model}' group by 1 order by 1"
        )
        assert [(order, revenue) for order, revenue, _ in shares] == expected
        assert all(weight == pytest.approx(1) for *_, weight in shares)
    # Nobody held back earns anything, and no message earns what came before it.
    assert (
        shop.value(
            "select count(*) from attribution as a join fct_campaign_touches as t using (touch_id) "
            "join fct_orders as o using (order_id) "
            "where t.touch_type = 'holdout' or t.touched_at > o.ordered_at"
        )
        == 0
    )


def test_what_is_missing_is_said(shop: Warehouse) -> None:
    assert dict(
        shop.rows(
            "select mart, missing_inputs from mart_status where mart in "
            "('campaign_results', 'ab_test_results', 'attribution', 'fct_coupon_redemptions')"
        )
    ) == {
        "campaign_results": None,
        "ab_test_results": None,
        "attribution": None,
        "fct_coupon_redemptions": None,
    }


def test_an_earlier_day_knows_nothing_of_what_came_later(shop: Warehouse) -> None:
    """Last, because it changes what is published as of a day: a copy of the history is read."""
    assert shop.nightly("2024-06-05").success
    folder = shop.settings.history_dir / "as_of_date=2024-06-05"
    results = f"'{folder}/campaign_results.parquet'"
    with shop.published() as connection:
        rows = connection.execute(
            f"select campaign_id, status, observed_until, reached from {results} "
            "where campaign_id in ('SPRING', 'BEST') order by 1"
        ).fetchall()
    assert rows == [
        ("BEST", "planned", None, 0),
        ("SPRING", "running", date(2024, 6, 5), 300),
    ]
