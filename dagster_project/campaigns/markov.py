"""Removal effects of a Markov chain of touches: what share of the orders would be lost without one.

Anderl, Becker, von Wangenheim and Schumann (2016): a customer walks from touch to touch until an
order or until nothing more comes. A state is removed by letting whoever comes to it go no further.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

# What int_attribution_transitions calls the ends of a path.
START = "(start)"
ORDER = "(order)"
NOTHING = "(nothing)"


def removal_effects(transitions: Iterable[tuple[str, str, int]]) -> dict[str, float]:
    """How much less likely an order becomes without each state.

    Args:
        transitions: from state, to state and how often; paths begin at `START` and end at `ORDER`
            or `NOTHING`.

    Returns:
        Share of orders lost, 0 to 1, of each state between; all 0 where no path ends in an order.
    """
    counted = list(transitions)
    states = sorted({state for one in counted for state in one[:2]} - {START, ORDER, NOTHING})
    place = {state: index for index, state in enumerate(states)}
    size = len(states)
    # The last row is the start.
    steps = np.zeros((size + 1, size))
    orders = np.zeros(size + 1)
    totals = np.zeros(size + 1)
    for origin, target, count in counted:
        row = place.get(origin, size)
        totals[row] += count
        if target == ORDER:
            orders[row] += count
        elif target in place:
            steps[row, place[target]] += count
    # A state that nobody was yet seen to leave leads nowhere.
    leaving = np.maximum(totals, 1)
    steps, orders = steps / leaving[:, None], orders / leaving
    everything = _order_probability(steps, orders)
    if everything == 0:
        return dict.fromkeys(states, 0.0)
    effects = {}
    for state, index in place.items():
        without = steps.copy()
        without[:, index] = 0
        effects[state] = 1 - _order_probability(without, orders) / everything
    return effects


def _order_probability(steps: np.ndarray, orders: np.ndarray) -> float:
    """Probability that a path from the start (the last row) ends in an order."""
    size = steps.shape[1]
    from_states = np.linalg.solve(np.eye(size) - steps[:size], orders[:size])
    return float(orders[size] + steps[size] @ from_states)
