"""What customers of the same recency and frequency did in the window before: the fallback.

Four parameters need some hundred repeat buyers. Before a shop has them, and as the measure that the
model has to beat, a count does: of those who stood where this customer stands, how many bought
within the same number of days?
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dagster_project.modelling.purchases import Followed

Vector = NDArray[np.float64]

# The classes that the shop counts its customers in (`frequency_class`): 1, 2, 3, 4 and more.
_FREQUENCY_EDGES = (1, 2, 3, 4)


@dataclass(frozen=True)
class Buckets:
    """What was observed, a row per bucket; every recency and frequency falls into exactly one.

    Attributes:
        recency_from: least days since the last purchase.
        frequency_from: least purchase days.
        recency_below: first recency that is too long, infinite in the last buckets.
        frequency_below: first frequency that is too high, infinite in the last buckets.
        customers: how many stood there.
        buyer_share: share of them who bought in the window, drawn towards that of all customers.
        purchases: purchase days in the window per customer, drawn likewise.
    """

    recency_from: Vector
    recency_below: Vector
    frequency_from: Vector
    frequency_below: Vector
    customers: Vector
    buyer_share: Vector
    purchases: Vector

    def place(self, recency: Vector, frequency: Vector) -> NDArray[np.intp]:
        """Row of the bucket of each customer."""
        recency_edges = np.unique(self.recency_from)
        frequency_edges = np.unique(self.frequency_from)
        return _place(recency, frequency, recency_edges, frequency_edges)


def count_buckets(followed: Followed, recency_edges: Sequence[int], prior: float) -> Buckets:
    """Count what the customers of each bucket did.

    Args:
        followed: at least one customer.
        recency_edges: days since the last purchase at which a new bucket begins, ascending,
            without 0.
        prior: so many customers of the average are added to each bucket, so that one customer
            decides nothing and an empty bucket is average.
    """
    recencies = np.array([0, *recency_edges], dtype=np.float64)
    frequencies = np.array(_FREQUENCY_EDGES, dtype=np.float64)
    place = _place(followed.age - followed.t_x, followed.x + 1, recencies, frequencies)
    size = len(recencies) * len(frequencies)
    after = followed.purchases_after
    customers = np.bincount(place, minlength=size).astype(np.float64)
    buyers = np.bincount(place, after > 0, minlength=size)
    purchases = np.bincount(place, after, minlength=size)
    below = [np.append(edges[1:], np.inf) for edges in (recencies, frequencies)]
    return Buckets(
        recency_from=np.repeat(recencies, len(frequencies)),
        recency_below=np.repeat(below[0], len(frequencies)),
        frequency_from=np.tile(frequencies, len(recencies)),
        frequency_below=np.tile(below[1], len(recencies)),
        customers=customers,
        buyer_share=(buyers + prior * np.mean(after > 0)) / (customers + prior),
        purchases=(purchases + prior * np.mean(after)) / (customers + prior),
    )


def _place(
    recency: Vector, frequency: Vector, recency_edges: Vector, frequency_edges: Vector
) -> NDArray[np.intp]:
    row = np.searchsorted(recency_edges, recency, side="right") - 1
    column = np.searchsorted(frequency_edges, frequency, side="right") - 1
    return row * len(frequency_edges) + column
