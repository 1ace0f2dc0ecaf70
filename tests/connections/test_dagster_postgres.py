"""Dagster's history in a real PostgreSQL: its connections are kept, runs and people forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import text

from dagster_project.cluster.instance import open_storage, prepare
from dagster_project.cluster.storage import KeptConnections
from dagster_project.operations import retention
from dagster_project.operations.retention import prune_runs
from dagster_project.privacy.dagster_database import find_in_database, scrub_database
from dagster_project.settings import Settings
from dagster_project.work_lock import WORK_POOL
from tests.connections.conftest import Postgres

# As a person is known; the signs of the account mean something in patterns.
NAME, PHONE, ACCOUNT = "张小梅", "13712345678", "Mei+(shop)@example.cn"
NEEDLES = [NAME, PHONE, ACCOUNT]


@dg.asset(check_specs=[dg.AssetCheckSpec("looked_at", asset="table")])
def table(context) -> dg.MaterializeResult:  # type: ignore[type-arg]
    context.log.info(f"{NAME} has phone {PHONE}")
    return dg.MaterializeResult(
        metadata={"keys": f"{ACCOUNT.upper()}, {NAME}"},
        check_results=[dg.AssetCheckResult(passed=True, metadata={"row": PHONE})],
    )


@pytest.fixture
def shop(tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    url = postgres.url
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", url)
    postgres.run("drop schema public cascade; create schema public")
    settings = Settings.from_env({"WAREHOUSE_DIR": str(tmp_path), "DAGSTER_POSTGRES_URL": url})
    prepare(settings)
    open_storage(settings)
    yield settings
    postgres.run("drop schema public cascade; create schema public")


def opened(settings: Settings) -> dg.DagsterInstance:
    return dg.DagsterInstance.from_config(str(settings.dagster_home))


def materialise(instance: dg.DagsterInstance) -> str:
    result = dg.materialize([table], instance=instance)
    assert result.success
    return result.run_id


def test_the_pool_of_one_is_there_before_the_first_run(shop: Settings) -> None:
    open_storage(shop)  # each part does it when it starts
    with opened(shop) as instance:
        (pool,) = instance.event_log_storage.get_pool_limits()
        assert (pool.name, pool.limit) == (WORK_POOL, 1)


def test_a_run_logs_over_connections_that_are_kept(shop: Settings) -> None:
    """Dagster's own storage makes a new one for each event."""
    with opened(shop) as instance:
        storage = instance._ref.storage if instance._ref else None
        assert isinstance(storage, KeptConnections)
        assert instance.event_log_storage.__class__.__name__ == "KeptEvents"
        used = set()
        for _ in range(5):
            with instance.event_log_storage.index_connection() as one:  # type: ignore[attr-defined]
                used.add(one.execute(text("select pg_backend_pid()")).scalar())
        assert len(used) == 1


def test_they_are_made_anew_when_the_server_was(shop: Settings, postgres: Postgres) -> None:
    with opened(shop) as instance:
        first = materialise(instance)
        postgres.stop()
        postgres.start()
        second = materialise(instance)
        assert {run.run_id for run in instance.get_runs()} == {first, second}


def test_dagsters_web_server_can_ask(shop: Settings) -> None:
    with opened(shop) as instance:
        run_id = materialise(instance)
        instance.optimize_for_webserver(statement_timeout=5_000, pool_recycle=60, max_overflow=5)
        assert [run.run_id for run in instance.get_runs()] == [run_id]


def test_old_runs_go_with_their_checks(shop: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_ALWAYS_KEPT", 1)
    with opened(shop) as instance:
        _, last = materialise(instance), materialise(instance)
        assert prune_runs(instance, 30, datetime.now(UTC) + timedelta(days=31)) == 1
        with instance.event_log_storage.index_connection() as connection:  # type: ignore[attr-defined]
            for kept in ("runs", "event_logs", "asset_check_executions"):
                rows = connection.exec_driver_sql(f"select distinct run_id from {kept}").fetchall()
                assert [tuple(row) for row in rows] == [(last,)], kept


def test_a_person_is_erased_from_it(shop: Settings, postgres: Postgres) -> None:
    with opened(shop) as instance:
        run_id = materialise(instance)
        found = find_in_database(postgres.url, NEEDLES)
        assert {"event_logs.event", "asset_check_executions.evaluation_event"} <= set(found)
        assert scrub_database(postgres.url, NEEDLES) >= 2
        assert find_in_database(postgres.url, NEEDLES) == []
        assert scrub_database(postgres.url, NEEDLES) == 0
        # What is left can be read, and says that something stood there.
        logs = [entry.user_message for entry in instance.all_logs(run_id)]
        assert "erased has phone erased" in logs
        assert instance.get_latest_materialization_event(dg.AssetKey("table")) is not None
