"""Old runs go with everything that Dagster keeps of them; young ones and the last ones stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from dagster_project.cli import prepare
from dagster_project.operations import retention
from dagster_project.operations.retention import prune_runs
from dagster_project.settings import Settings


@dg.asset(check_specs=[dg.AssetCheckSpec("looked_at", asset="table")])
def table() -> dg.MaterializeResult:  # type: ignore[type-arg]
    """A run's output."""
    return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True)])


def files_of(home: Path, run_id: str) -> list[Path]:
    return [path for path in home.rglob("*") if run_id in str(path) and path.is_file()]


def test_old_runs_go_with_all_their_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_ALWAYS_KEPT", 1)
    settings = Settings.from_env({"WAREHOUSE_DIR": str(tmp_path)})
    prepare(settings)
    job = dg.Definitions([table]).resolve_implicit_global_asset_job_def()
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        old, last = (job.execute_in_process(instance=instance).run_id for _ in range(2))
        for run_id in (old, last):
            assert files_of(settings.dagster_home, run_id), run_id
        now = datetime.now(UTC)
        assert prune_runs(instance, 30, now + timedelta(days=29)) == 0
        # The last run stays, however old.
        assert prune_runs(instance, 30, now + timedelta(days=31)) == 1
        assert [run.run_id for run in instance.get_runs()] == [last]
        assert files_of(settings.dagster_home, old) == []
        assert files_of(settings.dagster_home, last)
        with instance.event_log_storage.index_connection() as connection:  # type: ignore[attr-defined]
            for kept in ("event_logs", "asset_check_executions"):
                rows = connection.exec_driver_sql(f"select distinct run_id from {kept}").fetchall()
                assert rows == [(last,)], kept
        assert job.execute_in_process(instance=instance).success
