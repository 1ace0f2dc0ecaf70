"""Models of buying until a customer stays away for good, fitted by maximum likelihood.

While a customer is alive they buy at a rate of their own (over customers: a gamma distribution with
shape `r` and rate `alpha`), and after each purchase they may have left for good with a probability
of their own (a beta distribution with `a` and `b`).

- MBG/NBD (Batislam, Denizel and Filiztekin 2007; Wagner and Hoppe 2008): the first purchase can be
  the last one, too.
- BG/NBD (Fader, Hardie and Lee 2005): only a repeat purchase can. So whoever bought once is alive
  with probability 1, however long ago that was.

A customer is three numbers: `x` repeat purchase days, `t_x` from the first purchase to the last,
`age` (T in the papers) from the first purchase to the end of what was observed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

# A customer's age is scaled to this at the most, so that all four parameters are of one size.
_SCALED_AGE = 10.0
# Half of it times the square of each logarithm is taken off the log-likelihood: a normal prior
# around 1 with a standard deviation of 32. It moves nothing that the data say, and keeps a
# parameter finite of which they say nothing, such as the dropout where nobody ever left.
_RIDGE = 0.001
# Of the logarithms of r, alpha, a and b. An optimum at the upper bound of r or at a bound of the
# dropout is one: the bounds lie where all buy, or leave, equally often, or nearly nobody leaves,
# and more of it changes no figure. At another bound there is none.
_BOUNDS = ((-12.0, 6.0), (-12.0, 14.0), (-7.0, 4.0), (-7.0, 9.0))

# Steps of the integral over the dropout; see `dropout_nodes`.
_SMALLEST_LOGIT, _LARGEST_LOGIT, _WIDEST_STEP = -18.5, 30.0, 0.5


class FirstPurchase(Enum):
    """Whether a customer can leave after the first purchase: which of the two models it is."""

    CAN_BE_LAST = "MBG/NBD"
    IS_NEVER_LAST = "BG/NBD"


@dataclass(frozen=True)
class Histories:
    """Customers with the same three numbers, once each, with how many they are.

    Attributes:
        x: repeat purchase days, 0 and more.
        t_x: from the first purchase to the last, 0 where `x` is 0; days or another unit.
        age: from the first purchase to the end of what was observed, in the same unit.
        weight: number of customers.
    """

    x: Vector
    t_x: Vector
    age: Vector
    weight: Vector

    @property
    def customers(self) -> float:
        """How many customers these are."""
        return float(self.weight.sum())

    @property
    def repeat_buyers(self) -> float:
        """How many of them bought on a second day."""
        return float(self.weight[self.x > 0].sum())


@dataclass(frozen=True)
class Parameters:
    """A fitted model.

    Attributes:
        r: shape of the purchase rates.
        alpha: their rate, in the unit of the ages; r / alpha is the mean number of purchases in
            one unit of time while alive.
        a: dropout, a / (a + b) is its mean.
        b: see `a`.
        log_likelihood: of all customers.
        first_purchase: which model it is.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float
    first_purchase: FirstPurchase


def fit(histories: Histories, first_purchase: FirstPurchase) -> Parameters | None:
    """The parameters that make the histories most likely.

    The search runs over the logarithms of the parameters with the exact gradient, always from the
    same start, so the same histories give the same parameters.

    Returns:
        None when there is no optimum inside plausible bounds; too few repeat buyers are for the
        caller to refuse.
    """
    from scipy.optimize import minimize

    if histories.repeat_buyers == 0:
        return None
    scale = _SCALED_AGE / float(histories.age.max())
    scaled = Histories(histories.x, histories.t_x * scale, histories.age * scale, histories.weight)
    found = minimize(
        lambda theta: _objective(theta, scaled, first_purchase),
        np.zeros(4),
        jac=True,
        method="L-BFGS-B",
        bounds=_BOUNDS,
        options={"maxiter": 1_000, "ftol": 1e-13, "gtol": 1e-7},
    )
    has_rates = _BOUNDS[0][0] < found.x[0] and _BOUNDS[1][0] < found.x[1] < _BOUNDS[1][1]
    if not (np.isfinite(found.fun) and has_rates):
        return None
    r, alpha, a, b = (float(value) for value in np.exp(found.x))
    fitted = Parameters(r, alpha / scale, a, b, 0.0, first_purchase)
    return Parameters(r, alpha / scale, a, b, log_likelihood(fitted, histories), first_purchase)


def log_likelihood(parameters: Parameters, histories: Histories) -> float:
    """Of all customers, in the unit of the histories."""
    theta = np.log([parameters.r, parameters.alpha, parameters.a, parameters.b])
    value, _ = _log_likelihood(theta, histories, parameters.first_purchase)
    return value


@dataclass(frozen=True)
class Nodes:
    """Values of the dropout, and how much each counts: an integral as a sum.

    Attributes:
        dropout: the chance to leave after a purchase, ascending.
        log_weight: logarithm of the weight for a customer of 0 repeat purchases; for `x` of them
            add `x` times the logarithm of (1 - dropout). Only the proportions mean something.
    """

    dropout: Vector
    log_weight: Vector


def dropout_nodes(parameters: Parameters) -> Nodes:
    """The beta distribution of the dropout among customers who are alive, ready to be summed.

    A customer alive after `x` repeat purchases has stayed `x + 1` times (BG/NBD: `x` times), so the
    dropout is distributed as Beta(a, b + x + 1). In its logit the density is smooth and falls off
    exponentially on both sides, where equal steps converge faster than any power of the step. What
    lies below the smallest step is a geometric series, which the first weight holds.
    """
    a, b = parameters.a, parameters.b
    stayed = 1 if parameters.first_purchase is FirstPurchase.CAN_BE_LAST else 0
    # The density is about 1 / sqrt(a) wide in the logit.
    step = min(_WIDEST_STEP, 1.0 / np.sqrt(a))
    logit = np.arange(_SMALLEST_LOGIT, _LARGEST_LOGIT, step)
    log_dropout, log_staying = -np.logaddexp(0.0, -logit), -np.logaddexp(0.0, logit)
    log_weight = a * log_dropout + (b + stayed) * log_staying
    log_weight[0] -= np.log(-np.expm1(-a * step))
    return Nodes(np.exp(log_dropout), log_weight)


def probability_alive(parameters: Parameters, x: Vector, t_x: Vector, age: Vector) -> Vector:
    """That the customer has not left for good, given what was seen of them."""
    p = parameters
    stays = x if p.first_purchase is FirstPurchase.CAN_BE_LAST else x - 1
    odds_of_left = np.zeros_like(age, dtype=np.float64)
    some = stays >= 0
    growth = (p.r + x[some]) * np.log((p.alpha + age[some]) / (p.alpha + t_x[some]))
    odds_of_left[some] = p.a / (p.b + stays[some]) * np.exp(np.minimum(growth, 700.0))
    return 1.0 / (1.0 + odds_of_left)


def expected_if_alive(parameters: Parameters, x: Vector, age: Vector, horizon: float) -> Vector:
    """Expected purchase days within `horizon` of a customer who is alive at `age`.

    With z = horizon / (alpha + age), the mean of (1 - (1 + p z)^-(r+x)) / p over the dropout p of
    those alive. The closed form with a hypergeometric function gives the same except at a = 1,
    where it has a hole.
    """
    nodes = dropout_nodes(parameters)
    # Few customers share their x and age, but all share the sums: one row per different pair.
    pairs, place = np.unique(np.column_stack([x, age]), axis=0, return_inverse=True)
    expected = np.empty(len(pairs))
    for start in range(0, len(pairs), 10_000):
        xs, ages = pairs[start : start + 10_000].T[:, :, None]
        log_weight = nodes.log_weight + xs * np.log1p(-nodes.dropout)
        weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
        z = horizon / (parameters.alpha + ages)
        bought = -np.expm1(-(parameters.r + xs) * np.log1p(nodes.dropout * z)) / nodes.dropout
        expected[start : start + 10_000] = (weight * bought).sum(axis=1) / weight.sum(axis=1)
    return expected[place.reshape(-1)]


def probability_of_purchase(
    parameters: Parameters, x: Vector, t_x: Vector, age: Vector, horizon: float
) -> Vector:
    """That the customer buys on at least one day within `horizon`."""
    p = parameters
    if_alive = -np.expm1(-(p.r + x) * np.log1p(horizon / (p.alpha + age)))
    return probability_alive(p, x, t_x, age) * if_alive


def _objective(
    theta: Vector, histories: Histories, first_purchase: FirstPurchase
) -> tuple[float, Vector]:
    """What is minimised: per customer, so that the tolerances mean the same for every shop."""
    value, gradient = _log_likelihood(theta, histories, first_purchase)
    penalty = 0.5 * _RIDGE * float(theta @ theta)
    return (
        (penalty - value) / histories.customers,
        (_RIDGE * theta - gradient) / histories.customers,
    )


def _log_likelihood(
    theta: Vector, histories: Histories, first_purchase: FirstPurchase
) -> tuple[float, Vector]:
    """The log-likelihood and its gradient by the logarithms of r, alpha, a and b.

    With n the purchases after which the customer may have left:

        L = Γ(r+x) α^r / Γ(r) · [ B(a, b+n) / B(a, b) · (α+T)^-(r+x)
                                + B(a+1, b+n-1) / B(a, b) · (α+t_x)^-(r+x)  if n > 0 ]

    The first term is of those who are alive, the second of those who left after the last purchase.
    """
    from scipy.special import betaln, digamma, gammaln

    r, alpha, a, b = np.exp(theta)
    x, t_x, age, weight = histories.x, histories.t_x, histories.age, histories.weight
    n = x + 1 if first_purchase is FirstPurchase.CAN_BE_LAST else x
    can_have_left = n > 0

    alive = betaln(a, b + n) - (r + x) * np.log(alpha + age)
    left = np.full_like(alive, -np.inf)
    m = n[can_have_left]
    left[can_have_left] = betaln(a + 1, b + m - 1) - (r + x[can_have_left]) * np.log(
        alpha + t_x[can_have_left]
    )
    both = np.logaddexp(alive, left)
    value = weight @ (gammaln(r + x) - gammaln(r) + r * np.log(alpha) - betaln(a, b) + both)

    share_alive, share_left = np.exp(alive - both), np.exp(left - both)
    by_r = (
        digamma(r + x)
        - digamma(r)
        + np.log(alpha)
        - share_alive * np.log(alpha + age)
        - share_left * np.log(alpha + t_x)
    )
    by_alpha = r / alpha - (r + x) * (share_alive / (alpha + age) + share_left / (alpha + t_x))
    # Both terms have Γ(a+b+n) below; above, the second has one a more and one b less.
    by_a = (
        share_alive * digamma(a)
        + share_left * digamma(a + 1)
        - digamma(a + b + n)
        - digamma(a)
        + digamma(a + b)
    )
    by_b = (
        share_alive * digamma(b + n)
        + share_left * digamma(b + np.maximum(n, 1) - 1)
        - digamma(a + b + n)
        - digamma(b)
        + digamma(a + b)
    )
    gradient = np.array(
        [weight @ by_r * r, weight @ by_alpha * alpha, weight @ by_a * a, weight @ by_b * b]
    )
    return float(value), gradient
