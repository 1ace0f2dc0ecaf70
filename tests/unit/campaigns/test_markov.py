"""Removal effects, worked out by hand."""

from __future__ import annotations

import pytest

from dagster_project.campaigns.markov import NOTHING, ORDER, START, removal_effects


def test_effects_of_a_small_chain() -> None:
    # Of six paths: sms-order, sms-email-order, email-order, sms-nothing, email-nothing twice.
    steps = [
        (START, "sms", 3), (START, "email", 3), ("sms", ORDER, 1), ("sms", "email", 1),
        ("sms", NOTHING, 1), ("email", ORDER, 2), ("email", NOTHING, 2),
    ]  # fmt: skip
    # P(order | email) = 1/2, P(order | sms) = 1/3 + 1/3 * 1/2 = 1/2, together 1/2.
    # Without sms half the paths start with the mail: 1/4. Without the mail: 1/2 * 1/3 = 1/6.
    assert removal_effects(steps) == pytest.approx({"sms": 1 / 2, "email": 2 / 3})


def test_a_channel_that_all_orders_need_loses_all() -> None:
    steps = [(START, "sms", 4), ("sms", ORDER, 1), ("sms", NOTHING, 3)]
    assert removal_effects(steps) == pytest.approx({"sms": 1.0})


def test_paths_may_run_in_circles() -> None:
    # Half of the steps from sms lead back to it: 1/2 + 1/2 * (1/2 + ...) of the orders, 2/3 in all.
    steps = [
        (START, "sms", 2), ("sms", "sms", 2), ("sms", ORDER, 1), ("sms", "email", 1),
        ("email", NOTHING, 1),
    ]  # fmt: skip
    assert removal_effects(steps) == pytest.approx({"sms": 1.0, "email": 0.0})


def test_a_state_nobody_has_left_leads_nowhere() -> None:
    steps = [(START, "sms", 1), (START, "push", 1), ("sms", ORDER, 1)]
    assert removal_effects(steps) == pytest.approx({"sms": 1.0, "push": 0.0})


def test_without_orders_or_touches() -> None:
    assert removal_effects([(START, "sms", 2), ("sms", NOTHING, 2)]) == {"sms": 0.0}
    assert removal_effects([]) == {}
