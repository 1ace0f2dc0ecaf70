"""What a campaign brought beyond what would have happened anyway.

Three bases, the best that the shop's data allow:

- `holdout`: members who were held back by chance. Reached less held back.
- `not_reached`: customers who are no members and stood alike on the campaign's eve (lifecycle
  state, spending before). What still differs between both is there without any campaign, so it is
  compared with the same difference in earlier windows (placebo dates).
- `earlier_windows`: where too few are left to compare with, the same segment earlier: whoever stood
  on the eve of an earlier window as members do on the campaign's.

A lift is proven when its interval excludes zero and it lies beyond everything that the same measure
showed in the placebo windows; of a segment, when its p-value also stands up to there being several.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from dagster_project.campaigns.differences import (
    Difference,
    Sample,
    Share,
    confidence,
    difference_from_draws,
    difference_of_means,
    difference_of_shares,
)

# Of those reached so many must have somebody to be compared with.
_MINIMUM_MATCHED = 0.5


@dataclass(frozen=True)
class LiftRules:
    """The shop's thresholds, from the vars of the dbt project.

    Attributes:
        z: standard deviations of an interval (confidence_z).
        minimum_group: people a rate must have (campaign_minimum_group).
        minimum_spans: windows without overlap that a spread must hold
            (campaign_minimum_placebo_spans).
    """

    z: float
    minimum_group: int
    minimum_spans: int


@dataclass(frozen=True)
class Period:
    """One row of `int_campaign_measures`: a window of a campaign and what happened in it.

    Attributes are its columns; amounts are net, in shop currency.
    """

    campaign_id: str
    segment: str
    period_number: int
    days: int
    days_before: int
    reached_customers: int
    reached_buyers: int
    reached_net_amount: float
    reached_squared_amount: float
    existing_customers: int
    holdout_customers: int
    holdout_buyers: int
    holdout_net_amount: float
    holdout_squared_amount: float
    other_customers: int
    matched_customers: int
    matched_buyers: int
    matched_amount: float
    expected_buyers: float
    expected_amount: float
    same_customers: int
    same_buyers: float
    same_amount: float


@dataclass(frozen=True)
class Lift:
    """One row of `int_campaign_lifts`.

    Attributes:
        campaign_id: of the campaign.
        segment: a lifecycle state, or all.
        measure: `rate` (share who bought) or `spend` (net amount a customer, in shop currency).
        basis: what it is compared with; None when there is nothing.
        group_value: the measure of those who are compared, in the campaign's window.
        comparison_value: the same of those it is compared with; of `earlier_windows` the mean of
            the earlier ones.
        placebo_windows: earlier windows that could be used.
        placebo_spans: how many of them would not overlap.
        placebo_mean: mean of the same difference in them; None without one.
        placebo_low: the smallest of them.
        placebo_high: the largest of them.
        estimate: what the campaign seems to have added; None when it cannot be told.
        low: lower bound of the estimate's interval.
        high: upper bound.
        p_value: two-sided; None when it cannot be told.
        finding: proven, within_chance, too_little_history, group_too_small.
    """

    campaign_id: str
    segment: str
    measure: str
    basis: str | None
    group_value: float | None
    comparison_value: float | None
    placebo_windows: int
    placebo_spans: int
    placebo_mean: float | None
    placebo_low: float | None
    placebo_high: float | None
    estimate: float | None
    low: float | None
    high: float | None
    p_value: float | None
    finding: str


def lifts(periods: Iterable[Period], rules: LiftRules) -> list[Lift]:
    """Two lifts, of the rate and of the spending, for each campaign and segment.

    Args:
        periods: every window of every campaign and segment, in any order.
        rules: the shop's thresholds.

    Returns:
        In order of campaign, segment and measure.
    """
    grouped: dict[tuple[str, str], list[Period]] = {}
    for period in sorted(periods, key=lambda p: (p.campaign_id, p.segment, p.period_number)):
        grouped.setdefault((period.campaign_id, period.segment), []).append(period)
    # A campaign that held people back is judged by them, in every segment.
    held_back = {
        period.campaign_id
        for (_, segment), (period, *_) in grouped.items()
        if segment == "all" and period.holdout_customers > 0
    }
    found = [
        _lift(key, measure, windows, key[0] in held_back, rules)
        for key, windows in grouped.items()
        for measure in ("rate", "spend")
        # A window of its own is missing where nobody was in this state.
        if windows[0].period_number == 0 and windows[0].reached_customers > 0
    ]
    return _corrected(found, rules)


def _corrected(found: Sequence[Lift], rules: LiftRules) -> list[Lift]:
    """One of many segments differs by chance: their p-values are judged together (Bonferroni)."""
    looked_at = Counter(
        (lift.campaign_id, lift.measure)
        for lift in found
        if lift.segment != "all" and lift.p_value is not None
    )
    return [
        replace(lift, finding="within_chance")
        if lift.finding == "proven"
        and lift.segment != "all"
        and lift.p_value * looked_at[lift.campaign_id, lift.measure] >= _error_rate(rules)
        else lift
        for lift in found
    ]


def _error_rate(rules: LiftRules) -> float:
    return 1 - confidence(rules.z)


def _lift(
    key: tuple[str, str],
    measure: str,
    windows: Sequence[Period],
    has_holdout: bool,
    rules: LiftRules,
) -> Lift:
    """By the first basis that can tell; what the best one lacks where none can."""
    tried = [
        _by(basis, key, measure, windows, rules) for basis in _bases(windows[0], has_holdout, rules)
    ]
    return next((lift for lift in tried if lift.estimate is not None), tried[0])


def _bases(own: Period, has_holdout: bool, rules: LiftRules) -> Sequence[str]:
    if has_holdout:
        return ("holdout",)
    enough = own.other_customers >= rules.minimum_group
    if enough and own.matched_customers >= _MINIMUM_MATCHED * own.existing_customers:
        return ("not_reached", "earlier_windows")
    return ("earlier_windows",)


def _by(
    basis: str,
    key: tuple[str, str],
    measure: str,
    windows: Sequence[Period],
    rules: LiftRules,
) -> Lift:
    own, earlier = windows[0], windows[1:]
    compare = _COMPARE[basis]
    if not compare.is_possible(own, rules.minimum_group):
        return _unknown(key, measure, basis, "group_too_small")
    usable = [
        window
        for window in earlier
        # A window of which half of the members, or of what they are like, is missing is another
        # group's.
        if compare.is_possible(window, rules.minimum_group)
        and 2 * compare.size(window) >= compare.size(own)
    ]
    group, other = compare.values(own, measure)
    draws = [_difference(compare.values(window, measure)) for window in usable]
    spans = _spans(usable)
    told = compare.tested(own, measure, rules.z)
    if told is None:
        if spans < rules.minimum_spans:
            return _unknown(key, measure, basis, "too_little_history", group, other, draws, spans)
        told = difference_from_draws(_difference((group, other)), draws, spans, rules.z)
    is_certain = told.p_value is not None and told.p_value < _error_rate(rules)
    raw = _difference((group, other))
    is_beyond = not draws or raw < min(draws) or raw > max(draws)
    if basis == "earlier_windows":
        other = sum(draws) / len(draws)
    return Lift(
        *key,
        measure,
        basis,
        group,
        other,
        len(draws),
        spans,
        *_spread(draws),
        told.estimate,
        told.low,
        told.high,
        told.p_value,
        "proven" if is_certain and is_beyond else "within_chance",
    )


class _Holdout:
    """Those reached against those held back."""

    def size(self, period: Period) -> int:
        return period.reached_customers

    def is_possible(self, period: Period, minimum: int) -> bool:
        return min(period.reached_customers, period.holdout_customers) >= minimum

    def values(self, period: Period, measure: str) -> tuple[float, float]:
        if measure == "rate":
            return (
                period.reached_buyers / period.reached_customers,
                period.holdout_buyers / period.holdout_customers,
            )
        return (
            period.reached_net_amount / period.reached_customers,
            period.holdout_net_amount / period.holdout_customers,
        )

    def tested(self, period: Period, measure: str, z: float) -> Difference | None:
        if measure == "rate":
            return difference_of_shares(
                Share(period.reached_customers, period.reached_buyers),
                Share(period.holdout_customers, period.holdout_buyers),
                z,
            )
        return difference_of_means(
            Sample.of_sums(
                period.reached_customers,
                period.reached_net_amount,
                period.reached_squared_amount,
            ),
            Sample.of_sums(
                period.holdout_customers,
                period.holdout_net_amount,
                period.holdout_squared_amount,
            ),
            z,
        )


class _NotReached:
    """Those reached against what others who stood alike did."""

    def size(self, period: Period) -> int:
        return period.matched_customers

    def is_possible(self, period: Period, minimum: int) -> bool:
        return min(period.matched_customers, period.other_customers) >= minimum

    def values(self, period: Period, measure: str) -> tuple[float, float]:
        if measure == "rate":
            hits, expected = float(period.matched_buyers), period.expected_buyers
        else:
            hits, expected = period.matched_amount, period.expected_amount
        return hits / period.matched_customers, expected / period.matched_customers

    def tested(self, period: Period, measure: str, z: float) -> Difference | None:
        return None  # members were chosen: only earlier windows can say what is chance


class _EarlierWindows:
    """Those reached against whoever stood alike on the eves of earlier windows."""

    def size(self, period: Period) -> int:
        return period.same_customers

    def is_possible(self, period: Period, minimum: int) -> bool:
        return period.same_customers >= minimum

    def values(self, period: Period, measure: str) -> tuple[float, float]:
        hits = period.same_buyers if measure == "rate" else period.same_amount
        return hits / period.same_customers, 0.0

    def tested(self, period: Period, measure: str, z: float) -> Difference | None:
        return None


_COMPARE: Mapping[str, _Holdout | _NotReached | _EarlierWindows] = {
    "holdout": _Holdout(),
    "not_reached": _NotReached(),
    "earlier_windows": _EarlierWindows(),
}


def _difference(values: tuple[float, float]) -> float:
    return values[0] - values[1]


def _spans(windows: Sequence[Period]) -> int:
    """How many windows of this length fit into the days that the windows cover together."""
    if not windows:
        return 0
    before = [window.days_before for window in windows]
    covered = max(before) - min(before) + windows[0].days
    return min(covered // windows[0].days, len(windows))


def _spread(draws: Sequence[float]) -> tuple[float | None, float | None, float | None]:
    if not draws:
        return None, None, None
    return sum(draws) / len(draws), min(draws), max(draws)


def _unknown(
    key: tuple[str, str],
    measure: str,
    basis: str,
    finding: str,
    group: float | None = None,
    other: float | None = None,
    draws: Sequence[float] = (),
    spans: int = 0,
) -> Lift:
    # Against themselves there is no other value, only that of earlier windows.
    if basis == "earlier_windows":
        other = None
    spread = _spread(draws)
    return Lift(
        *key, measure, basis, group, other, len(draws), spans, *spread,
        None, None, None, None, finding,
    )  # fmt: skip
