"""A process killed anywhere between the source and the landing folder loses and doubles nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

pytest.importorskip("dlt", reason="the extra `sources` is not installed")

from dagster_project.connections.extract import extract
from dagster_project.connections.files import read_connection
from dagster_project.ingestion.loader import load_files
from dagster_project.settings import PROJECT_DIR, Settings
from tests.connections.conftest import Api
from tests.connections.test_rest import CONNECTION, landed, order

# Where the process dies → (the line that kills it there, files landed by then, whether dlt had
# committed: only then the next extract need not ask from the beginning).
DEATHS = {
    "after extracting, before loading": (
        "import dlt; dlt.Pipeline.normalize = die", 0, False,
    ),
    "after the files and the cursor, before the marker": (
        "from dlt.destinations.impl.filesystem.filesystem import FilesystemClient;"
        "FilesystemClient._store_load = die", 0, False,
    ),
    "after the marker, before the move": (
        "import dagster_project.connections.extract as e; e.land_extracts = die", 0, True,
    ),
    "between two moves": (
        "import dagster_project.connections.landing as l; move = l._move;"
        "l._move = lambda *a: (move(*a), die())", 1, True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("death", DEATHS)
def test_killed(
    settings: Settings, api: Api, write_connection: Callable[[str, str], Path], death: str
) -> None:
    line, landed_by_then, committed = DEATHS[death]
    text = CONNECTION.format(url=api.url, more="", overlap=0)
    second = text.partition("  orders:\n")[2].replace("path: orders", "path: again")
    path = write_connection("shop_api", f"{text}  again:\n{second}")
    api.orders = [order(n, f"2024-03-0{n}T00:00:00+08:00") for n in range(1, 8)]
    killed = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import os; die = lambda *a, **b: os._exit(9); {line}\n"
            "from dagster_project.connections.__main__ import main; main(['extract'])",
        ],
        cwd=PROJECT_DIR,
        check=False,
    )
    assert killed.returncode == 9
    assert len(landed(settings)) == landed_by_then

    api.requests.clear()
    assert extract(settings, read_connection(path)).failure is None
    since = {query["updated_since"] for _, query in api.requests}
    assert since == {"2024-03-06T16:00:00Z" if committed else "1970-01-01T00:00:00Z"}
    load_files(settings)
    with duckdb.connect(str(settings.work_db), read_only=True) as connection:
        assert connection.execute(
            "select order_id, count(*) from raw.mapped_orders group by all order by all"
        ).fetchall() == [(str(n), 2) for n in range(1, 8)]
    assert len(landed(settings)) == 2
