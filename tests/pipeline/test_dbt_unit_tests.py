"""dbt's unit tests of the models' logic, every one of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from dagster_project.transformation.project import DBT_PROJECT_DIR
from tests.pipeline.conftest import Warehouse


def test_every_unit_test_passes(new_warehouse: Callable[..., Warehouse], tmp_path: Path) -> None:
    warehouse = new_warehouse()
    # dbt reads the columns of a model's inputs from the database, so the tables must be there.
    assert warehouse.nightly().success
    finished = subprocess.run(
        [
            str(Path(sys.executable).with_name("dbt")),
            "test",
            "--resource-type",
            "unit_test",
            "--profiles-dir",
            str(DBT_PROJECT_DIR),
        ],
        cwd=DBT_PROJECT_DIR,
        env={**os.environ, "DBT_TARGET_PATH": str(tmp_path), "DBT_LOG_PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout[-4_000:]
    written = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))["unit_tests"]
    results = json.loads((tmp_path / "run_results.json").read_text(encoding="utf-8"))["results"]
    assert {r["unique_id"] for r in results if r["status"] == "pass"} == set(written)
    assert len(written) > 40
