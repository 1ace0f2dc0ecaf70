"""The models of buying and leaving: fits, scores, and the published figures."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import check_grad
from scipy.special import gamma, hyp2f1
from scipy.stats import beta

from dagster_project.modelling import buy_till_die
from dagster_project.modelling.backtest import area_under_curve
from dagster_project.modelling.buy_till_die import FirstPurchase, Histories, Parameters
from dagster_project.modelling.purchases import read_followed, read_histories
from tests.unit.modelling.shops import day_number, facts, simulate

MBG, BG = FirstPurchase.CAN_BE_LAST, FirstPurchase.IS_NEVER_LAST

SOME = Histories(
    x=np.array([0.0, 0, 1, 2, 7]),
    t_x=np.array([0.0, 0, 12, 30, 200]),
    age=np.array([10.0, 300, 90, 31, 210]),
    weight=np.array([40.0, 300, 20, 8, 3]),
)


@pytest.mark.parametrize("first_purchase", [MBG, BG])
@pytest.mark.parametrize("theta", [(0.0, 0.0, 0.0, 0.0), (-0.5, 3.0, 0.7, 1.2)])
def test_the_gradient_is_that_of_the_likelihood(first_purchase, theta) -> None:
    def value(at):
        return buy_till_die._log_likelihood(at, SOME, first_purchase)[0]

    def gradient(at):
        return buy_till_die._log_likelihood(at, SOME, first_purchase)[1]

    size = float(np.abs(gradient(np.array(theta))).max())
    assert check_grad(value, gradient, np.array(theta)) < 1e-5 * max(1.0, size)


@pytest.mark.parametrize("first_purchase", [MBG, BG])
def test_the_likelihood_is_the_integral_it_stands_for(first_purchase) -> None:
    """A customer with 2 repeat purchases, over all rates and chances to leave, by brute force."""
    r, alpha, a, b, x, t_x, age = 0.6, 8.0, 1.3, 2.1, 2, 9.0, 20.0
    stayed = x + 1 if first_purchase is MBG else x

    stays = quad(lambda p: beta.pdf(p, a, b) * (1 - p) ** stayed, 0, 1)[0]
    left = quad(lambda p: beta.pdf(p, a, b) * p * (1 - p) ** (stayed - 1), 0, 1)[0]

    def given_rate(rate: float) -> float:
        density = rate ** (r - 1) * alpha**r * np.exp(-alpha * rate)
        return density * rate**x * (stays * np.exp(-rate * age) + left * np.exp(-rate * t_x))

    expected = quad(given_rate, 0, 8, epsabs=1e-14)[0] / gamma(r)
    one = Histories(*(np.array([float(v)]) for v in (x, t_x, age, 1)))
    found = buy_till_die.log_likelihood(Parameters(r, alpha, a, b, 0, first_purchase), one)
    assert found == pytest.approx(np.log(expected), abs=1e-6)


def test_equal_customers_counted_once_give_the_same_fit() -> None:
    repeated = Histories(
        *(np.repeat(column, SOME.weight.astype(int)) for column in (SOME.x, SOME.t_x, SOME.age)),
        np.ones(int(SOME.weight.sum())),
    )
    together, apart = buy_till_die.fit(SOME, MBG), buy_till_die.fit(repeated, MBG)
    assert together is not None and apart is not None
    for name in ("r", "alpha", "a", "b", "log_likelihood"):
        assert getattr(together, name) == pytest.approx(getattr(apart, name), rel=1e-4)


@pytest.mark.parametrize("first_purchase", [MBG, BG])
def test_a_made_shop_gives_its_parameters_back(first_purchase) -> None:
    """12,000 customers; in days of which a fraction was cut off, so a little is lost."""
    true = {"r": 0.8, "alpha": 60.0, "a": 1.2, "b": 3.0}
    first_can_be_last = first_purchase is MBG
    made = simulate(12_000, 900, **true, seed=7, first_can_be_last=first_can_be_last)
    histories = read_histories(facts(made), day_number(900))
    fitted = buy_till_die.fit(histories, first_purchase)
    assert fitted is not None
    assert fitted.r == pytest.approx(true["r"], rel=0.12)
    assert fitted.alpha == pytest.approx(true["alpha"], rel=0.12)
    leaves = fitted.a / (fitted.a + fitted.b)
    assert leaves == pytest.approx(true["a"] / (true["a"] + true["b"]), rel=0.1)


def test_the_unit_of_time_changes_the_rate_and_nothing_else() -> None:
    weeks = Histories(SOME.x, SOME.t_x / 7, SOME.age / 7, SOME.weight)
    by_day, by_week = buy_till_die.fit(SOME, MBG), buy_till_die.fit(weeks, MBG)
    assert by_day is not None and by_week is not None
    assert by_day.alpha == pytest.approx(7 * by_week.alpha, rel=1e-3)
    of_days, of_weeks = (by_day.r, by_day.a, by_day.b), (by_week.r, by_week.a, by_week.b)
    assert of_days == pytest.approx(of_weeks, rel=1e-3)


def test_without_a_repeat_buyer_nothing_is_fitted() -> None:
    once = Histories(np.zeros(2), np.zeros(2), np.array([3.0, 9.0]), np.array([500.0, 500.0]))
    assert buy_till_die.fit(once, MBG) is None


# Of few and many purchases, short and long ago, at each of the horizons.
CASES = [(0, 0, 1), (0, 0, 700), (1, 90, 91), (3, 20, 400), (12, 600, 700), (60, 700, 720)]
PARAMETERS = [
    Parameters(0.5, 43.0, 0.9, 1.6, 0, MBG),
    Parameters(1.4, 10.0, 0.16, 214.0, 0, MBG),
    Parameters(0.2, 5.0, 2.5, 0.4, 0, MBG),
    Parameters(0.8, 60.0, 40.0, 120.0, 0, MBG),
    Parameters(0.5, 43.0, 0.01, 0.5, 0, MBG),
    Parameters(0.24, 31.0, 0.79, 2.43, 0, BG),
]


@pytest.mark.parametrize("horizon", [30.0, 90.0, 365.0])
@pytest.mark.parametrize("parameters", PARAMETERS)
def test_the_sum_over_the_dropout_is_the_published_closed_form(parameters, horizon) -> None:
    """Fader, Hardie and Lee (2005), equation 10, and its form for MBG/NBD: to a millionth."""
    x, _, age = (np.array(column, dtype=float) for column in zip(*CASES, strict=True))
    p = parameters
    b = p.b + 1 if p.first_purchase is MBG else p.b
    closed = (
        (p.a + b + x - 1)
        / (p.a - 1)
        * (
            1
            - ((p.alpha + age) / (p.alpha + age + horizon)) ** (p.r + x)
            * hyp2f1(p.r + x, b + x, p.a + b + x - 1, horizon / (p.alpha + age + horizon))
        )
    )
    found = buy_till_die.expected_if_alive(parameters, x, age, horizon)
    assert found == pytest.approx(closed, rel=1e-6)


def test_where_the_closed_form_has_a_hole_the_sum_has_none() -> None:
    x, age = np.array([2.0]), np.array([100.0])
    below, at, above = (
        buy_till_die.expected_if_alive(Parameters(0.5, 43, a, 1.6, 0, MBG), x, age, 90.0)[0]
        for a in (0.999, 1.0, 1.001)
    )
    assert below > at > above
    assert at == pytest.approx((below + above) / 2, rel=1e-6)


def test_scores_are_what_happens_in_a_made_shop() -> None:
    """The true parameters against what the made customers did in the next 90 days."""
    true = Parameters(0.8, 60.0, 1.2, 3.0, 0, MBG)
    made = simulate(20_000, 690, r=0.8, alpha=60.0, a=1.2, b=3.0, seed=11)
    followed = read_followed(facts(made), day_number(600), 90)
    x, t_x, age = followed.x, followed.t_x, followed.age
    expected = buy_till_die.probability_alive(true, x, t_x, age) * buy_till_die.expected_if_alive(
        true, x, age, 90
    )
    probability = buy_till_die.probability_of_purchase(true, x, t_x, age, 90)
    assert expected.mean() == pytest.approx(followed.purchases_after.mean(), rel=0.06)
    assert probability.mean() == pytest.approx(np.mean(followed.purchases_after > 0), rel=0.06)


def test_bg_nbd_calls_every_one_time_buyer_alive_and_mbg_nbd_does_not() -> None:
    """Why the shop's model is MBG/NBD: chances to be alive order the buyers of the next 90 days."""
    made = simulate(4_000, 690, r=0.8, alpha=60.0, a=1.2, b=1.5, seed=5)
    connection = facts(made)
    histories = read_histories(connection, day_number(600))
    followed = read_followed(connection, day_number(600), 90)
    areas, alive_once = {}, {}
    for first_purchase in (MBG, BG):
        fitted = buy_till_die.fit(histories, first_purchase)
        assert fitted is not None
        alive = buy_till_die.probability_alive(fitted, followed.x, followed.t_x, followed.age)
        areas[first_purchase] = area_under_curve(alive, followed.purchases_after > 0)
        alive_once[first_purchase] = alive[followed.x == 0]
    assert alive_once[BG].min() == 1.0
    assert alive_once[MBG].max() < 0.9
    assert areas[BG] < 0.5 < 0.7 < areas[MBG]


def test_a_thousand_purchases_overflow_nothing() -> None:
    p = PARAMETERS[0]
    x, t_x, age = np.array([1000.0, 1000.0]), np.array([1000.0, 100.0]), np.array([1000.0, 1000.0])
    alive = buy_till_die.probability_alive(p, x, t_x, age)
    assert alive[0] > 0.99 and 0 <= alive[1] < 1e-300
    assert np.all(np.isfinite(buy_till_die.expected_if_alive(p, x, age, 365.0)))
