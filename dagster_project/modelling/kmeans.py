"""Groups of like customers: how many, where their centres are, and which is which over months."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

# The silhouette alone always says 2: few customers who buy often, and the others. Below 4 a group
# tells a shop nothing it does not know, above 8 nobody keeps them apart.
GROUP_COUNTS = range(4, 9)
_BOOTSTRAPS = 10
_BOOTSTRAP_CUSTOMERS = 10_000
_SEED = 20240101


@dataclass(frozen=True)
class Scale:
    """How values become comparable: mean and standard deviation of each feature, in logarithms.

    Attributes:
        mean: one per feature.
        deviation: one per feature, 0 where all customers are alike; such a feature says nothing
            and is left out.
        limit: what lies more deviations from the mean counts as so many, so that one wholesale
            buyer is no group of their own.
    """

    mean: Vector
    deviation: Vector
    limit: float

    def apply(self, values: Matrix) -> Matrix:
        """Standardised values, 0 where all customers are alike."""
        spread = np.where(self.deviation > 0, self.deviation, 1.0)
        standardised = np.clip((values - self.mean) / spread, -self.limit, self.limit)
        return np.where(self.deviation > 0, standardised, 0.0)


@dataclass(frozen=True)
class Candidate:
    """A number of groups that was tried.

    Attributes:
        count: number of groups.
        stability: mean adjusted Rand index between the groups of all and those that are found in
            samples drawn with replacement: 1 when chance moves nobody, 0 when the groups are noise.
        smallest_share: share of customers in the smallest group.
        centres: a row per group, standardised.
    """

    count: int
    stability: float
    smallest_share: float
    centres: Matrix


def measure_scale(values: Matrix, limit: float) -> Scale:
    """Mean and standard deviation of each column; a spread that is rounding counts as none."""
    deviation = values.std(axis=0)
    return Scale(values.mean(axis=0), np.where(deviation > 1e-9, deviation, 0.0), limit)


def try_counts(standardised: Matrix) -> list[Candidate]:
    """Every number of groups, as far as there are so many different customers.

    The same customers in the same order give the same groups.
    """
    from sklearn.metrics import adjusted_rand_score

    draw = np.random.default_rng(_SEED)
    size = min(len(standardised), _BOOTSTRAP_CUSTOMERS)
    samples = [draw.integers(0, len(standardised), size) for _ in range(_BOOTSTRAPS)]
    looked_at = standardised[:size]
    different = len(np.unique(standardised, axis=0))
    candidates = []
    for count in GROUP_COUNTS:
        if different < count:
            break
        centres = _centres(standardised, count)
        labels = nearest(standardised, centres)
        agreements = [
            adjusted_rand_score(
                labels[:size], nearest(looked_at, _centres(standardised[sample], count))
            )
            for sample in samples
        ]
        shares = np.bincount(labels, minlength=count) / len(labels)
        candidates.append(
            Candidate(count, float(np.mean(agreements)), float(shares.min()), centres)
        )
    return candidates


def choose(candidates: list[Candidate], least_share: float) -> Candidate | None:
    """The most stable number of groups of which none is too small; of equal ones the larger.

    Stabilities count as equal to two digits: the third is the draw of the samples.

    Returns:
        None when each of them has a group that is too small.
    """
    large_enough = [c for c in candidates if c.smallest_share >= least_share]
    return max(large_enough, key=lambda c: (round(c.stability, 2), c.count), default=None)


def nearest(standardised: Matrix, centres: Matrix) -> NDArray[np.intp]:
    """Row of the nearest centre of each customer, the first of equally near ones."""
    distances = ((standardised[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)
    return distances.argmin(axis=1)


def match_ids(
    centres: Matrix, old_centres: Matrix, old_ids: NDArray[np.int64], farthest: float
) -> NDArray[np.int64]:
    """The id of each centre: that of the old one it continues, so that a group keeps its number.

    Old and new are paired so that all distances together are least; what lies too far from its
    partner is another group and gets the least number that was not given before.

    Args:
        centres: new ones, in the order in which unmatched ones get their numbers.
        old_centres: of the version before, on the same scale.
        old_ids: their numbers.
        farthest: distance up to which a centre continues an old one.
    """
    from scipy.optimize import linear_sum_assignment

    distances = np.sqrt(((centres[:, None, :] - old_centres[None, :, :]) ** 2).sum(axis=2))
    ids = np.zeros(len(centres), dtype=np.int64)
    for new, old in zip(*linear_sum_assignment(distances), strict=True):
        if distances[new, old] <= farthest:
            ids[new] = old_ids[old]
    taken = set(old_ids.tolist())
    for new in np.flatnonzero(ids == 0):
        ids[new] = next(n for n in range(1, len(taken) + 2) if n not in taken)
        taken.add(int(ids[new]))
    return ids


def _centres(standardised: Matrix, count: int) -> Matrix:
    from sklearn.cluster import KMeans

    # Threads add up in another order each time.
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        fitted = KMeans(count, n_init=4, random_state=_SEED, algorithm="lloyd").fit(standardised)
    return np.asarray(fitted.cluster_centers_, dtype=np.float64)
