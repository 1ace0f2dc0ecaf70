"""What shops of next to nothing are shown: no crash, and no nonsense."""

from __future__ import annotations

from collections.abc import Callable

from tests.pipeline.conftest import Warehouse
from tests.pipeline.exports import write_text

HEADER = (
    "source,order_id,product_id,product_title,quantity,gross_amount,customer_id,ordered_at,status"
)


def line(customer: str, product: str, day: str) -> str:
    return (
        f"own,{customer}-{product}-{day},{product},商品{product},1,20,{customer},{day} 10:00:00,"
        "completed"
    )


def test_one_customer_is_shown_what_is_due_and_nothing_else(
    new_warehouse: Callable[..., Warehouse],
) -> None:
    warehouse = new_warehouse().making("product_recommendations")
    days = ("2024-01-01", "2024-01-15", "2024-01-29", "2024-02-12")
    lines = [line("C1", "P1", day) for day in days] + [line("C1", "P2", "2024-02-20")]
    write_text(warehouse.landing / "order_lines.csv", "\n".join([HEADER, *lines]) + "\n")
    night = warehouse.nightly()
    assert night.success
    # One mart made alone: the gates check it and what it is made of, and no other mart.
    checked = {check.asset_key.path[-1] for check in night.get_asset_check_evaluations()}
    assert {"product_recommendations", "fct_orders"} <= checked
    assert "growth_daily" not in checked
    assert warehouse.rows(
        "select rank, slate, product_id, method, reason, reason_zh from product_recommendations"
    ) == [
        (
            1,
            "buy_again",
            "P1",
            "own_interval",
            "Bought on 4 days, about every 14 days; last 8 days ago",
            "在4天买过，约每14天一次，上次是8天前",
        )
    ]


def test_one_time_buyers_and_a_giant_reseller(new_warehouse: Callable[..., Warehouse]) -> None:
    warehouse = new_warehouse().making("product_recommendations", "recommendation_backtest")
    lines = [line(f"C{n}", f"P{n % 7}", f"2024-02-{1 + n % 20:02d}") for n in range(60)]
    lines += [line("giant", f"P{n}", "2024-02-21") for n in range(120)]
    write_text(warehouse.landing / "order_lines.csv", "\n".join([HEADER, *lines]) + "\n")
    assert warehouse.nightly().success
    rows = warehouse.rows(
        "select customer_id, slate, method, score, count(*) over (partition by customer_id) "
        "from product_recommendations"
    )
    # Nobody bought anything twice, so nothing is due; the reseller owns all there is.
    assert {slate for _, slate, *_ in rows} == {"discover"}
    assert {customer for customer, *_ in rows} == {f"C{n}" for n in range(60)}
    assert {shown for *_, shown in rows} == {5}
    # One reseller who bought everything makes no two products neighbours.
    assert {method for _, _, method, *_ in rows} == {"popularity"}
    assert warehouse.rows(
        "select count(*) from recommendation_backtest where hit_rate > 1 or hit_rate < 0"
    ) == [(0,)]
