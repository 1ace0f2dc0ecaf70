"""How right predictions would have been: made for a past window, compared with what happened.

The window ends where the month begins that is fitted, and the model is fitted on what came before
the window. Beside it stand rules that anybody could use; a model that does not beat them is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dagster_project.modelling import buy_till_die
from dagster_project.modelling.buckets import Buckets
from dagster_project.modelling.buy_till_die import Parameters
from dagster_project.modelling.purchases import Followed

Vector = NDArray[np.float64]

# The row of all customers together.
EVERYBODY = 0
_GROUPS = 10


@dataclass(frozen=True)
class Prediction:
    """Of each customer.

    Attributes:
        purchases: expected purchase days in the window.
        probability: of at least one; None where the rule does not say it.
    """

    purchases: Vector
    probability: Vector | None = None


def by_model(parameters: Parameters, followed: Followed, window: int) -> Prediction:
    """What the fitted model says."""
    x, t_x, age = followed.x, followed.t_x, followed.age
    alive = buy_till_die.probability_alive(parameters, x, t_x, age)
    return Prediction(
        alive * buy_till_die.expected_if_alive(parameters, x, age, window),
        buy_till_die.probability_of_purchase(parameters, x, t_x, age, window),
    )


def by_buckets(buckets: Buckets, followed: Followed) -> Prediction:
    """What the customers of the same bucket did in the window before."""
    place = buckets.place(followed.age - followed.t_x, followed.x + 1)
    return Prediction(buckets.purchases[place], buckets.buyer_share[place])


def by_last_window(followed: Followed) -> Prediction:
    """As many as in the window before."""
    return Prediction(followed.purchases_before)


def by_own_rate(followed: Followed, window: int) -> Prediction:
    """As often as since the first purchase."""
    return Prediction((followed.x + 1) / (followed.age + 1) * window)


def judge(predictions: Mapping[str, Prediction], followed: Followed) -> dict[str, list[object]]:
    """Columns of the table `prediction_backtest`: a row per model and tenth, and one of all.

    The tenths are of the expected purchases, the first with the least; equal ones share a tenth.

    Args:
        predictions: by name.
        followed: whom they were made for, at least one customer.
    """
    rows: list[dict[str, object]] = []
    for name, prediction in predictions.items():
        tenth = _tenths(prediction.purchases)
        for group in range(_GROUPS + 1):
            chosen = np.ones(len(tenth), dtype=bool) if group == EVERYBODY else tenth == group
            if chosen.any():
                rows.append(
                    {"model": name, "tenth": group, **_compare(prediction, followed, chosen)}
                )
    return {column: [row[column] for row in rows] for column in rows[0]}


def area_under_curve(score: Vector, is_one: NDArray[np.bool_]) -> float:
    """Chance that of two customers the one who bought has the higher score; ties count half.

    NaN where all of them did, or none.
    """
    from scipy.stats import rankdata

    ones = int(is_one.sum())
    others = len(is_one) - ones
    if ones == 0 or others == 0:
        return float("nan")
    ranks = rankdata(score)
    return float((ranks[is_one].sum() - ones * (ones + 1) / 2) / (ones * others))


def _tenths(expected: Vector) -> NDArray[np.int64]:
    from scipy.stats import rankdata

    share = (rankdata(expected) - 0.5) / len(expected)
    return 1 + np.minimum(_GROUPS - 1, np.floor(_GROUPS * share)).astype(np.int64)


def _compare(
    prediction: Prediction, followed: Followed, chosen: NDArray[np.bool_]
) -> dict[str, object]:
    actual, expected = followed.purchases_after[chosen], prediction.purchases[chosen]
    probability = prediction.probability
    score = prediction.purchases if probability is None else probability
    return {
        "customers": int(chosen.sum()),
        "expected_purchases": float(expected.mean()),
        "actual_purchases": float(actual.mean()),
        "expected_buyer_share": (
            float("nan") if probability is None else float(probability[chosen].mean())
        ),
        "actual_buyer_share": float(np.mean(actual > 0)),
        "mean_absolute_error": float(np.abs(actual - expected).mean()),
        "auc": area_under_curve(score[chosen], actual > 0),
    }
