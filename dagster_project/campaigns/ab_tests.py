"""A/B tests: each variant of a campaign against its control, for every metric."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dagster_project.campaigns.differences import (
    Difference,
    Sample,
    Share,
    difference_of_means,
    difference_of_shares,
    mean_interval,
    minimum_detectable_effect,
    sample_ratio_p_value,
    share_interval,
)

# What int_ab_variants calls those held back.
HOLDOUT = "holdout"


@dataclass(frozen=True)
class AbSettings:
    """The shop's settings, from the vars of the dbt project.

    Attributes:
        z: standard deviations of an interval (confidence_z).
        power: of the smallest detectable effect (ab_power).
        control_variants: names that stand for the control, in small letters (ab_control_variants).
        uses_earlier_spending: whether CUPED is wanted (ab_cuped_days).
    """

    z: float
    power: float
    control_variants: frozenset[str]
    uses_earlier_spending: bool


@dataclass(frozen=True)
class Variant:
    """One row of `int_ab_variants`: sums over the persons of a variant.

    Attributes:
        campaign_id: of the campaign.
        variant: its name; `holdout` for those held back.
        units: persons.
        excluded: persons of the campaign who stand in two variants and count in none.
        planned_holdout_share: share that was to be held back; None when nobody says.
        buyers: persons who bought in the window.
        orders: purchases in it, with the sum of squares.
        orders_squared: of each person's.
        amount: net amount of these, in shop currency, with squares.
        amount_squared: of each person's.
        earlier: net amount before the campaign, with squares and product.
        earlier_squared: of each person's.
        earlier_product: sum of each person's earlier amount times the amount.
        opened: persons who opened; None when nobody of the campaign is known to have.
        clicked: the same of clicks.
    """

    campaign_id: str
    variant: str
    units: int
    excluded: int
    planned_holdout_share: float | None
    buyers: int
    orders: float
    orders_squared: float
    amount: float
    amount_squared: float
    earlier: float
    earlier_squared: float
    earlier_product: float
    opened: int | None
    clicked: int | None

    @property
    def is_holdout(self) -> bool:
        """Nobody wrote to them."""
        return self.variant == HOLDOUT


@dataclass(frozen=True)
class AbResult:
    """One row of `int_ab_statistics`: a variant of a campaign and a metric.

    Attributes:
        campaign_id: of the campaign.
        variant: of the campaign.
        metric: conversion_rate, orders_per_customer, net_revenue_per_customer,
            net_revenue_per_customer_cuped, open_rate, click_rate.
        method: the test.
        control_variant: what the variant is compared with.
        units: persons.
        mean: share 0-1, purchases, or shop currency.
        mean_low: lower bound of its interval; None where nothing varies.
        mean_high: upper bound.
        difference: the mean less the control's; None for the control itself.
        low: lower bound of the difference's interval.
        high: upper bound.
        p_value: two-sided.
        sample_ratio_p_value: whether the variants are as large as planned; None when no plan is
            known.
        minimum_detectable_effect: in the metric's unit.
    """

    campaign_id: str
    variant: str
    metric: str
    method: str
    control_variant: str
    units: int
    mean: float
    mean_low: float | None
    mean_high: float | None
    difference: float | None
    low: float | None
    high: float | None
    p_value: float | None
    sample_ratio_p_value: float | None
    minimum_detectable_effect: float | None


def ab_tests(variants: Iterable[Variant], settings: AbSettings) -> list[AbResult]:
    """Results of every campaign with two variants or more; holding back counts as one.

    Args:
        variants: of all campaigns, in any order.
        settings: the shop's.

    Returns:
        In order of campaign, metric and variant.
    """
    by_campaign: dict[str, list[Variant]] = {}
    for variant in sorted(variants, key=lambda v: (v.campaign_id, v.variant)):
        if variant.units > 0:
            by_campaign.setdefault(variant.campaign_id, []).append(variant)
    return [
        result
        for group in by_campaign.values()
        if len(group) >= 2
        for result in _campaign(group, settings)
    ]


def control_of(variants: Sequence[Variant], names: frozenset[str]) -> Variant:
    """Who was held back, else who is called the control, else the first by name."""
    for is_control in (
        lambda v: v.is_holdout,
        lambda v: v.variant.lower() in names,
        lambda v: True,
    ):
        found = [variant for variant in variants if is_control(variant)]
        if found:
            return found[0]
    raise ValueError("no variants")


def sample_ratio(variants: Sequence[Variant]) -> float | None:
    """Whether the variants are as large as planned: alike, and the holdout as its share says.

    How many were to be held back is often known to nobody; then only the others are looked at.
    """
    written_to = [variant for variant in variants if not variant.is_holdout]
    planned = variants[0].planned_holdout_share
    if planned is None or len(written_to) == len(variants):
        counted, shares = written_to, [1 / len(written_to)] * len(written_to)
    else:
        counted = list(variants)
        each = (1 - planned) / len(written_to)
        shares = [planned if variant.is_holdout else each for variant in counted]
    return sample_ratio_p_value([variant.units for variant in counted], shares)


def earlier_spending_slope(variants: Sequence[Variant]) -> float:
    """CUPED's theta: the slope of spending on earlier spending, within variants.

    Deng, Xu, Kohavi and Walker (2013). 0 where nobody differs in earlier spending.
    """
    product = sum(v.earlier_product - v.earlier * v.amount / v.units for v in variants)
    squares = sum(v.earlier_squared - v.earlier * v.earlier / v.units for v in variants)
    return product / squares if squares > 0 else 0.0


def without_earlier_spending(variants: Sequence[Variant]) -> dict[Variant, Sample]:
    """Spending less what earlier spending says of it: the same means in expectation, less noise."""
    slope = earlier_spending_slope(variants)
    usual = sum(v.earlier for v in variants) / sum(v.units for v in variants)
    samples = {}
    for v in variants:
        mean = v.amount / v.units - slope * (v.earlier / v.units - usual)
        spending = v.amount_squared - v.amount**2 / v.units
        earlier = v.earlier_squared - v.earlier**2 / v.units
        product = v.earlier_product - v.earlier * v.amount / v.units
        left = spending - 2 * slope * product + slope**2 * earlier
        samples[v] = Sample.of_sums(v.units, mean * v.units, left + mean**2 * v.units)
    return samples


def _campaign(variants: Sequence[Variant], settings: AbSettings) -> Iterable[AbResult]:
    ratio = sample_ratio(variants)
    written_to = [variant for variant in variants if not variant.is_holdout]
    shares = {"conversion_rate": {v: Share(v.units, v.buyers) for v in variants}}
    # Who was not written to could not open anything.
    if len(written_to) >= 2:
        for metric, figure in (("open_rate", "opened"), ("click_rate", "clicked")):
            hits = {v: getattr(v, figure) for v in written_to}
            if None not in hits.values():
                shares[metric] = {v: Share(v.units, n) for v, n in hits.items()}
    means = {
        "net_revenue_per_customer": {
            v: Sample.of_sums(v.units, v.amount, v.amount_squared) for v in variants
        },
        "orders_per_customer": {
            v: Sample.of_sums(v.units, v.orders, v.orders_squared) for v in variants
        },
    }
    for metric, values in sorted(shares.items()):
        yield from _results(
            metric,
            "two-proportion z",
            values,
            share_interval,
            difference_of_shares,
            ratio,
            settings,
        )
    for metric, samples in means.items():
        yield from _results(
            metric, "Welch t", samples, mean_interval, difference_of_means, ratio, settings
        )
    if settings.uses_earlier_spending:
        yield from _results(
            "net_revenue_per_customer_cuped",
            "Welch t, CUPED",
            without_earlier_spending(variants),
            mean_interval,
            difference_of_means,
            ratio,
            settings,
        )


def _results(
    metric: str,
    method: str,
    values: Mapping[Variant, Any],
    interval: Callable[[Any, float], tuple[float, float] | None],
    difference: Callable[[Any, Any, float], Difference],
    ratio: float | None,
    settings: AbSettings,
) -> Iterable[AbResult]:
    control = control_of(list(values), settings.control_variants)
    other = values[control]
    for variant, value in values.items():
        low, high = interval(value, settings.z) or (None, None)
        told = None if variant is control else difference(value, other, settings.z)
        yield AbResult(
            campaign_id=variant.campaign_id,
            variant=variant.variant,
            metric=metric,
            method=method,
            control_variant=control.variant,
            units=value.units,
            mean=value.mean,
            mean_low=low,
            mean_high=high,
            difference=told.estimate if told else None,
            low=told.low if told else None,
            high=told.high if told else None,
            p_value=told.p_value if told else None,
            sample_ratio_p_value=ratio,
            minimum_detectable_effect=minimum_detectable_effect(
                other.variance, value.units, other.units, settings.z, settings.power
            )
            if told
            else None,
        )
