"""The model of amounts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import check_grad

from dagster_project.modelling import spend
from dagster_project.modelling.spend import Spending


def made(customers: int, p: float, q: float, gamma: float, seed: int) -> Spending:
    draw = np.random.default_rng(seed)
    scale = draw.gamma(q, 1 / gamma, customers)
    purchases = draw.integers(1, 9, customers).astype(float)
    return Spending(purchases, draw.gamma(p * purchases, 1 / scale) / purchases)


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_a_made_shop_gives_its_parameters_back(seed: int) -> None:
    """p and gamma alone are loose even in 8,000 customers: their product is not.
    What is firm is the mean, the spread of customers, and that the truth is no unlikely draw.
    """
    spending = made(8_000, 6.0, 4.0, 15.0, seed=seed)
    fitted = spend.fit(spending)
    assert fitted is not None
    assert fitted.q == pytest.approx(4.0, rel=0.08)
    assert fitted.p * fitted.gamma / (fitted.q - 1) == pytest.approx(30.0, rel=0.02)
    of_the_truth, _ = spend._Likelihood(spending)(np.log([6.0, 4.0, 15.0]))
    # Twice the difference is chi-squared with 3 degrees of freedom: 16.3 once in a thousand draws.
    assert 0 <= 2 * (fitted.log_likelihood - of_the_truth) < 16.3


def test_the_gradient_is_that_of_the_likelihood() -> None:
    likelihood = spend._Likelihood(made(50, 6.0, 4.0, 15.0, seed=4))
    theta = np.array([0.3, 0.8, 1.9])
    error = check_grad(lambda t: likelihood(t)[0], lambda t: likelihood(t)[1], theta)
    assert error < 1e-5 * float(np.abs(likelihood(theta)[1]).max())


def test_who_bought_often_is_believed_and_who_bought_once_is_drawn_to_all() -> None:
    fitted = spend.fit(made(4_000, 6.0, 4.0, 15.0, seed=3))
    assert fitted is not None
    everybody = fitted.p * fitted.gamma / (fitted.q - 1)
    once, often = fitted.expected_mean(np.array([1.0, 100.0]), np.array([200.0, 200.0]))
    assert everybody < once < 150 < often < 200


@pytest.mark.parametrize(
    ("why", "spending"),
    [
        ("one amount each", Spending(np.ones(500), np.linspace(1, 9, 500))),
        ("everybody spends the same", Spending(np.full(500, 3.0), np.full(500, 20.0))),
    ],
)
def test_what_cannot_be_told_apart_is_not_fitted(why, spending) -> None:
    assert spend.fit(spending) is None, why
