"""Names and meanings of the metrics, as the semantic layer gives them in both languages."""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from dagster_project.settings import DBT_PROJECT_DIR

SEMANTIC_DIR = DBT_PROJECT_DIR / "models" / "semantic"


@dataclass(frozen=True)
class MetricText:
    """One metric in words.

    Attributes:
        name: in queries.
        name_zh: for Chinese readers.
        name_en: for English readers.
        zh: what it means, in Chinese.
        en: the same in English.
    """

    name: str
    name_zh: str
    name_en: str
    zh: str
    en: str


def read_metrics() -> list[MetricText]:
    """Every metric in the order of its file.

    Raises:
        KeyError: a metric has no label, description or Chinese meaning.
        ValueError: a label is not of the form `中文 · English`.
    """
    found = []
    for path in sorted(SEMANTIC_DIR.glob("*.yml")):
        # The C reader: the pure one would take longer than the rest of the page.
        parts = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
        for metric in parts.get("metrics", ()):
            name_zh, name_en = metric["label"].split(" · ")
            meaning = metric["config"]["meta"]["zh"]
            found.append(
                MetricText(metric["name"], name_zh, name_en, meaning, metric["description"])
            )
    return found
