"""Dagster's own settings, made of the warehouse's."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from string import Template

import yaml

from dagster_project.settings import Settings, SettingsError
from dagster_project.work_lock import WORK_POOL

DEFINITIONS = "dagster_project.definitions"
_HERE = Path(__file__).parent


def instance_yaml(settings: Settings) -> str:
    """The text of `dagster.yaml`: SQLite files, or PostgreSQL where a URL is set.

    It holds no secret.
    """
    flavour = "sqlite.yaml" if settings.cluster.postgres_url is None else "postgres.yaml"
    text = "".join((_HERE / name).read_text(encoding="utf-8") for name in ("dagster.yaml", flavour))
    return Template(text).substitute(
        # The folder that Dagster's own storage would use: earlier runs stay visible.
        runs=settings.dagster_home / "history" / "runs",
        workers=settings.cluster.run_workers,
    )


def workspace_yaml(settings: Settings) -> str:
    """The text of the workspace that daemon and web server read: where the code server is."""
    server = {
        "host": settings.cluster.code_host,
        "port": settings.cluster.code_port,
        # The name that Dagster gives the module: schedules and sensors go on as they were.
        "location_name": DEFINITIONS,
    }
    return yaml.safe_dump({"load_from": [{"grpc_server": server}]}, sort_keys=False)


def workspace_path(settings: Settings) -> Path:
    """Where `prepare` puts the workspace."""
    return settings.dagster_home / "workspace.yaml"


def prepare(settings: Settings) -> None:
    """Create the warehouse's folders, and Dagster's own settings in them.

    `dagster.yaml`, and the workspace where Dagster is in several processes.

    Raises:
        SettingsError: what PostgreSQL needs is not installed.
    """
    settings.create_folders()
    settings.export()
    _write(settings.dagster_home / "dagster.yaml", instance_yaml(settings))
    if settings.cluster.postgres_url is None:
        return
    if find_spec("dagster_postgres") is None:
        raise SettingsError(
            "DAGSTER_POSTGRES_URL needs dagster-postgres: "
            "pip install 'customer-analytics-warehouse[cluster]'"
        )
    _write(workspace_path(settings), workspace_yaml(settings))


def open_storage(settings: Settings) -> None:
    """Make Dagster's tables if they are not there, and the pool of one.

    Without the pool the first two runs that a new queue sees would be started together.

    Raises:
        SettingsError: the database does not answer; the message holds no password.
    """
    import dagster as dg
    from dagster_postgres.utils import DagsterPostgresException

    try:
        with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
            instance.event_log_storage.set_concurrency_slots(WORK_POOL, 1)
    except DagsterPostgresException as error:
        raise SettingsError(
            "the database of DAGSTER_POSTGRES_URL does not answer; is it running, and may this "
            f"account log in? {_first_line(error.__cause__)}"
        ) from error


def _first_line(error: BaseException | None) -> str:
    # The driver names host, user and reason in its first line, the password never.
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0]


def _write(target: Path, text: str) -> None:
    # Before anybody holds the warehouse: two that start at once do not share a scratch file.
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(target)
