"""Which customers are alike: scale, centres and names that `customer_clusters` assigns with."""

from __future__ import annotations

from datetime import date

import duckdb
import numpy as np
from numpy.typing import NDArray

from dagster_project.modelling import kmeans
from dagster_project.modelling.cluster_features import Features, feature_names, read_features
from dagster_project.modelling.cluster_names import Name, Position, name_clusters
from dagster_project.modelling.kmeans import Candidate, Scale
from dagster_project.modelling.model import SCHEMA, Fitted, Model, Table
from dagster_project.modelling.purchases import PURCHASES
from dagster_project.modelling.thresholds import threshold

Matrix = NDArray[np.float64]

_MINIMUM_CUSTOMERS = int(threshold("cluster_minimum_customers"))
_LEAST_SHARE = float(threshold("cluster_minimum_share"))
_LIMIT = float(threshold("cluster_limit"))
# Centres are known to a hundredth from so many; more would only cost.
_MOST_CUSTOMERS = 50_000
# Centres of different groups lie two and more apart, of the same a month later some hundredths.
_FARTHEST = 1.0

SCALES = Table(
    "cluster_scales",
    "One row per month and feature that customers differ in: what makes it comparable.",
    {"feature": "VARCHAR", "mean": "DOUBLE", "deviation": "DOUBLE"},
)
CENTRES = Table(
    "cluster_centres",
    "One row per month, cluster and feature: the cluster's centre, in standard deviations.",
    {"cluster_id": "BIGINT", "feature": "VARCHAR", "centre": "DOUBLE"},
)
NAMES = Table(
    "cluster_names",
    "One row per month and cluster: its names and its share of the customers.",
    {"cluster_id": "BIGINT", "name_zh": "VARCHAR", "name_en": "VARCHAR", "share": "DOUBLE"},
)
CANDIDATES = Table(
    "cluster_candidates",
    "One row per month and number of clusters that was tried: how stable, and whether chosen.",
    {
        "clusters": "BIGINT",
        "stability": "DOUBLE",
        "smallest_share": "DOUBLE",
        "is_chosen": "BOOLEAN",
    },
)


def fit(connection: duckdb.DuckDBPyConnection, day: date) -> Fitted:
    """Fit as of a day, from purchases before it; ids continue those of the version before.

    Args:
        connection: to the work database, with the facts built.
        day: the first one that is not looked at.
    """
    features = read_features(connection, day, _MOST_CUSTOMERS)
    if len(features.values) < _MINIMUM_CUSTOMERS:
        return {}
    scale = kmeans.measure_scale(features.values, _LIMIT)
    standardised = scale.apply(features.values)
    candidates = kmeans.try_counts(standardised)
    chosen = kmeans.choose(candidates, _LEAST_SHARE)
    tried = _candidate_rows(candidates, chosen)
    if chosen is None:
        return tried
    # The order in which new groups get their numbers: what a customer of them brings.
    centres = chosen.centres[np.argsort(-chosen.centres[:, :2].sum(axis=1), kind="stable")]
    old_ids, old_centres = _read_neighbour(connection, day, scale)
    ids = kmeans.match_ids(centres, old_centres, old_ids, _FARTHEST)
    order = np.argsort(ids)
    return {**tried, **_rows(features, scale, ids[order], centres[order], standardised)}


def _rows(
    features: Features,
    scale: Scale,
    ids: NDArray[np.int64],
    centres: Matrix,
    standardised: Matrix,
) -> Fitted:
    differs = scale.deviation > 0
    names = np.array(features.names)[differs]
    labels = kmeans.nearest(standardised, centres)
    named = name_positions(features.names, scale, centres)
    return {
        SCALES.name: {
            "feature": names,
            "mean": scale.mean[differs],
            "deviation": scale.deviation[differs],
        },
        CENTRES.name: {
            "cluster_id": np.repeat(ids, len(names)),
            "feature": np.tile(names, len(ids)),
            "centre": centres[:, differs].reshape(-1),
        },
        NAMES.name: {
            "cluster_id": ids,
            "name_zh": [name.zh for name in named],
            "name_en": [name.en for name in named],
            "share": np.bincount(labels, minlength=len(ids)) / len(labels),
        },
    }


def name_positions(names: tuple[str, ...], scale: Scale, centres: Matrix) -> list[Name]:
    """Names of the centres, by the features that they are the positions of."""
    at = {name: index for index, name in enumerate(names)}
    has_categories = scale.deviation[at["category_count"]] > 0
    return name_clusters(
        [
            Position(
                amount=centre[at["purchase_amount"]],
                days=centre[at["purchase_days"]],
                recency=centre[at["recency_days"]],
                breadth=centre[at["category_count"]] if has_categories else None,
            )
            for centre in centres.tolist()
        ]
    )


def _candidate_rows(candidates: list[Candidate], chosen: Candidate | None) -> Fitted:
    if not candidates:
        return {}
    return {
        CANDIDATES.name: {
            "clusters": [c.count for c in candidates],
            "stability": [c.stability for c in candidates],
            "smallest_share": [c.smallest_share for c in candidates],
            "is_chosen": [c is chosen for c in candidates],
        }
    }


def _read_neighbour(
    connection: duckdb.DuckDBPyConnection, day: date, scale: Scale
) -> tuple[NDArray[np.int64], Matrix]:
    """Ids and centres of the version before a day, or else of the one after, on the scale of now.

    A past month that is fitted later continues what came after it, or nothing would be the same.
    """
    names = feature_names()
    rows = connection.execute(
        f"""
        select c.cluster_id, c.feature, s.mean + c.centre * s.deviation as value
        from {SCHEMA}.{CENTRES.name} as c
        join {SCHEMA}.{SCALES.name} as s using (fitted_as_of, feature)
        where fitted_as_of = (
            select coalesce(
                max(fitted_as_of) filter (fitted_as_of < $day),
                min(fitted_as_of) filter (fitted_as_of > $day)
            )
            from {SCHEMA}.{CENTRES.name}
        )
        """,
        {"day": day},
    ).fetchall()
    ids = sorted({cluster for cluster, _, _ in rows})
    values = {(cluster, feature): value for cluster, feature, value in rows}
    # A feature in which nobody differed then is taken for the mean of now.
    means = dict(zip(names, scale.mean, strict=True))
    old = [[values.get((cluster, name), means[name]) for name in names] for cluster in ids]
    return np.array(ids, dtype=np.int64), scale.apply(np.array(old).reshape(-1, len(names)))


CLUSTERS = Model(
    name="clusters",
    method="k-means 1, "
    + ", ".join(
        f"{name}={threshold(name)}"
        for name in ("cluster_minimum_customers", "cluster_minimum_share", "cluster_limit")
    ),
    reads=("marts.fct_orders", "marts.fct_order_items", "marts.dim_products"),
    tables=(SCALES, CENTRES, NAMES, CANDIDATES),
    inputs=f"select count(*) {PURCHASES}",
    fit=fit,
)
