"""The benchmark runs and says what it should; how fast it is, no test can know."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.exports import EXPORTS
from benchmarks.quality import SUITE
from dagster_project.quality.suites import load_suite
from dagster_project.settings import PROJECT_DIR


def test_a_small_run(tmp_path: Path) -> None:
    output = tmp_path / "ingest.json"
    run = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks.ingest", "--small", "--rounds", "1"),
            *("--folder", str(tmp_path), "--output", str(output)),
        ],
        cwd=PROJECT_DIR,
        check=True,
        capture_output=True,
        text=True,
    )
    files = json.loads(output.read_text())["files"]
    assert files.keys() == EXPORTS.keys()
    for name, figures in files.items():
        assert figures["rows"] > 1000, name
        assert figures["ratio"] > 0
        assert figures["loader_peak_megabytes"] > 0
        assert figures["content"].startswith(f"{EXPORTS[name].format}:{figures['rows']}:")
        assert name in run.stdout
    # The same rows, whatever their encoding.
    assert files["taobao_orders"]["content"] == files["taobao_orders_gb18030"]["content"]
    assert files["taobao_orders"]["megabytes"] > files["taobao_orders_gb18030"]["megabytes"]
    assert list(tmp_path.iterdir()) == [output]


def test_a_gate_against_one_query(tmp_path: Path) -> None:
    output = tmp_path / "quality.json"
    run = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks.quality", "--small", "--rounds", "2"),
            *("--folder", str(tmp_path), "--output", str(output)),
        ],
        cwd=PROJECT_DIR,
        check=True,
        capture_output=True,
        text=True,
    )
    report = json.loads(output.read_text())
    assert report["same_failing_rows"]
    assert report["failing_rows"] == {
        **{rule.name: 0 for rule in load_suite(SUITE).rules},
        "customer_is_mostly_known": 100,
        "outliers_are_rare": 200,
    }
    for done in report["runs"].values():
        assert len(done) == 2
        assert all(run["cpu_seconds"] > 0 and run["peak_megabytes"] > 0 for run in done)
    assert report["cpu_ratio"]["lowest"] <= report["cpu_ratio"]["median"]
    assert "Great Expectations ÷ one query" in run.stdout
    assert list(tmp_path.iterdir()) == [output]
