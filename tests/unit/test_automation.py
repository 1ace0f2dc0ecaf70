"""The pure parts of automation: as-of variable, landing fingerprint, the lock over a run."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from datetime import date
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import text

from dagster_project.automation.jobs import build_automation
from dagster_project.automation.landing import landing_state
from dagster_project.automation.run_log import RunLog
from dagster_project.cli import prepare
from dagster_project.settings import Settings
from dagster_project.transformation.vars import LATEST_PARTITION, as_of_variable
from dagster_project.work_lock import WorkDatabaseBusyError, hold_work_database


@pytest.mark.parametrize(
    ("partition", "configured", "expected"),
    [
        (None, None, "latest"),
        (LATEST_PARTITION, None, "latest"),
        (LATEST_PARTITION, date(2024, 5, 1), "2024-05-01"),
        (None, date(2024, 5, 1), "2024-05-01"),
        ("2023-01-31", date(2024, 5, 1), "2023-01-31"),
    ],
)
def test_as_of_variable(partition: str | None, configured: date | None, expected: str) -> None:
    assert as_of_variable(partition, configured) == expected


def test_state_waits_for_files_to_settle_and_sees_changes(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("a")
    os.utime(file, (1_000, 1_000))
    assert landing_state(tmp_path, settled_before=999, now=1_059) is None
    first = landing_state(tmp_path, settled_before=2_000, now=2_060)
    assert first == landing_state(tmp_path, settled_before=3_000, now=3_060)
    # The clock was set back by an hour: the file does not wait until it has caught up.
    assert landing_state(tmp_path, settled_before=-2_660, now=-2_600) == first
    file.write_text("ab")
    os.utime(file, (1_000, 1_000))
    assert landing_state(tmp_path, settled_before=2_000, now=2_060) != first


def test_sensor_asks_for_a_run_when_files_came_and_not_when_they_went(tmp_path: Path) -> None:
    settings = Settings.from_env({"WAREHOUSE_DIR": str(tmp_path)})
    settings.create_folders()
    (sensor,) = build_automation(settings).sensors or []
    assert isinstance(sensor, dg.SensorDefinition)
    cursor: str | None = None

    def ask() -> dg.RunRequest | dg.SkipReason:
        nonlocal cursor
        context = dg.build_sensor_context(cursor=cursor)
        answer = sensor(context)
        cursor = context.cursor
        assert isinstance(answer, dg.RunRequest | dg.SkipReason)
        return answer

    assert isinstance(ask(), dg.SkipReason)
    good, bad = settings.landing_dir / "good.csv", settings.landing_dir / "bad.csv"
    for file in (good, bad):
        file.write_text("a")
    assert isinstance(ask(), dg.SkipReason)  # still settling
    for file in (good, bad):
        os.utime(file, (1_000, 1_000))
    assert isinstance(ask(), dg.RunRequest)
    bad.unlink()  # refused by the run
    assert isinstance(ask(), dg.SkipReason)


def test_a_second_process_is_told_to_wait(tmp_path: Path) -> None:
    settings = Settings.from_env({"WAREHOUSE_DIR": str(tmp_path)})
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent(
                """
                from dagster_project.settings import Settings
                from dagster_project.work_lock import hold_work_database
                hold_work_database(Settings.from_env())
                print("held", flush=True)
                input()
                """
            ),
        ],
        env={**os.environ, "WAREHOUSE_DIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(WorkDatabaseBusyError, match=str(holder.pid)):
        hold_work_database(settings)
    # A killed run leaves no lock behind.
    holder.kill()
    holder.wait()
    hold_work_database(settings)


def _materialise(instance: dg.DagsterInstance) -> str:
    @dg.asset
    def table() -> None: ...

    return dg.materialize([table], instance=instance).run_id


def test_the_run_log_is_dagsters_own_without_a_connection_an_event(tmp_path: Path) -> None:
    settings = Settings.from_env({"WAREHOUSE_DIR": str(tmp_path)})
    settings.create_folders()
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as plain:
        earlier = _materialise(plain)  # before this storage was configured
    prepare(settings)
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        log = instance.event_log_storage
        assert isinstance(log, RunLog)
        assert any(entry.is_dagster_event for entry in instance.all_logs(earlier))
        runs = [_materialise(instance) for _ in range(6)]  # more than it keeps open
        with log.run_connection(runs[-1]) as first, first.begin_nested():
            assert first.execute(text("pragma synchronous")).scalar() == 0
            raw = first.connection.dbapi_connection
        with log.run_connection(runs[-1]) as second:
            assert second.connection.dbapi_connection is raw
        # A reader of its own, as the web UI is, sees them all while this one is open.
        with dg.DagsterInstance.from_config(str(settings.dagster_home)) as reader:
            assert all(len(reader.all_logs(run)) > 5 for run in runs)
            latest = reader.get_latest_materialization_event(dg.AssetKey("table"))
            assert latest is not None and latest.run_id == runs[-1]
