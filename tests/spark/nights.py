"""The same exports on two engines, each in a warehouse and a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from dagster_project.settings import PROJECT_DIR
from tests.spark.night_on import SECRET

# What a shell or another test may have set for the warehouse of its own.
_OURS = ("WAREHOUSE_", "SPARK_", "DBT_", "DAGSTER_HOME", "LAKE_DIR", "PSEUDONYM_KEY")


def start_night(folder: Path, log: Path, **environ: str) -> subprocess.Popen[bytes]:
    """Start a night on `folder`, whose landing folder is filled; its words go to `log`."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    with log.open("wb") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.spark.night_on", str(folder)],
            cwd=PROJECT_DIR,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**inherited, "PSEUDONYM_KEY": SECRET, **environ},
        )
