"""A/B tests: who is the control, what is compared, and what is said of degenerate groups."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from dagster_project.campaigns.ab_tests import AbResult, AbSettings, Variant, ab_tests

SETTINGS = AbSettings(
    z=1.96, power=0.8, control_variants=frozenset({"control", "对照"}), uses_earlier_spending=False
)


def variant(
    name: str,
    amounts: np.ndarray,
    earlier: np.ndarray | None = None,
    planned: float | None = None,
    opened: int | None = None,
    campaign: str = "c",
) -> Variant:
    before = np.zeros(len(amounts)) if earlier is None else earlier
    bought = (amounts > 0).astype(float)
    return Variant(
        campaign_id=campaign, variant=name, units=len(amounts), excluded=0,
        planned_holdout_share=planned, buyers=int(bought.sum()), orders=float(bought.sum()),
        orders_squared=float(bought.sum()), amount=float(amounts.sum()),
        amount_squared=float((amounts**2).sum()), earlier=float(before.sum()),
        earlier_squared=float((before**2).sum()), earlier_product=float((before * amounts).sum()),
        opened=opened, clicked=None,
    )  # fmt: skip


def spending(buyers: int, others: int, amount: float = 10) -> np.ndarray:
    return np.array([amount] * buyers + [0.0] * others)


def result(results: list[AbResult], name: str, metric: str = "conversion_rate") -> AbResult:
    (found,) = [r for r in results if (r.variant, r.metric) == (name, metric)]
    return found


def test_rates_and_means_against_scipy() -> None:
    luck = np.random.default_rng(5)
    a = luck.gamma(2, 30, 400) * (luck.random(400) < 0.3)
    b = luck.gamma(2, 30, 380) * (luck.random(380) < 0.4)
    found = ab_tests([variant("A", a), variant("B", b)], SETTINGS)
    assert [(r.metric, r.variant) for r in found] == [
        (metric, name)
        for metric in ("conversion_rate", "net_revenue_per_customer", "orders_per_customer")
        for name in ("A", "B")
    ]
    money = result(found, "B", "net_revenue_per_customer")
    welch = stats.ttest_ind(b, a, equal_var=False)
    assert money.mean == pytest.approx(b.mean())
    assert money.difference == pytest.approx(b.mean() - a.mean())
    assert money.p_value == pytest.approx(welch.pvalue)
    table = [[(b > 0).sum(), (b <= 0).sum()], [(a > 0).sum(), (a <= 0).sum()]]
    share = result(found, "B")
    assert share.p_value == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue)
    assert share.low < share.difference < share.high
    assert share.mean_low < share.mean < share.mean_high
    assert share.minimum_detectable_effect > 0


def test_the_control_is_compared_with_nobody() -> None:
    found = ab_tests([variant("A", spending(5, 5)), variant("Control", spending(3, 7))], SETTINGS)
    control = result(found, "Control")
    assert {r.control_variant for r in found} == {"Control"}
    assert (control.difference, control.low, control.p_value) == (None, None, None)
    assert control.minimum_detectable_effect is None
    assert result(found, "A").difference == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("names", "control"),
    [
        (["A", "holdout", "control"], "holdout"),
        (["A", "对照"], "对照"),
        (["B", "A"], "A"),
    ],
)
def test_who_is_the_control(names: list[str], control: str) -> None:
    found = ab_tests([variant(name, spending(3, 7)) for name in names], SETTINGS)
    assert {r.control_variant for r in found} == {control}


def test_a_campaign_of_one_variant_is_no_test() -> None:
    assert ab_tests([variant("A", spending(5, 5))], SETTINGS) == []
    assert ab_tests([], SETTINGS) == []
    assert ab_tests([variant("A", spending(5, 5)), variant("B", np.array([]))], SETTINGS) == []


def test_everybody_spending_alike_has_no_p_value() -> None:
    found = ab_tests(
        [variant("A", spending(5, 0, 9.9)), variant("B", spending(7, 0, 9.9))], SETTINGS
    )
    for metric in ("conversion_rate", "net_revenue_per_customer", "orders_per_customer"):
        row = result(found, "B", metric)
        assert row.difference == pytest.approx(0)
        assert row.p_value is None
        assert row.minimum_detectable_effect is None


def test_one_person_each() -> None:
    found = ab_tests([variant("A", spending(1, 0)), variant("B", spending(0, 1))], SETTINGS)
    assert result(found, "B").difference == -1
    assert result(found, "B", "net_revenue_per_customer").p_value is None


def test_sample_ratio() -> None:
    even = ab_tests([variant("A", spending(0, 500)), variant("B", spending(0, 505))], SETTINGS)
    assert result(even, "B").sample_ratio_p_value > 0.5
    uneven = ab_tests([variant("A", spending(0, 500)), variant("B", spending(0, 650))], SETTINGS)
    assert result(uneven, "B").sample_ratio_p_value < 0.001
    # How many were to be held back is said, or only the others are looked at.
    groups = {"A": 500, "B": 505, "holdout": 100}
    planned = [variant(n, spending(0, size), planned=0.09) for n, size in groups.items()]
    assert result(ab_tests(planned, SETTINGS), "B").sample_ratio_p_value > 0.5
    planned = [variant(n, spending(0, size), planned=0.2) for n, size in groups.items()]
    assert result(ab_tests(planned, SETTINGS), "B").sample_ratio_p_value < 0.001
    unplanned = [variant(n, spending(0, size)) for n, size in groups.items()]
    assert result(ab_tests(unplanned, SETTINGS), "B").sample_ratio_p_value > 0.5
    one = [variant("reached", spending(0, 500)), variant("holdout", spending(0, 100))]
    assert result(ab_tests(one, SETTINGS), "reached").sample_ratio_p_value is None


def test_openings_are_compared_among_those_written_to() -> None:
    found = ab_tests(
        [
            variant("A", spending(5, 95), opened=20),
            variant("B", spending(5, 95), opened=40),
            variant("holdout", spending(5, 95), opened=0),
        ],
        SETTINGS,
    )
    opened = [r for r in found if r.metric == "open_rate"]
    assert [(r.variant, r.control_variant) for r in opened] == [("A", "A"), ("B", "A")]
    assert opened[1].difference == pytest.approx(0.2)
    assert "click_rate" not in {r.metric for r in found}


def test_earlier_spending_takes_out_noise_and_not_the_effect() -> None:
    luck = np.random.default_rng(6)
    settings = AbSettings(1.96, 0.8, frozenset(), uses_earlier_spending=True)
    effects, narrower = [], []
    for _ in range(200):
        before = luck.gamma(2, 50, 600)
        after = before + luck.normal(0, 20, 600)
        after[300:] += 8
        found = ab_tests(
            [variant("A", after[:300], before[:300]), variant("B", after[300:], before[300:])],
            settings,
        )
        plain = result(found, "B", "net_revenue_per_customer")
        adjusted = result(found, "B", "net_revenue_per_customer_cuped")
        effects.append(adjusted.difference)
        narrower.append((adjusted.high - adjusted.low) / (plain.high - plain.low))
    assert np.mean(effects) == pytest.approx(8, abs=0.4)
    # Of a variance of 5000 + 400 the earlier spending explains all but 400.
    assert np.mean(narrower) == pytest.approx((400 / 5400) ** 0.5, abs=0.02)


def test_earlier_spending_of_nobody_changes_nothing() -> None:
    settings = AbSettings(1.96, 0.8, frozenset(), uses_earlier_spending=True)
    found = ab_tests([variant("A", spending(5, 5)), variant("B", spending(7, 3))], settings)
    plain = result(found, "B", "net_revenue_per_customer")
    adjusted = result(found, "B", "net_revenue_per_customer_cuped")
    assert (adjusted.difference, adjusted.p_value) == pytest.approx(
        (plain.difference, plain.p_value)
    )
