"""The list of models that a night fits where they are missing."""

from __future__ import annotations

from dagster_project.modelling.clusters import CLUSTERS
from dagster_project.modelling.model import Model, Table
from dagster_project.modelling.predictions import PREDICTIONS
from dagster_project.modelling.recommendations import RECOMMENDATIONS
from dagster_project.modelling.review_keywords import REVIEW_KEYWORDS
from dagster_project.modelling.review_sentiment import REVIEW_SENTIMENT

MODELS: tuple[Model, ...] = (
    PREDICTIONS,
    CLUSTERS,
    REVIEW_SENTIMENT,
    REVIEW_KEYWORDS,
    RECOMMENDATIONS,
)


def all_tables() -> tuple[Table, ...]:
    """The tables of all models."""
    return tuple(table for model in MODELS for table in model.tables)
