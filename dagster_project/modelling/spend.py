"""What a purchase of a customer is worth: the Gamma-Gamma model (Fader and Hardie 2013).

What a customer spends varies around a mean of their own, and the means vary over customers. Whoever
bought often is believed; the mean of one purchase is drawn towards what all customers spend.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

# As in `buy_till_die`, and weaker: on CDNOW a thousandth moves the second decimal of gamma.
_RIDGE = 1e-6
_BOUND = 12.0


@dataclass(frozen=True)
class Spending:
    """Customers and what they spent.

    Attributes:
        purchases: number of purchases of each, at least 1.
        mean: of their amounts, above 0.
    """

    purchases: Vector
    mean: Vector


@dataclass(frozen=True)
class SpendParameters:
    """A fitted model.

    Attributes:
        p: shape of a customer's amounts.
        q: shape of the customers' scales; the mean over customers exists above 1.
        gamma: their scale, in the unit of the amounts.
        log_likelihood: of all customers.
    """

    p: float
    q: float
    gamma: float
    log_likelihood: float

    def expected_mean(self, purchases: Vector, mean: Vector) -> Vector:
        """Expected mean amount of a customer, given the mean of so many purchases."""
        return self.p * (self.gamma + purchases * mean) / (self.p * purchases + self.q - 1)


def fit(spending: Spending) -> SpendParameters | None:
    """The parameters that make the amounts most likely.

    Returns:
        None when nobody bought twice (one amount each does not tell a varying customer from varying
        customers), when there is no optimum inside plausible bounds, or when the mean over
        customers would be infinite.
    """
    from scipy.optimize import minimize

    if not np.any(spending.purchases > 1):
        return None
    scale = 1.0 / float(spending.mean.mean())
    scaled = Spending(spending.purchases, spending.mean * scale)
    likelihood = _Likelihood(scaled)
    customers = len(spending.mean)

    def objective(theta: Vector) -> tuple[float, Vector]:
        value, gradient = likelihood(theta)
        penalty = 0.5 * _RIDGE * float(theta @ theta)
        return (penalty - value) / customers, (_RIDGE * theta - gradient) / customers

    found = minimize(
        objective,
        np.zeros(3),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-_BOUND, _BOUND)] * 3,
        options={"maxiter": 1_000, "ftol": 1e-13, "gtol": 1e-7},
    )
    p, q, gamma = (float(value) for value in np.exp(found.x))
    inside = bool(np.all(np.abs(found.x) < _BOUND))
    if not (np.isfinite(found.fun) and inside and q > 1):
        return None
    value, _ = _Likelihood(spending)(np.log([p, q, gamma / scale]))
    return SpendParameters(p, q, gamma / scale, value)


class _Likelihood:
    """The log-likelihood and its gradient by the logarithms of p, q and gamma.

    Special functions are needed of the number of purchases only, which takes few values; of each
    customer's amount only one logarithm.
    """

    def __init__(self, spending: Spending) -> None:
        self._n, place, customers = np.unique(
            spending.purchases, return_inverse=True, return_counts=True
        )
        self._customers = customers.astype(np.float64)
        self._place = place
        self._total = spending.purchases * spending.mean
        log_mean = np.log(spending.mean)
        self._log_mean = float(log_mean.sum())
        self._log_total = np.bincount(place, spending.purchases * np.log(self._total))

    def __call__(self, theta: Vector) -> tuple[float, Vector]:
        from scipy.special import digamma, gammaln

        p, q, gamma = np.exp(theta)
        n, customers = self._n, self._customers
        shape = p * n + q
        log_rest = np.bincount(self._place, np.log(gamma + self._total))
        value = (
            customers @ (gammaln(shape) - gammaln(p * n) - gammaln(q) + q * np.log(gamma))
            + p * self._log_total.sum()
            - self._log_mean
            - shape @ log_rest
        )
        inverse_rest = np.bincount(self._place, 1.0 / (gamma + self._total))
        by_p = (
            (customers * n) @ (digamma(shape) - digamma(p * n))
            + self._log_total.sum()
            - n @ log_rest
        )
        by_q = customers @ (digamma(shape) - digamma(q) + np.log(gamma)) - log_rest.sum()
        by_gamma = customers.sum() * q / gamma - shape @ inverse_rest
        return float(value), np.array([by_p * p, by_q * q, by_gamma * gamma])
