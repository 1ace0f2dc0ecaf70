"""Fitting predictions on shops of every kind, the odd ones among them."""

from __future__ import annotations

import numpy as np
import pytest

from dagster_project.modelling.predictions import PREDICTIONS, fit
from dagster_project.modelling.purchases import read_rhythm
from dagster_project.modelling.run import fit_missing
from tests.unit.modelling.shops import day_number, facts, simulate

DAY = day_number(820)

LOYAL = [(1, day) for day in range(0, 820, 2)]
ODD_SHOPS = {
    "nothing": [],
    "one customer": [(1, 5)],
    "one loyal customer": LOYAL,
    "one-time buyers": [(n, n % 800) for n in range(5_000)],
    "one loyal customer among one-time buyers": [*((n + 2, n % 800) for n in range(5_000)), *LOYAL],
    "everybody on one day": [(n, 400) for n in range(5_000)],
    "everybody every week": [(n, 7 * w) for n in range(300) for w in range(117)],
}


@pytest.mark.parametrize("name", ODD_SHOPS)
def test_odd_shops_break_nothing_and_get_no_nonsense(name: str) -> None:
    connection = facts(ODD_SHOPS[name])
    connection.execute("create schema intermediate")
    connection.execute(
        "create table intermediate.int_data_range as select date '2024-04-10' as last_order_date"
    )
    fit_missing(connection, PREDICTIONS, DAY.isoformat())
    parameters = connection.execute(
        "select r, alpha, a, b, repeat_buyers, spend_p from modelling.prediction_parameters"
    ).fetchall()
    if name == "nothing":
        assert parameters == []
    elif name == "everybody every week":
        r, alpha, a, b, *_ = parameters[0]
        assert 7 * r == pytest.approx(alpha, rel=0.01)  # one in seven days
        assert a / (a + b) < 0.001  # and nobody leaves
    else:
        assert parameters[0][:4] == (None, None, None, None)
        assert parameters[0][5] is None
    buckets = connection.execute(
        "select min(buyer_share), max(buyer_share), min(purchases), max(purchases / horizon_days) "
        "from modelling.prediction_buckets"
    ).fetchall()[0]
    if buckets[0] is not None:
        assert 0 <= buckets[0] <= buckets[1] <= 1
        assert buckets[2] >= 0 and buckets[3] <= 1
    if name in ("one-time buyers", "everybody on one day"):
        assert buckets == (0, 0, 0, 0)
    if "one customer" in name or name == "one loyal customer":
        assert buckets[0] is None


def test_one_loyal_customer_moves_no_bucket_of_the_others() -> None:
    fitted = fit(facts(ODD_SHOPS["one loyal customer among one-time buyers"]), DAY)
    buckets = fitted["prediction_buckets"]
    of_one_purchase = np.asarray(buckets["frequency_from"]) == 1
    assert np.asarray(buckets["buyer_share"])[of_one_purchase].max() < 0.01
    # The loyal one alone: 1 of 21, the 20 being average.
    assert np.asarray(buckets["buyer_share"]).max() < 0.06


def test_from_the_least_number_of_repeat_buyers_on_the_model_is_fitted() -> None:
    once = [(n, n % 700) for n in range(1_000)]
    repeat = [(5_000 + n, 10 * (n % 60) + gap) for n in range(200) for gap in (0, 60 + n % 40)]
    enough = fit(facts([*once, *repeat]), DAY)["prediction_parameters"]
    too_few = fit(facts([*once, *repeat[:-2]]), DAY)["prediction_parameters"]
    assert enough["repeat_buyers"] == [200] and np.isfinite(enough["r"][0])
    assert too_few["repeat_buyers"] == [199] and np.isnan(too_few["r"][0])


def test_the_backtest_beats_the_naive_rules_in_a_shop_that_lives_as_supposed() -> None:
    made = simulate(6_000, 820, r=0.8, alpha=60.0, a=1.2, b=3.0, seed=2)
    judged = fit(facts(made), DAY)["prediction_backtest"]
    rows = {
        (model, tenth): index
        for index, (model, tenth) in enumerate(zip(judged["model"], judged["tenth"], strict=True))
    }

    def of_all(model: str, column: str) -> float:
        return float(judged[column][rows[model, 0]])

    assert set(judged["model"]) == {"mbg_nbd", "buckets", "last_window", "own_rate"}
    for rule in ("buckets", "last_window", "own_rate"):
        assert of_all("mbg_nbd", "auc") >= of_all(rule, "auc") - 0.003, rule
        assert of_all("mbg_nbd", "mean_absolute_error") < of_all(rule, "mean_absolute_error"), rule
    assert of_all("mbg_nbd", "expected_purchases") == pytest.approx(
        of_all("mbg_nbd", "actual_purchases"), rel=0.1
    )
    assert str(judged["window_to"][0]) == str(day_number(819))
    assert str(judged["window_from"][0]) == str(day_number(730))


def test_nothing_from_the_day_on_is_looked_at() -> None:
    made = simulate(2_000, 900, r=0.8, alpha=60.0, a=1.2, b=3.0, seed=2)
    whole = fit(facts(made), DAY)
    before = fit(facts([(n, day) for n, day in made if day < 820]), DAY)
    for table, columns in whole.items():
        for name, values in columns.items():
            np.testing.assert_array_equal(values, before[table][name], err_msg=f"{table}.{name}")


def test_the_rhythm_is_that_within_customers() -> None:
    """One buys after 10, 40 and 10 days, one after 100 each time: only the first one varies."""
    days = [(1, 0), (1, 10), (1, 50), (1, 60), (2, 0), (2, 100), (2, 200), (3, 0), (3, 5)]
    logs = np.log([10, 40, 10])
    rhythm = read_rhythm(facts(days), DAY)
    assert rhythm.degrees == 3
    assert rhythm.deviation == pytest.approx(np.sqrt(((logs - logs.mean()) ** 2).sum() / 3))
