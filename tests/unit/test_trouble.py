"""What a person is told of a full disk, a broken and an open database; what a killed run leaves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from dagster_project.automation.names import NIGHTLY
from dagster_project.automation.run_ends import FROM_A_SHELL, close_killed_runs, failed_steps
from dagster_project.cli import nightly
from dagster_project.leftovers import remove_leftovers
from dagster_project.settings import Settings
from dagster_project.transformation.project import is_whole
from dagster_project.trouble import what_to_do
from dagster_project.work_lock import WorkDatabaseBrokenError, hold_work_database


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings.from_env({"WAREHOUSE_DIR": str(tmp_path)})
    settings.create_folders()
    return settings


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        ("[Errno 28] No space left on device: 'x'", "make room"),
        ("(sqlite3.OperationalError) database or disk is full", "make room"),
        ("(sqlite3.OperationalError) disk I/O error", "make room"),
        ('IO Error: Could not set lock on file "w.duckdb"', "Close it"),
        ("Corrupt database file: computed checksum 1 does not match stored checksum 2", "backup"),
        ("Catalog Error: Table with name x does not exist", None),
    ],
)
def test_advice(error: str, advice: str | None) -> None:
    said = what_to_do(error, "w.duckdb")
    assert (said is None) if advice is None else (said is not None and advice in said)


@pytest.mark.parametrize("damage", ["empty", "noise", "half"])
def test_a_broken_work_database_is_named_before_anything_is_written(
    settings: Settings, damage: str
) -> None:
    with duckdb.connect(str(settings.work_db)) as connection:
        connection.execute("create table t as select range as i from range(1000000)")
    whole = settings.work_db.read_bytes()
    broken = {"empty": b"", "noise": b"?" * len(whole), "half": whole[: len(whole) // 2]}[damage]
    settings.work_db.write_bytes(broken)
    # A child takes the lock: this process would hold it until its end.
    ended = subprocess.run(
        [sys.executable, "-m", "dagster_project", "nightly"],
        env={**os.environ, "WAREHOUSE_DIR": str(settings.warehouse_dir)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert str(settings.work_db) in ended.stderr
    assert "backup" in ended.stderr and "Traceback" not in ended.stderr
    assert settings.work_db.read_bytes() == broken
    with pytest.raises(WorkDatabaseBrokenError):
        hold_work_database(settings)


def test_a_database_that_somebody_has_open_is_not_broken(settings: Settings) -> None:
    holder = subprocess.Popen(
        [
            *(sys.executable, "-c"),
            f"import duckdb; c = duckdb.connect({str(settings.work_db)!r}); "
            "print('open', flush=True); input()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None and holder.stdout.readline()
    hold_work_database(settings)
    holder.kill()
    holder.wait()


def test_a_full_disk_is_said_without_a_traceback(
    settings: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dagster_project.cli.prepare", unreadable)
    assert nightly(settings, None) == 1
    assert "The disk is full" in capsys.readouterr().err


def test_only_what_gone_processes_left_is_removed(settings: Settings) -> None:
    alive, gone = os.getpid(), _gone_process()
    home = settings.warehouse_dir
    left = [
        *("serving/marts.duckdb.tmp", "serving/marts.duckdb.tmp.wal", "work/last_run.json.tmp"),
        *("raw/ab/.abcd.csv.77.tmp", "work/quality/marts.json.tmp", f".pseudonym.key.{gone}"),
        *(f"reports/.index.html.{gone}", "serving/parquet.tmp/a.parquet"),
        *("serving/history/.as_of_date=2024-01-01.tmp/a.parquet", "reports/quality.new/a.html"),
        f"dagster/.dagster.yaml.{gone}",
    ]
    kept = [
        *("serving/marts.duckdb", "serving/parquet/a.parquet", "raw/ab/abcd.csv"),
        *("landing/.hidden.tmp", f"reports/.index.html.{alive}", "work/tmp/spilled"),
        *("work/warehouse.duckdb.wal", "reports/quality/a.html"),
    ]
    for name in (*left, *kept):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).touch()
    remove_leftovers(settings)
    assert not [name for name in left if (home / name).exists()]
    assert all((home / name).exists() for name in kept)


def test_a_manifest_that_dbt_was_killed_writing_is_not_whole(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    for text, whole in (('{"nodes": {}}', True), ('{"nodes": {"a": {}', False), ("", False)):
        manifest.write_text(text)
        assert is_whole(manifest) is whole


def _gone_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_runs_that_a_killed_shell_left_running_are_closed_and_no_others() -> None:
    @dg.op
    def stop() -> None:
        try:
            raise ValueError("the innermost reason")
        except ValueError as error:
            raise RuntimeError("around it") from error

    @dg.job(name=NIGHTLY)
    def job() -> None:
        stop()

    with dg.DagsterInstance.ephemeral() as instance:
        running = dg.DagsterRunStatus.STARTED
        killed = instance.create_run_for_job(job, status=running, tags=FROM_A_SHELL)
        daemons = instance.create_run_for_job(job, status=running)
        assert close_killed_runs(instance) == [killed.run_id]
        assert instance.get_run_by_id(killed.run_id).status is dg.DagsterRunStatus.FAILURE
        assert instance.get_run_by_id(daemons.run_id).status is running
        result = job.execute_in_process(instance=instance, raise_on_error=False)
        ((step, cause),) = failed_steps(result.all_events)
        assert step == "stop" and "the innermost reason" in cause
