"""A code server that dies with a run: the run is started once more, and the queue goes on.

With a job that sleeps instead of a night.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster_graphql import DagsterGraphQLClient

from dagster_project.settings import PROJECT_DIR, Settings
from tests.pipeline.test_cluster import free_ports, wait_until
from tests.postgres_server import NotInstalled, running

SLEEPER = """
import time
import dagster as dg

@dg.op(pool="work_database")
def sleep(context):
    if context.run.parent_run_id is None:
        time.sleep(600)

@dg.job(executor_def=dg.in_process_executor)
def sleeper():
    sleep()

defs = dg.Definitions(jobs=[sleeper])
"""
# `cluster` with other definitions.
CLUSTER = """
import sys
from dagster_project.cluster import parts
from dagster_project.cli import main
parts.DEFINITIONS = "sleeper"
sys.exit(main(["cluster"]))
"""
STARTED = dg.DagsterRunStatus.STARTED


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    (tmp_path / "sleeper.py").write_text(SLEEPER)
    code_port, web_port = free_ports(2)
    try:
        with running(Path(f"/tmp/warehouse-code-{os.getpid()}"), 40) as postgres:
            monkeypatch.setenv("WAREHOUSE_DIR", str(tmp_path / "shop"))
            monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "shop" / "dagster"))
            monkeypatch.setenv("DAGSTER_POSTGRES_URL", postgres.url)
            monkeypatch.setenv("DAGSTER_CODE_SERVER", f"127.0.0.1:{code_port}")
            monkeypatch.setenv("DAGSTER_WEB_PORT", str(web_port))
            monkeypatch.setenv("PYTHONPATH", f"{PROJECT_DIR}:{tmp_path}")
            yield Settings.from_env()
    except NotInstalled as error:
        pytest.skip(str(error))


def test_a_run_that_died_with_its_code_server_is_started_once_more(
    shop: Settings, tmp_path: Path
) -> None:
    log = tmp_path / "cluster.log"

    def said() -> str:
        return log.read_text(encoding="utf-8", errors="replace")

    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-c", CLUSTER], cwd=PROJECT_DIR, stdout=file, stderr=file
        )
    try:
        wait_until("all parts", lambda: process.poll() is None and "\nready: " in said(), said)
        web = DagsterGraphQLClient("127.0.0.1", port_number=shop.cluster.web_port)
        with dg.DagsterInstance.from_config(str(shop.dagster_home)) as instance:

            def at_work() -> int:
                return sum(run.status == STARTED for run in instance.get_runs())

            def ended() -> int:
                return sum(run.is_finished for run in instance.get_runs())

            first = web.submit_job_execution("sleeper")
            wait_until("the first run", lambda: at_work() == 1, said)
            time.sleep(35)  # the daemon has looked after it meanwhile and let it be
            assert at_work() == 1
            (server,) = re.findall(r"^code server on .*\(process (\d+)\)", said(), re.MULTILINE)
            os.kill(int(server), signal.SIGKILL)
            wait_until("its second try", lambda: ended() == 2, said)
            runs = sorted(instance.get_run_records(), key=lambda record: record.create_timestamp)
            tries = [record.dagster_run for record in runs]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(120)
    assert "code server was killed by SIGKILL; started again" in said()
    assert [run.status for run in tries] == [
        dg.DagsterRunStatus.FAILURE,
        dg.DagsterRunStatus.SUCCESS,
    ]
    assert [tries[0].run_id, tries[1].parent_run_id] == [first, first]
    assert process.returncode == 0
