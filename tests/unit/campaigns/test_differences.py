"""Tests of two groups against published examples, scipy's own tests and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from dagster_project.campaigns.differences import (
    Sample,
    Share,
    difference_from_draws,
    difference_of_means,
    difference_of_shares,
    mean_interval,
    minimum_detectable_effect,
    sample_ratio_p_value,
    share_interval,
)

Z = 1.96


def sample(values: np.ndarray) -> Sample:
    return Sample.of_sums(len(values), float(values.sum()), float((values**2).sum()))


def test_interval_of_a_share_is_the_published_one() -> None:
    # Newcombe (1998), Statistics in Medicine 17, 857-872, table I.
    assert share_interval(Share(263, 81), Z) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert share_interval(Share(20, 0), Z) == pytest.approx((0.0, 0.1611), abs=5e-5)


def test_an_interval_holds_its_share_to_the_last_digit() -> None:
    # Rounding puts the bounds of 0 of 47 and 12 of 12 on the wrong side.
    for units in range(1, 2_000):
        for hits in {0, 1, units // 2, units - 1, units}:
            low, high = share_interval(Share(units, hits), Z)
            assert low <= Share(units, hits).mean <= high, (units, hits)


def test_interval_of_a_difference_is_the_published_one() -> None:
    # Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10.
    found = difference_of_shares(Share(70, 56), Share(80, 48), Z)
    assert found.estimate == pytest.approx(0.2)
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    found = difference_of_shares(Share(10, 9), Share(10, 3), Z)
    assert (found.low, found.high) == pytest.approx((0.1705, 0.8090), abs=5e-5)


def test_p_value_of_shares_is_that_of_the_table() -> None:
    found = difference_of_shares(Share(70, 56), Share(80, 48), Z)
    table = stats.chi2_contingency([[56, 14], [48, 32]], correction=False)
    assert found.p_value == pytest.approx(table.pvalue)


@pytest.mark.parametrize("hits", [0, 10])
def test_nothing_is_said_where_everybody_does_the_same(hits: int) -> None:
    found = difference_of_shares(Share(10, hits), Share(10, hits), Z)
    assert found.estimate == 0
    assert found.p_value is None
    assert found.low < 0 < found.high


def test_means_are_compared_as_welch_does() -> None:
    luck = np.random.default_rng(1)
    a, b = luck.normal(10, 2, 40), luck.normal(9, 6, 15)
    found = difference_of_means(sample(a), sample(b), Z)
    expected = stats.ttest_ind(a, b, equal_var=False)
    interval = expected.confidence_interval(2 * stats.norm.cdf(Z) - 1)
    assert found.estimate == pytest.approx(a.mean() - b.mean())
    assert found.p_value == pytest.approx(expected.pvalue)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high))


def test_interval_of_a_mean_is_students() -> None:
    values = np.array([1.0, 2.0, 4.0, 9.0])
    expected = stats.t.interval(2 * stats.norm.cdf(Z) - 1, 3, values.mean(), stats.sem(values))
    assert mean_interval(sample(values), Z) == pytest.approx(expected)


@pytest.mark.parametrize("value", [0.0, 0.1, 1234.56])
def test_zero_variance_has_no_p_value(value: float) -> None:
    same, other = sample(np.full(7, value)), sample(np.full(9, value + 1))
    assert same.variance == 0
    found = difference_of_means(same, other, Z)
    assert found.estimate == pytest.approx(-1)
    assert (found.low, found.high, found.p_value) == (None, None, None)
    assert mean_interval(same, Z) is None


def test_one_person_has_no_variance() -> None:
    alone = sample(np.array([5.0]))
    assert alone.variance is None
    assert difference_of_means(alone, sample(np.array([1.0, 2.0])), Z).p_value is None
    assert mean_interval(alone, Z) is None


def test_sample_ratio_is_pearsons_test() -> None:
    expected = stats.chisquare([5200, 4800]).pvalue
    assert sample_ratio_p_value([5200, 4800], [0.5, 0.5]) == pytest.approx(expected)
    assert expected < 0.001
    assert sample_ratio_p_value([900, 100], [0.9, 0.1]) == pytest.approx(1)
    assert sample_ratio_p_value([900], [1.0]) is None
    assert sample_ratio_p_value([0, 0], [0.5, 0.5]) is None


def test_the_smallest_detectable_effect_is_detected_as_often_as_said() -> None:
    luck = np.random.default_rng(2)
    units, other_units, spread = 200, 300, 5.0
    effect = minimum_detectable_effect(spread**2, units, other_units, Z, 0.8)
    assert effect is not None
    seen = [
        difference_of_means(
            sample(luck.normal(effect, spread, units)),
            sample(luck.normal(0, spread, other_units)),
            Z,
        ).p_value
        < 0.05
        for _ in range(1000)
    ]
    assert np.mean(seen) == pytest.approx(0.8, abs=0.04)
    assert minimum_detectable_effect(0.0, 10, 10, Z, 0.8) is None


def test_draws_that_do_not_overlap_give_students_prediction_interval() -> None:
    draws = [1.0, 2.0, 4.0, 3.0]
    found = difference_from_draws(9.0, draws, 4, Z)
    error = np.std(draws, ddof=1) * np.sqrt(1 + 1 / 4)
    half = stats.t.ppf(stats.norm.cdf(Z), 3) * error
    assert found.estimate == 6.5
    assert (found.low, found.high) == pytest.approx((6.5 - half, 6.5 + half))
    assert found.p_value == pytest.approx(2 * stats.t.sf(6.5 / error, 3))
    assert difference_from_draws(9.0, [1.0], 1, Z).p_value is None
    assert difference_from_draws(9.0, [1.0, 1.0], 2, Z).p_value is None


def test_overlapping_draws_do_not_cry_wolf() -> None:
    """Windows of 28 days, a week apart, of noise without any effect: 5 % are called certain."""
    luck = np.random.default_rng(3)
    days, step, history = 28, 7, 210
    called = []
    for _ in range(1500):
        noise = luck.normal(0, 1, history + days)
        starts = range(history - days, -1, -step)
        draws = [noise[start : start + days].mean() for start in starts]
        own = noise[history:].mean()
        spans = (starts[0] - starts[-1] + days) // days
        called.append(difference_from_draws(own, draws, spans, Z).p_value < 0.05)
    assert 0.02 < np.mean(called) < 0.08
