"""Macros that engines write differently give the same on DuckDB and on Spark."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dagster_project.settings import DBT_PROJECT_DIR, PROJECT_DIR
from tests.spark.machine import needs_spark
from tests.spark.macro_cases import CASES

# Tested where a whole table is compared: its result is no text (tests/pipeline/test_on_spark.py).
_BY_TABLES = {"component_rounds", "join_key", "read_often"}


@pytest.mark.parametrize("target", ["duckdb", pytest.param("spark_local", marks=needs_spark)])
def test_every_macro_gives_what_is_expected(target: str, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "tests.spark.macros_on", target, str(tmp_path)],
        cwd=PROJECT_DIR,
        check=True,
    )
    given = json.loads((tmp_path / "given.json").read_text(encoding="utf-8"))
    found = {name: given[str(number)] for number, (name, _, _) in enumerate(CASES)}
    assert found == {name: expected for name, _, expected in CASES}


def test_every_macro_of_an_engine_has_a_case() -> None:
    tried = " ".join(expression for _, expression, _ in CASES)
    written = " ".join(
        path.read_text(encoding="utf-8") for path in (DBT_PROJECT_DIR / "macros").rglob("*.sql")
    )
    dispatched = set(re.findall(r"adapter\.dispatch\('(\w+)'\)", written))
    assert len(dispatched) > 6
    assert {name for name in dispatched if f"{name}(" not in tried} == _BY_TABLES
