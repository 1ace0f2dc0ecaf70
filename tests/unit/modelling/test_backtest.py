"""Judging predictions, and the buckets that the model has to beat."""

from __future__ import annotations

import numpy as np
import pytest

from dagster_project.modelling import backtest
from dagster_project.modelling.backtest import Prediction, area_under_curve
from dagster_project.modelling.buckets import count_buckets
from dagster_project.modelling.purchases import Followed, read_followed
from tests.unit.modelling.shops import day_number, facts


def followed(x, t_x, age, after, before=None) -> Followed:
    columns = (x, t_x, age, before or [0] * len(x), after)
    return Followed(*(np.array(column, dtype=float) for column in columns))


def test_customers_are_followed_from_the_day_on() -> None:
    """On day 100: one bought on days 10, 50 and 99, then on 100, 189 and 190; one came later."""
    days = [(1, 10), (1, 50), (1, 99), (1, 99), (1, 100), (1, 189), (1, 190), (2, 101)]
    found = read_followed(facts(days), day_number(100), 90)
    assert [v.tolist() for v in (found.x, found.t_x, found.age)] == [[2.0], [89.0], [89.0]]
    assert found.purchases_before.tolist() == [3.0]
    assert found.purchases_after.tolist() == [2.0]


def test_the_area_counts_pairs_and_halves_of_ties() -> None:
    bought = np.array([True, True, False, False])
    assert area_under_curve(np.array([4.0, 3, 2, 1]), bought) == 1
    assert area_under_curve(np.array([1.0, 1, 1, 1]), bought) == 0.5
    assert area_under_curve(np.array([4.0, 1, 2, 1]), bought) == 0.625
    assert np.isnan(area_under_curve(np.array([1.0, 2]), np.array([True, True])))


def test_tenths_add_up_and_equal_expectations_stand_together() -> None:
    expected = np.array([0.1] * 50 + [0.2] * 30 + list(np.linspace(1, 2, 20)))
    after = np.r_[np.zeros(50), np.ones(30), np.full(20, 2)]
    who = followed(np.zeros(100), np.zeros(100), np.ones(100), after)
    rows = backtest.judge({"rule": Prediction(expected)}, who)
    customers = dict(zip(rows["tenth"], rows["customers"], strict=True))
    assert customers[0] == 100 == sum(customers.values()) - 100
    assert 50 in customers.values() and 30 in customers.values()
    assert rows["actual_purchases"][0] == pytest.approx(0.7)
    assert rows["mean_absolute_error"][0] == pytest.approx((50 * 0.1 + 30 * 0.8 + 20 * 0.5) / 100)
    assert rows["auc"][0] == 1.0


def test_a_bucket_holds_what_its_customers_did_drawn_to_all() -> None:
    """Bounds belong to the bucket that begins there; 20 average customers are added to each."""
    who = followed(
        x=[0] * 30 + [5] * 10,
        t_x=[0] * 30 + [100] * 10,
        age=[30] * 15 + [31] * 15 + [110] * 10,
        after=[1] * 15 + [0] * 15 + [3] * 10,
    )
    found = count_buckets(who, (31,), prior=20)
    place = found.place(np.array([30.0, 31.0, 10.0]), np.array([1.0, 1.0, 6.0]))
    assert found.customers[place].tolist() == [15, 15, 10]
    assert found.buyer_share[place] == pytest.approx([27.5 / 35, 12.5 / 35, 22.5 / 30])
    assert found.purchases[place] == pytest.approx([37.5 / 35, 22.5 / 35, 52.5 / 30])
    empty = found.place(np.array([500.0]), np.array([2.0]))
    assert found.customers[empty] == 0
    assert found.buyer_share[empty] == pytest.approx(25 / 40)
    assert found.purchases[empty] == pytest.approx(45 / 40)
