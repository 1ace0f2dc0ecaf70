"""Macros that engines write differently give the same on DuckDB and on Spark."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dagster_project.settings import DBT_PROJECT_DIR, PROJECT_DIR
from tests.spark.machine import connect_server, needs_spark
from tests.spark.macro_cases import CASES

# Tested where a whole table is compared: its result is no text (tests/pipeline/test_on_spark.py).
_BY_TABLES = {"component_rounds", "join_key", "read_often"}


@pytest.mark.parametrize("target", ["duckdb", pytest.param("spark_local", marks=needs_spark)])
def test_every_macro_gives_what_is_expected(target: str, tmp_path: Path) -> None:
    _assert_expected(target, tmp_path, {})


@needs_spark
def test_so_it_does_through_spark_connect(tmp_path: Path) -> None:
    with connect_server(tmp_path) as url:
        _assert_expected("spark", tmp_path, {"SPARK_REMOTE": url})


def _assert_expected(target: str, folder: Path, environ: dict[str, str]) -> None:
    subprocess.run(
        [sys.executable, "-m", "tests.spark.macros_on", target, str(folder)],
        cwd=PROJECT_DIR,
        env={**os.environ, **environ},
        check=True,
    )
    given = json.loads((folder / "given.json").read_text(encoding="utf-8"))
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
