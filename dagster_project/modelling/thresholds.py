"""Thresholds that a shop edits, from the one place where they stand: dbt's vars."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from dagster_project.settings import DBT_PROJECT_DIR


def threshold(name: str) -> Any:
    """The value of a var of `dbt_project.yml`.

    Raises:
        KeyError: there is no such var.
    """
    return _variables()[name]


@cache
def _variables() -> dict[str, Any]:
    text = (DBT_PROJECT_DIR / "dbt_project.yml").read_text(encoding="utf-8")
    found: dict[str, Any] = yaml.safe_load(text)["vars"]
    return found
