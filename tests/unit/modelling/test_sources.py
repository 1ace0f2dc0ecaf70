"""dbt's source says of the fitted tables what the models say."""

from __future__ import annotations

import yaml

from dagster_project.modelling.models import all_tables
from dagster_project.modelling.versions import VERSIONS
from dagster_project.settings import DBT_PROJECT_DIR


def test_every_fitted_table_is_a_source_with_its_description() -> None:
    path = DBT_PROJECT_DIR / "models" / "modelling" / "_sources.yml"
    (source,) = yaml.safe_load(path.read_text(encoding="utf-8"))["sources"]
    described = {table["name"]: table["description"] for table in source["tables"]}
    assert described == {table.name: table.description for table in (VERSIONS, *all_tables())}
