"""Dagster's settings, made of the warehouse's: nothing secret in a file, one night at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.run_coordinator import QueuedRunCoordinator
from rich.console import Console

from dagster_project.cluster import instance
from dagster_project.cluster.command import run
from dagster_project.cluster.instance import instance_yaml, prepare, workspace_yaml
from dagster_project.cluster.parts import code_server, daemon, web_server
from dagster_project.definitions import defs
from dagster_project.settings import Settings, SettingsError
from dagster_project.work_lock import WORK_POOL

URL = "postgresql://dagster:a-secret@127.0.0.1:1/dagster"


def settings_of(home: Path, **environ: str) -> Settings:
    return Settings.from_env({"WAREHOUSE_DIR": str(home), **environ})


@pytest.mark.parametrize("environ", [{}, {"DAGSTER_POSTGRES_URL": URL}], ids=["files", "postgres"])
def test_both_kinds_share_what_is_not_storage(tmp_path: Path, environ: dict[str, str]) -> None:
    settings = settings_of(tmp_path, **environ)
    prepare(settings)
    loaded = yaml.safe_load((settings.dagster_home / "dagster.yaml").read_text(encoding="utf-8"))
    assert loaded["telemetry"] == {"enabled": False}
    assert loaded["run_monitoring"] == {"enabled": True, "poll_interval_seconds": 30}
    assert loaded["run_retries"]["max_retries"] == 1
    assert loaded["retention"]["schedule"]["purge_after_days"] == 90
    assert all("a-secret" not in path.read_text() for path in settings.dagster_home.iterdir())
    assert (settings.dagster_home / "workspace.yaml").exists() == bool(environ)


def test_workers_and_the_pool_of_one(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, DAGSTER_POSTGRES_URL=URL, RUN_WORKERS="5")
    loaded = yaml.safe_load(instance_yaml(settings))
    assert loaded["concurrency"] == {
        "runs": {"max_concurrent_runs": 5},
        "pools": {"granularity": "run", "default_limit": 1},
    }
    assert loaded["storage"]["custom"]["config"] == {
        "postgres_url": {"env": "DAGSTER_POSTGRES_URL"}
    }


def test_without_postgres_one_run_goes_at_a_time(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    prepare(settings)
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as loaded:
        assert isinstance(loaded.run_coordinator, QueuedRunCoordinator)
        config = loaded.get_concurrency_config().run_queue_config
        assert config is not None
        assert config.max_concurrent_runs == 1


def steps_that_write() -> Iterator[dg.OpDefinition]:
    repository = defs.get_repository_def()
    for key in repository.assets_defs_by_key:
        yield repository.assets_defs_by_key[key].op
    for checks in repository.asset_checks_defs_by_key.values():
        yield checks.op


def test_every_step_that_works_on_the_warehouse_is_in_the_pool() -> None:
    """A step outside the pool would fail on the lock instead of waiting."""
    pools = {op.name: op.pool for op in steps_that_write() if isinstance(op, dg.OpDefinition)}
    assert {"dbt_facts", "dbt_marts", "gate_raw", "landing__files", "serving__marts"} <= set(pools)
    assert set(pools.values()) == {WORK_POOL}


def test_parts_meet_where_the_settings_say(tmp_path: Path) -> None:
    settings = settings_of(
        tmp_path,
        DAGSTER_POSTGRES_URL=URL,
        DAGSTER_CODE_SERVER="code.shop.internal:4100",
        DAGSTER_WEB_PORT="3100",
    )
    (server,) = yaml.safe_load(workspace_yaml(settings))["load_from"]
    assert server["grpc_server"]["host"] == "code.shop.internal"
    assert server["grpc_server"]["port"] == 4100
    # Where the code server is found is one thing, where it listens another.
    assert code_server(settings).address == ("127.0.0.1", 4100)
    assert web_server(settings).address == ("127.0.0.1", 3100)
    assert code_server(settings, "10.0.0.7").address == ("10.0.0.7", 4100)
    for part in (daemon(settings), web_server(settings)):
        assert str(settings.dagster_home / "workspace.yaml") in part.command
    commands = [part.command for part in (code_server(settings), daemon(settings))]
    assert all("a-secret" not in word for command in commands for word in command)


def test_without_a_database_the_command_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="DAGSTER_POSTGRES_URL is not set"):
        run(settings_of(tmp_path), Console(), None, "127.0.0.1")
    assert not (tmp_path / "dagster").exists()


def test_a_database_that_does_not_answer_is_said_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_POSTGRES_URL", URL)
    monkeypatch.setattr("dagster_postgres.utils.calculate_delay", lambda **_: 0)
    with pytest.raises(SettingsError, match="does not answer") as caught:
        run(settings_of(tmp_path, DAGSTER_POSTGRES_URL=URL), Console(), None, "127.0.0.1")
    assert "127.0.0.1" in str(caught.value)
    assert "a-secret" not in str(caught.value)


def test_the_extra_is_named_when_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instance, "find_spec", lambda name: None)
    with pytest.raises(SettingsError, match=r"customer-analytics-warehouse\[cluster\]"):
        prepare(settings_of(tmp_path, DAGSTER_POSTGRES_URL=URL))
