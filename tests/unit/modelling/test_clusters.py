"""Groups of like customers: how many, the same numbers over months, names, and odd shops."""

from __future__ import annotations

from datetime import timedelta

import duckdb
import numpy as np
import pytest

from dagster_project.modelling import kmeans
from dagster_project.modelling.cluster_features import feature_names, read_features
from dagster_project.modelling.cluster_names import Position, name_clusters
from dagster_project.modelling.clusters import CLUSTERS
from dagster_project.modelling.kmeans import Candidate
from dagster_project.modelling.run import fit_missing
from tests.unit.modelling.shops import day_number, facts


def shop(
    purchases: list[tuple[int, int]],
    amounts: list[float] | None = None,
    categories: list[str | None] | None = None,
) -> duckdb.DuckDBPyConnection:
    """Facts of these purchases; the n-th one is of one product of the n-th category."""
    connection = facts(purchases, amounts)
    connection.execute("create table marts.fct_order_items (order_id bigint, product_id varchar)")
    connection.execute("create table marts.dim_products (product_id varchar, category varchar)")
    named = [(n, category) for n, category in enumerate(categories or []) if category]
    if named:
        connection.executemany("insert into marts.fct_order_items values (?, ?)", named)
        connection.execute(
            "insert into marts.dim_products select distinct product_id, product_id "
            "from marts.fct_order_items"
        )
    return connection


def four_kinds(size: int = 150, seed: int = 1) -> tuple[list[tuple[int, int]], list[float]]:
    """Four kinds of customers that anybody would tell apart, within 300 days."""
    draw = np.random.default_rng(seed)
    purchases, amounts = [], []
    kinds = [(300, 12, 295), (300, 1, 20), (20, 12, 295), (20, 1, 20)]
    for kind, (amount, count, last) in enumerate(kinds):
        for customer in range(size):
            day = last - draw.integers(0, 5)
            for _ in range(count):
                purchases.append((1_000 * kind + customer, int(day)))
                amounts.append(float(np.round(amount * draw.uniform(0.8, 1.2), 2)))
                day -= draw.integers(1, 20)
    return purchases, amounts


def test_features_are_those_of_the_evening_before(tmp_path) -> None:
    days = [(1, 10), (1, 10), (1, 40), (2, 45), (1, 60)]
    connection = shop(days, [5.0, 6.0, 11.0, 3.0, 99.0], ["a", "b", "a", None, "c"])
    found = read_features(connection, day_number(50), 100)
    rows = {tuple(np.round(np.exp(row), 6)) for row in found.values}
    assert feature_names() == ("purchase_amount", "purchase_days", "recency_days", "category_count")
    # 22 on two days: 11 and 1; 9 days ago and 1; two categories and 1. The first logarithm alone
    # of a number of days is without the 1.
    assert rows == {(12.0, 2.0, 10.0, 3.0), (4.0, 1.0, 5.0, 1.0)}


def test_of_many_customers_always_the_same_ones_are_taken() -> None:
    purchases = [(n, n % 50) for n in range(300)]
    some = read_features(shop(purchases), day_number(100), 40).values
    assert len(some) == 40
    again = read_features(shop(purchases[::-1]), day_number(100), 40).values
    np.testing.assert_array_equal(some, again)


def test_four_kinds_of_customers_are_four_groups() -> None:
    purchases, amounts = four_kinds()
    connection = shop(purchases, amounts)
    rows = fit_missing(connection, CLUSTERS, day_number(320).replace(day=1).isoformat())
    assert rows["cluster_names"] == 4
    # Of categories nothing is known: nobody differs in them, and no name speaks of them.
    scales = connection.execute("select feature from modelling.cluster_scales order by 1")
    assert [f for (f,) in scales.fetchall()] == ["purchase_amount", "purchase_days", "recency_days"]
    shares = connection.execute("select share from modelling.cluster_names").fetchall()
    assert shares == [(0.25,)] * 4
    names = connection.execute("select cluster_id, name_en from modelling.cluster_names")
    assert dict(names.fetchall()) == {
        1: "spends much, comes often",
        2: "spends little, comes often",
        3: "spends much, has not come for long",
        4: "spends little, has not come for long",
    }
    stability = connection.execute(
        "select stability, is_chosen from modelling.cluster_candidates where clusters = 4"
    ).fetchall()
    assert stability == [(1.0, True)]


def test_the_same_customers_give_the_same_groups_to_the_last_digit() -> None:
    purchases, amounts = four_kinds()

    def centres() -> list[tuple]:
        connection = shop(purchases, amounts)
        fit_missing(connection, CLUSTERS, "2022-11-01")
        return connection.execute("from modelling.cluster_centres order by all").fetchall()

    assert centres() == centres() != []


@pytest.mark.parametrize("months", [("2022-11-01", "2022-12-01"), ("2022-12-01", "2022-11-01")])
def test_groups_keep_their_numbers_from_month_to_month(months: tuple[str, str]) -> None:
    """A month later the regulars have bought again, the others have not. A month that is fitted
    after the one that follows it, as a backfill does, has its numbers too."""
    purchases, amounts = four_kinds()
    regulars = sorted({customer for customer, day in purchases if day > 280})
    again = [(customer, 325 + customer % 4) for customer in regulars]
    connection = shop(purchases + again, amounts + [300.0 if c < 1_000 else 20.0 for c, _ in again])
    for month in months:
        fit_missing(connection, CLUSTERS, month)
    names = connection.execute(
        "select cluster_id, list(distinct name_en), count(*) from modelling.cluster_names "
        "group by cluster_id order by cluster_id"
    ).fetchall()
    assert names == [
        (1, ["spends much, comes often"], 2),
        (2, ["spends little, comes often"], 2),
        (3, ["spends much, has not come for long"], 2),
        (4, ["spends little, has not come for long"], 2),
    ]


def test_ids_follow_the_centres_whatever_their_order() -> None:
    old = np.array([[0.0, 0.0], [5.0, 0.0], [0.0, 5.0]])
    new = np.array([[5.1, 0.1], [9.0, 9.0], [0.1, 0.0], [-9.0, 0.0]])
    ids = kmeans.match_ids(new, old, np.array([1, 2, 7]), farthest=1.0)
    # The third of the old ones (7) is gone; its number is not given to another group at once.
    assert ids.tolist() == [2, 3, 1, 4]
    first = kmeans.match_ids(new, np.empty((0, 2)), np.empty(0, dtype=np.int64), farthest=1.0)
    assert first.tolist() == [1, 2, 3, 4]


def test_the_most_stable_number_without_a_tiny_group_is_taken() -> None:
    def tried(count: int, stability: float, share: float) -> Candidate:
        return Candidate(count, stability, share, np.zeros((count, 1)))

    candidates = [tried(4, 0.9, 0.2), tried(5, 0.901, 0.1), tried(6, 0.95, 0.01)]
    chosen = kmeans.choose(candidates, 0.05)
    assert chosen is not None and chosen.count == 5
    assert kmeans.choose(candidates, 0.5) is None


ODD_SHOPS = {
    "nothing": ([], None),
    "one customer": ([(1, 5)], None),
    "one loyal customer": ([(1, day) for day in range(300)], None),
    "all the same": ([(n, 100) for n in range(500)], None),
    "two kinds of one-time buyers": ([(n, 100 + n % 2) for n in range(500)], None),
}


@pytest.mark.parametrize("name", ODD_SHOPS)
def test_odd_shops_break_nothing_and_get_no_groups(name: str) -> None:
    connection = shop(*ODD_SHOPS[name])
    fit_missing(connection, CLUSTERS, "2022-12-01")
    for table in ("cluster_scales", "cluster_centres", "cluster_names"):
        assert connection.execute(f"select count(*) from modelling.{table}").fetchall() == [(0,)]


def test_one_giant_is_no_group_of_their_own() -> None:
    purchases, amounts = four_kinds()
    giant = [(99_999, day) for day in range(300)]
    connection = shop(purchases + giant, amounts + [1e7] * 300)
    fit_missing(connection, CLUSTERS, "2022-11-01")
    shares = connection.execute("select min(share), count(*) from modelling.cluster_names")
    least, count = shares.fetchall()[0]
    assert count == 4 and least > 0.2


def test_one_time_buyers_are_grouped_by_what_they_differ_in() -> None:
    draw = np.random.default_rng(3)
    purchases = [(n, int(day)) for n, day in enumerate(draw.integers(0, 300, 2_000))]
    amounts = np.round(np.exp(draw.normal(4, 1, 2_000)), 2).tolist()
    connection = shop(purchases, amounts)
    fit_missing(connection, CLUSTERS, (day_number(0) + timedelta(days=330)).isoformat())
    scales = connection.execute("select feature from modelling.cluster_scales order by 1")
    assert [f for (f,) in scales.fetchall()] == ["purchase_amount", "recency_days"]
    names = connection.execute("select name_en, name_zh from modelling.cluster_names").fetchall()
    assert len(names) >= 4
    assert len({en for en, _ in names}) == len({zh for _, zh in names}) == len(names)


def test_names_say_where_a_group_stands_and_no_two_are_the_same() -> None:
    names = name_clusters(
        [
            Position(1.0, 1.0, -1.0, 1.0),
            Position(-1.0, 0.0, 1.0, -0.6),
            Position(0.0, -0.9, -0.9, None),
            Position(-0.8, 0.2, 0.9, -2.0),
        ]
    )
    assert [name.zh for name in names] == [
        "高消费 · 常来 · 品类广",
        "低消费 · 久未来 · 品类专",
        "中等消费 · 新近来过",
        "低消费 · 久未来 · 品类专 2",
    ]
    assert names[0].en == "spends much, comes often, many categories"
    assert names[3].en == "spends little, has not come for long, few categories 2"
