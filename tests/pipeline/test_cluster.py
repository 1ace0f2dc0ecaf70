"""Dagster as three processes over PostgreSQL: two runs at once, nights in a queue, a daemon killed.

One story, told once, which several tests look at: a file of the following day has landed, the
sensor asks for a night. While it is on, somebody asks for a second night and for a new dashboard,
and the daemon is killed.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import dagster as dg
import pytest
from dagster_graphql import DagsterGraphQLClient

from benchmarks.shop import DAY_NAME, Shop
from dagster_project.automation.names import DASHBOARD, NIGHTLY
from dagster_project.settings import PROJECT_DIR, Settings
from tests.pipeline.conftest import SECRET, Warehouse, first_night
from tests.pipeline.made_shop import LINES
from tests.postgres_server import NotInstalled, running
from tests.security.test_web_server import listening, process_tree

PASSWORD = "a-password-that-is-nowhere"
PATIENCE_SECONDS = 600
LONG_AGO = (datetime.now(UTC) - timedelta(hours=1)).timestamp()


@dataclass(frozen=True)
class Story:
    """What was seen.

    Attributes:
        home: the warehouse.
        runs: every run there is at the end, in the order of their requests.
        steps: how often each step was started, by run.
        beside: how the first night and the second stood when the dashboard was written.
        killed: how they stood when the daemon was killed.
        sockets: what the processes listened on.
        commands: their command lines.
        said: what `cluster` and its processes wrote.
        status: the exit status after Ctrl-C.
        left: processes that were still there afterwards.
    """

    home: Path
    runs: list[dg.RunRecord]
    steps: dict[str, Counter[str]]
    beside: tuple[dg.DagsterRunStatus, dg.DagsterRunStatus]
    killed: tuple[dg.DagsterRunStatus, dg.DagsterRunStatus]
    sockets: set[tuple[str, int]]
    commands: str
    said: str
    status: int
    left: set[int]


def wait_until(what: str, is_so: Callable[[], bool], said: Callable[[], str]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, f"never came: {what}\n{said()[-5000:]}"
        time.sleep(0.5)


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def where_it_is_noon() -> str:
    """A time zone in which the schedule of the nights stays out of the story."""
    east = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-east:+d}" if east else "Etc/GMT"


@pytest.fixture(scope="module")
def shop(
    tmp_path_factory: pytest.TempPathFactory, made_shop: Warehouse, parsed_project: Path
) -> Settings:
    """The made shop after its first night, with the orders of the following day."""
    there, home = made_shop.settings, tmp_path_factory.mktemp("cluster")
    settings = Settings.from_env({"WAREHOUSE_DIR": str(home)})
    settings.create_folders()
    for kept in ("landing", "raw", "serving"):
        shutil.copytree(there.warehouse_dir / kept, home / kept, dirs_exist_ok=True)
    shutil.copytree(parsed_project, settings.dbt_target_dir)
    shutil.copyfile(first_night(made_shop), settings.work_db)
    Shop(LINES).make_day(settings.landing_dir / "orders" / f"{DAY_NAME}.csv")
    for path in settings.landing_dir.rglob("*"):
        os.utime(path, (LONG_AGO, LONG_AGO))
    return settings


@contextmanager
def cluster(environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "dagster_project", "cluster"],
            cwd=PROJECT_DIR,
            env={**os.environ, **environment, "PYTHONPATH": str(PROJECT_DIR)},
            stdout=file,
            stderr=file,
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(120)


@pytest.fixture(scope="module")
def story(shop: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("pg")
    log = folder / "cluster.log"
    code_port, web_port = free_ports(2)
    patched = pytest.MonkeyPatch()
    try:
        with running(Path(f"/tmp/warehouse-cluster-{os.getpid()}"), 40) as postgres:
            environment = {
                "WAREHOUSE_DIR": str(shop.warehouse_dir),
                "DAGSTER_HOME": str(shop.dagster_home),
                "PSEUDONYM_KEY": SECRET,
                "SHOP_TIMEZONE": where_it_is_noon(),
                "DAGSTER_POSTGRES_URL": postgres.url.replace("owner@", f"owner:{PASSWORD}@"),
                "DAGSTER_CODE_SERVER": f"127.0.0.1:{code_port}",
                "DAGSTER_WEB_PORT": str(web_port),
            }
            # For reading Dagster's database beside its processes.
            patched.setenv("DAGSTER_POSTGRES_URL", environment["DAGSTER_POSTGRES_URL"])
            with cluster(environment, log) as process:
                yield _told(shop, process, log, web_port)
    except NotInstalled as error:
        pytest.skip(str(error))
    finally:
        patched.undo()


def _told(shop: Settings, process: subprocess.Popen[bytes], log: Path, web_port: int) -> Story:
    def said() -> str:
        return log.read_text(encoding="utf-8", errors="replace")

    def started() -> bool:
        assert process.poll() is None, said()
        return "\nready: " in said()

    wait_until("all parts", started, said)
    web = DagsterGraphQLClient("127.0.0.1", port_number=web_port)
    with dg.DagsterInstance.from_config(str(shop.dagster_home)) as instance:

        def run(run_id: str) -> dg.DagsterRun:
            found = instance.get_run_by_id(run_id)
            assert found is not None
            return found

        def at_work() -> list[str]:
            chosen = dg.RunsFilter(job_name=NIGHTLY, statuses=[dg.DagsterRunStatus.STARTED])
            return [night.run_id for night in instance.get_runs(chosen)]

        def nights_stand() -> tuple[dg.DagsterRunStatus, dg.DagsterRunStatus]:
            return run(first).status, run(second).status

        wait_until("the sensor's night", lambda: bool(at_work()), said)
        (first,) = at_work()
        page = web.submit_job_execution(DASHBOARD)
        second = web.submit_job_execution(NIGHTLY)
        wait_until("the page", lambda: run(page).is_finished, said)
        beside = nights_stand()
        sockets, tree = listening(process.pid), process_tree(process.pid)
        commands = "\n".join(
            Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ") for pid in tree
        )
        (daemon,) = re.findall(r"^daemon \(process (\d+)\)", said(), re.MULTILINE)
        killed = nights_stand()
        os.kill(int(daemon), signal.SIGKILL)
        wait_until("a new daemon", lambda: "daemon was killed by SIGKILL; started" in said(), said)
        wait_until("the second night", lambda: run(second).is_finished, said)
        tree |= process_tree(process.pid)
        process.send_signal(signal.SIGINT)
        status = process.wait(120)
        records = sorted(instance.get_run_records(), key=lambda record: record.create_timestamp)
        steps = {
            record.dagster_run.run_id: Counter(
                str(entry.get_dagster_event().step_key)
                for entry in instance.all_logs(
                    record.dagster_run.run_id, of_type=dg.DagsterEventType.STEP_START
                )
            )
            for record in records
        }
    left = {pid for pid in tree if Path(f"/proc/{pid}").exists()}
    return Story(
        home=shop.warehouse_dir,
        runs=records,
        steps=steps,
        beside=beside,
        killed=killed,
        sockets=sockets,
        commands=commands,
        said=said(),
        status=status,
        left=left,
    )


def test_nothing_is_lost_and_nothing_run_twice(story: Story) -> None:
    """The daemon was killed with one night at work and one in the queue."""
    assert story.killed == (dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.QUEUED)
    runs = [record.dagster_run for record in story.runs]
    assert [run.job_name for run in runs] == [NIGHTLY, DASHBOARD, NIGHTLY]
    assert {run.status for run in runs} == {dg.DagsterRunStatus.SUCCESS}, story.said[-5000:]
    for run in runs:
        assert set(story.steps[run.run_id].values()) == {1}, run
    assert {"landing__files", "dbt_facts", "serving__marts"} <= set(story.steps[runs[0].run_id])


def test_the_second_night_begins_when_the_first_has_ended(story: Story) -> None:
    first, _, second = story.runs
    assert first.end_time is not None
    assert second.start_time is not None
    assert second.create_timestamp.timestamp() < first.end_time < second.start_time
    # It finds what the first has published.
    assert set(story.steps[second.dagster_run.run_id]) == {"landing__files"}


def test_two_runs_are_at_work_at_once(story: Story) -> None:
    first, page, _ = story.runs
    assert story.beside == (dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.QUEUED)
    assert first.start_time and first.end_time and page.start_time and page.end_time
    assert first.start_time < page.start_time < page.end_time < first.end_time


def test_the_night_published_the_new_orders(story: Story, made_shop: Warehouse) -> None:
    after = Warehouse(Settings.from_env({"WAREHOUSE_DIR": str(story.home)}))
    count = "select count(*) from fct_orders"
    assert after.value(count) > made_shop.value(count)


def test_all_listen_on_the_loopback_only(story: Story) -> None:
    # gRPC takes an address of IPv4 as one of IPv6.
    addresses = [ip_address(address) for address, _ in story.sockets]
    addresses = [getattr(address, "ipv4_mapped", None) or address for address in addresses]
    assert len(addresses) == 2
    assert all(address.is_loopback for address in addresses), story.sockets


def test_the_password_stays_in_the_environment(story: Story) -> None:
    assert "grpc" in story.commands
    assert PASSWORD not in story.commands
    assert PASSWORD not in story.said
    for path in story.home.rglob("*"):
        assert not path.is_file() or PASSWORD.encode() not in path.read_bytes(), path


def test_ctrl_c_ends_all(story: Story) -> None:
    assert story.status == 0
    assert story.left == set()
