"""What a campaign brought: by a holdout, by others in the same state, by earlier windows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dagster_project.campaigns.lift import Lift, LiftRules, Period, lifts

RULES = LiftRules(z=1.96, minimum_group=10, minimum_spans=3)
EMPTY = Period(
    campaign_id="c", segment="all", period_number=0, days=7, days_before=0,
    reached_customers=0, reached_buyers=0, reached_net_amount=0, reached_squared_amount=0,
    existing_customers=0, holdout_customers=0, holdout_buyers=0,
    holdout_net_amount=0, holdout_squared_amount=0, other_customers=0, matched_customers=0,
    matched_buyers=0, matched_amount=0, expected_buyers=0, expected_amount=0, same_customers=0,
    same_buyers=0, same_amount=0,
)  # fmt: skip


def chosen(number: int, rate: float, expected: float, **more: object) -> Period:
    """A window of 1,000 members who have others in their state."""
    buyers = round(1000 * rate)
    return replace(
        EMPTY, period_number=number, days_before=7 * number, reached_customers=1000,
        reached_buyers=buyers, reached_net_amount=10.0 * buyers, existing_customers=1000,
        other_customers=5000, matched_customers=1000,
        matched_buyers=buyers, matched_amount=10.0 * buyers, expected_buyers=1000 * expected,
        expected_amount=10_000 * expected, **more,
    )  # fmt: skip


def held(number: int, reached: int, holdout: int, **more: object) -> Period:
    """A window of 1,000 reached and 500 held back, so many of whom bought, for 10 each."""
    return replace(
        EMPTY, period_number=number, days_before=7 * number, reached_customers=1000,
        reached_buyers=reached, reached_net_amount=10.0 * reached,
        reached_squared_amount=100.0 * reached, existing_customers=1000, holdout_customers=500,
        holdout_buyers=holdout, holdout_net_amount=10.0 * holdout,
        holdout_squared_amount=100.0 * holdout, **more,
    )  # fmt: skip


def rate(periods: list[Period], segment: str = "all") -> Lift:
    (found,) = [
        lift for lift in lifts(periods, RULES) if (lift.segment, lift.measure) == (segment, "rate")
    ]
    return found


NOISE = [0.002, -0.003, 0.001, 0.004, -0.002, -0.001]


def test_members_who_always_buy_more_are_no_lift() -> None:
    # Ten points above the others, as they were in every week before: selection, not the campaign.
    earlier = [chosen(n, 0.4 + NOISE[n - 1], 0.3) for n in range(1, 7)]
    found = rate([chosen(0, 0.4, 0.3), *earlier])
    assert found.basis == "not_reached"
    assert (found.group_value, found.comparison_value) == (0.4, 0.3)
    assert found.placebo_mean == pytest.approx(0.1, abs=0.001)
    assert found.estimate == pytest.approx(0, abs=0.001)
    assert found.finding == "within_chance"


def test_what_comes_on_top_is_a_lift() -> None:
    earlier = [chosen(n, 0.4 + NOISE[n - 1], 0.3) for n in range(1, 7)]
    rate_lift, spend_lift = lifts([chosen(0, 0.5, 0.3), *earlier], RULES)
    assert rate_lift.finding == "proven"
    assert rate_lift.estimate == pytest.approx(0.1, abs=0.001)
    assert rate_lift.low < 0.1 < rate_lift.high
    assert rate_lift.low > 0
    assert spend_lift.measure == "spend"
    assert spend_lift.estimate == pytest.approx(1.0, abs=0.01)
    assert spend_lift.finding == "proven"


def test_a_week_that_is_good_for_everybody_is_no_lift() -> None:
    earlier = [chosen(n, 0.4 + NOISE[n - 1], 0.3) for n in range(1, 7)]
    assert rate([chosen(0, 0.7, 0.6), *earlier]).finding == "within_chance"


def test_no_lift_is_proven_that_an_earlier_window_reached_without_a_campaign() -> None:
    # Far from the mean and certain by its interval, but the same stood there once before.
    twenty = [chosen(n, 0.4 + NOISE[n % 6] / 4, 0.3) for n in range(1, 21)]
    assert rate([chosen(0, 0.43, 0.3), *twenty]).finding == "proven"
    twenty[7] = chosen(8, 0.43, 0.3)
    found = rate([chosen(0, 0.43, 0.3), *twenty])
    assert found.p_value < 0.05
    assert found.placebo_high == pytest.approx(0.13)
    assert found.finding == "within_chance"


def test_too_little_history_says_so_and_nothing_else() -> None:
    found = rate([chosen(0, 0.5, 0.3), chosen(1, 0.4, 0.3), chosen(2, 0.41, 0.3)])
    assert found.finding == "too_little_history"
    assert (found.placebo_windows, found.placebo_spans) == (2, 2)
    assert (found.estimate, found.low, found.high, found.p_value) == (None, None, None, None)
    assert found.group_value == 0.5


def test_overlapping_windows_count_for_what_they_cover() -> None:
    earlier = [chosen(n, 0.4 + NOISE[n - 1], 0.3, days=21) for n in range(1, 7)]
    found = rate([chosen(0, 0.5, 0.3, days=21), *earlier])
    assert (found.placebo_windows, found.placebo_spans) == (6, 2)  # 35 + 21 days hold two of 21
    assert found.finding == "too_little_history"


def test_windows_before_most_members_were_customers_are_left_out() -> None:
    earlier = [chosen(n, 0.4 + NOISE[n - 1], 0.3) for n in range(1, 7)]
    earlier[5] = replace(earlier[5], matched_customers=400)
    assert rate([chosen(0, 0.5, 0.3), *earlier]).placebo_windows == 5


def test_those_held_back_say_it_without_any_history() -> None:
    found = rate([held(0, 300, 100)])
    assert found.basis == "holdout"
    assert (found.group_value, found.comparison_value) == (0.3, 0.2)
    assert found.estimate == pytest.approx(0.1)
    assert found.low > 0
    assert found.finding == "proven"
    assert rate([held(0, 300, 150)]).finding == "within_chance"


def test_groups_that_differed_before_are_no_holdout_by_chance() -> None:
    earlier = [held(n, 300, 100 + n) for n in range(1, 7)]
    found = rate([held(0, 300, 100), *earlier])
    assert found.p_value < 0.001
    assert found.finding == "proven"  # just beyond all of them
    assert rate([held(0, 300, 103), *earlier]).finding == "within_chance"


def alike(number: int, rate: float, **more: object) -> Period:
    """A window in which so many of those bought who stood as members do."""
    return replace(
        EMPTY, period_number=number, days_before=7 * number, reached_customers=1000,
        existing_customers=1000, same_customers=1000, same_buyers=1000 * rate,
        same_amount=10_000 * rate, **more,
    )  # fmt: skip


def test_where_nobody_is_left_the_same_segment_is_asked_earlier() -> None:
    found = rate([alike(0, 0.4), *(alike(n, 0.3 + NOISE[n - 1]) for n in range(1, 7))])
    assert found.basis == "earlier_windows"
    assert found.group_value == pytest.approx(0.4)
    assert found.comparison_value == pytest.approx(0.3, abs=0.001)
    assert found.estimate == pytest.approx(0.1, abs=0.001)
    assert found.finding == "proven"
    same = [alike(0, 0.3), *(alike(n, 0.3 + NOISE[n - 1]) for n in range(1, 7))]
    assert rate(same).finding == "within_chance"


def test_few_who_are_left_are_not_asked() -> None:
    few = {"other_customers": 5000, "matched_customers": 400, "matched_buyers": 200}
    earlier = [alike(n, 0.3 + NOISE[n - 1]) for n in range(1, 7)]
    assert rate([alike(0, 0.3, **few), *earlier]).basis == "earlier_windows"


def test_members_too_new_to_have_earlier_windows_are_judged_by_their_segment() -> None:
    new = {"other_customers": 5000, "matched_customers": 1000, "matched_buyers": 300}
    earlier = [alike(n, 0.3 + NOISE[n - 1]) for n in range(1, 7)]
    found = rate([alike(0, 0.3, **new), *earlier])
    assert (found.basis, found.finding) == ("earlier_windows", "within_chance")
    # Where nothing can tell, the better basis says what it lacks.
    found = rate([alike(0, 0.3, **new)])
    assert (found.basis, found.finding) == ("not_reached", "too_little_history")


def test_members_who_never_bought_have_no_segment_earlier() -> None:
    prospects = replace(EMPTY, reached_customers=1000, reached_buyers=0, reached_net_amount=50)
    found = rate([prospects])
    assert (found.basis, found.finding) == ("earlier_windows", "group_too_small")


def test_few_members_are_not_compared() -> None:
    few = replace(chosen(0, 0.5, 0.3), existing_customers=9, matched_customers=9)
    assert rate([few]).finding == "group_too_small"
    assert rate([replace(held(0, 300, 100), holdout_customers=9)]).finding == "group_too_small"


def test_nobody_reached_is_no_row() -> None:
    assert lifts([EMPTY], RULES) == []
    assert lifts([replace(held(0, 0, 100), reached_customers=0)], RULES) == []
    assert lifts([], RULES) == []
    # The own window is missing where nobody was in the state then.
    assert lifts([replace(chosen(3, 0.4, 0.3), segment="silent")], RULES) == []


def test_one_of_many_segments_differs_by_chance() -> None:
    names = ["new", "active", "silent", "sleeping", "churned"]
    everybody = held(0, 250, 125)
    groups = [replace(held(0, 250, 125), segment=name) for name in names[:-1]]
    # Alone this would be certain: p is about 0.03.
    odd = replace(held(0, 252, 101), segment="churned")
    assert 0.01 < rate([everybody, odd], "churned").p_value < 0.05
    assert rate([everybody, odd], "churned").finding == "proven"
    assert rate([everybody, *groups, odd], "churned").finding == "within_chance"


def test_no_effect_is_rarely_proven() -> None:
    """A thousand campaigns without effect on chosen members: fewer than one in twenty is proven."""
    luck = np.random.default_rng(4)
    proven = 0
    for number in range(1000):
        season = luck.normal(0.3, 0.05, 9)
        periods = [
            replace(
                chosen(n, luck.binomial(1000, season[n] + 0.1) / 1000, season[n]),
                campaign_id=str(number),
            )
            for n in range(9)
        ]
        proven += rate(periods).finding == "proven"
    assert proven <= 50
