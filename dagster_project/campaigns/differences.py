"""Whether two groups differ by more than chance: pure functions over counts, means and variances.

Shares are compared with Newcombe's hybrid score interval (1998) and the pooled two-proportion z
test, means with Welch's t test (1947). Where nothing varies nothing can be said: the p-value is
None then, never 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, sqrt

from scipy.special import chdtrc, ndtr, ndtri, stdtr, stdtrit


@dataclass(frozen=True)
class Share:
    """Of `units` so many are `hits`."""

    units: int
    hits: int

    @property
    def mean(self) -> float:
        """The share; of nobody it is not defined."""
        return self.hits / self.units

    @property
    def variance(self) -> float:
        """Variance of one unit's 0 or 1."""
        return self.mean * (1 - self.mean)


@dataclass(frozen=True)
class Sample:
    """Mean and unbiased variance of one figure of `units`; the variance of one unit is None."""

    units: int
    mean: float
    variance: float | None

    @classmethod
    def of_sums(cls, units: int, total: float, squares: float) -> Sample:
        """From the sum and the sum of squares."""
        mean = total / units
        if units < 2:
            return cls(units, mean, None)
        # Cancellation leaves a tiny negative, or a tiny positive, where every unit has the same.
        spread = squares - units * mean * mean
        return cls(units, mean, spread / (units - 1) if spread > 1e-9 * squares else 0.0)


@dataclass(frozen=True)
class Difference:
    """Of a group and the group it is compared with.

    Attributes:
        estimate: the group's mean less the other's.
        low: lower bound of the interval; None where nothing varies.
        high: upper bound.
        p_value: two-sided; None where nothing varies.
    """

    estimate: float
    low: float | None
    high: float | None
    p_value: float | None


def confidence(z: float) -> float:
    """Share of a normal distribution within `z` standard deviations, 0.95 for 1.96."""
    return float(2 * ndtr(z) - 1)


def share_interval(share: Share, z: float) -> tuple[float, float]:
    """Wilson's score interval (1927)."""
    n, p = share.units, share.mean
    middle = p + z * z / (2 * n)
    half = z * sqrt((p * (1 - p) + z * z / (4 * n)) / n)
    scale = 1 + z * z / n
    # Where nobody or everybody did it, a bound is the share itself but for the last digit.
    return min(p, (middle - half) / scale), max(p, (middle + half) / scale)


def mean_interval(sample: Sample, z: float) -> tuple[float, float] | None:
    """Student's interval of a mean at the confidence of `z`; None where nothing varies."""
    if not sample.variance:
        return None
    t = _t_quantile(sample.units - 1, z)
    half = t * sqrt(sample.variance / sample.units)
    return sample.mean - half, sample.mean + half


def difference_of_shares(group: Share, other: Share, z: float) -> Difference:
    """How much larger the group's share is than the other's."""
    estimate = group.mean - other.mean
    group_low, group_high = share_interval(group, z)
    other_low, other_high = share_interval(other, z)
    low = estimate - sqrt((group.mean - group_low) ** 2 + (other_high - other.mean) ** 2)
    high = estimate + sqrt((group_high - group.mean) ** 2 + (other.mean - other_low) ** 2)
    pooled = (group.hits + other.hits) / (group.units + other.units)
    error = sqrt(pooled * (1 - pooled) * (1 / group.units + 1 / other.units))
    p_value = float(2 * ndtr(-abs(estimate) / error)) if error > 0 else None
    return Difference(estimate, low, high, p_value)


def difference_of_means(group: Sample, other: Sample, z: float) -> Difference:
    """How much larger the group's mean is than the other's, variances not assumed equal."""
    estimate = group.mean - other.mean
    if group.variance is None or other.variance is None:
        return Difference(estimate, None, None, None)
    parts = [group.variance / group.units, other.variance / other.units]
    error = sqrt(sum(parts))
    if error == 0:
        return Difference(estimate, None, None, None)
    freedom = sum(parts) ** 2 / (
        parts[0] ** 2 / (group.units - 1) + parts[1] ** 2 / (other.units - 1)
    )
    half = _t_quantile(freedom, z) * error
    p_value = float(2 * stdtr(freedom, -abs(estimate) / error))
    return Difference(estimate, estimate - half, estimate + half, p_value)


def difference_from_draws(value: float, draws: Sequence[float], spans: int, z: float) -> Difference:
    """How far a value lies from draws of the same thing under no effect.

    Args:
        value: what is judged.
        draws: the same measure where nothing happened; may overlap in time.
        spans: how many of them would not overlap: what they count for.
        z: standard deviations of the interval.

    Returns:
        The value less the draws' mean, with a prediction interval for one more draw (Student, with
        `spans` − 1 degrees of freedom); without an interval where `spans` is below 2 or all draws
        are equal.
    """
    mean = sum(draws) / len(draws)
    estimate = value - mean
    if spans < 2:
        return Difference(estimate, None, None, None)
    # Draws that overlap lie closer together than those that do not: of n equal parts the mean
    # square deviation is short by 1/spans.
    variance = sum((draw - mean) ** 2 for draw in draws) / len(draws) * spans / (spans - 1)
    error = sqrt(variance * (1 + 1 / spans))
    if error == 0:
        return Difference(estimate, None, None, None)
    half = _t_quantile(spans - 1, z) * error
    p_value = float(2 * stdtr(spans - 1, -abs(estimate) / error))
    return Difference(estimate, estimate - half, estimate + half, p_value)


def sample_ratio_p_value(units: Sequence[int], shares: Sequence[float]) -> float | None:
    """Whether groups are as large as planned: Pearson's chi-squared test.

    Args:
        units: units of each group.
        shares: planned share of each, adding up to 1.

    Returns:
        The p-value; None for fewer than two groups or nobody in them.
    """
    total = sum(units)
    if len(units) < 2 or total == 0 or min(shares) <= 0:
        return None
    statistic = sum(
        (seen - total * share) ** 2 / (total * share)
        for seen, share in zip(units, shares, strict=True)
    )
    return float(chdtrc(len(units) - 1, statistic))


def minimum_detectable_effect(
    variance: float | None, units: int, other_units: int, z: float, power: float
) -> float | None:
    """The smallest difference that these groups would have shown with probability `power`.

    Args:
        variance: of one unit of the group that is compared with; both are taken to vary alike.
        units: units of the group.
        other_units: units of the group that it is compared with.
        z: standard deviations of the two-sided interval.
        power: 0 to 1.

    Returns:
        In the figure's own unit; None where nothing varies.
    """
    if not variance:
        return None
    error = sqrt(variance * (1 / units + 1 / other_units))
    return (z + float(ndtri(power))) * error


def _t_quantile(freedom: float, z: float) -> float:
    quantile = float(stdtrit(freedom, ndtr(z)))
    return quantile if isfinite(quantile) else z
