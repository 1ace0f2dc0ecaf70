"""A warehouse in a temporary folder and the real nightly job on it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from dagster_project.automation.jobs import NIGHTLY
from dagster_project.definitions import build_definitions
from dagster_project.settings import Settings
from dagster_project.transformation.project import DBT_PROJECT_DIR, load_project

# What a run writes about itself; everything else must be the same whenever it is run.
RUN_LOG_COLUMNS = {"ingested_files": {"exported_at", "loaded_at"}, "mart_status": {"built_at"}}
RUN_LOG_TABLES = {"quality_results"}

SECRET = "a secret of the tests"


def pseudonym(text: str) -> str:
    """What stands for a personal value below the raw layer, with the secret of the tests."""
    inner = sha256((SECRET + text).encode()).hexdigest()
    return sha256((SECRET + inner).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Warehouse:
    """A warehouse of its own, with the job that a shop runs at night."""

    settings: Settings

    @property
    def landing(self) -> Path:
        """Where the test drops files."""
        return self.settings.landing_dir

    def nightly(self, partition: str | None = None) -> dg.ExecuteInProcessResult:
        """Run the job `nightly` and return Dagster's result, failed or not."""
        job = build_definitions(self.settings).resolve_job_def(NIGHTLY)
        with dg.DagsterInstance.ephemeral() as instance:
            return job.execute_in_process(
                instance=instance,
                partition_key=partition,
                raise_on_error=False,
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )

    def dbt(self, *arguments: str) -> None:
        """Run dbt on the work database by itself."""
        self.settings.export()
        subprocess.run(
            [Path(sys.executable).with_name("dbt"), "--quiet", *arguments],
            cwd=DBT_PROJECT_DIR,
            env={**os.environ, "DBT_PROFILES_DIR": str(DBT_PROJECT_DIR)},
            check=True,
        )

    @contextmanager
    def published(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The published marts, opened as a BI tool does."""
        with duckdb.connect() as connection:
            connection.execute(f"attach '{self.settings.serving_db}' as shop (read_only)")
            connection.execute("use shop.marts")
            yield connection

    @contextmanager
    def work(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The work database, read-only."""
        with duckdb.connect(str(self.settings.work_db), read_only=True) as connection:
            yield connection

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query on the published marts."""
        with self.published() as connection:
            return connection.execute(query).fetchall()

    def value(self, query: str) -> Any:
        """The first value of a query on the published marts."""
        return self.rows(query)[0][0]

    def hashes(self) -> dict[str, tuple[Any, ...]]:
        """Row count and content hash of every published table, whatever the order of rows."""
        with self.published() as connection:
            found: dict[str, tuple[Any, ...]] = {}
            for table in [name for (name,) in connection.execute("show tables").fetchall()]:
                columns = [
                    name
                    for name, *_ in connection.execute(f"describe {table}").fetchall()
                    if name not in RUN_LOG_COLUMNS.get(table, set())
                ]
                if table not in RUN_LOG_TABLES:
                    row = connection.execute(
                        "select count(*), bit_xor(md5_number(to_json(r)::varchar)) "
                        f"from (select {', '.join(columns)} from {table}) as r"
                    ).fetchone()
                    found[table] = row or ()
            return found


@pytest.fixture(scope="session")
def parsed_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """dbt's parsed project, so that not every warehouse parses it again."""
    home = tmp_path_factory.mktemp("parsed")
    settings = Settings.from_env({"WAREHOUSE_DIR": str(home)})
    settings.create_folders()
    settings.export()
    load_project(settings)
    return settings.dbt_target_dir


@pytest.fixture(scope="session")
def new_warehouse(
    tmp_path_factory: pytest.TempPathFactory, parsed_project: Path
) -> Callable[..., Warehouse]:
    """Make an empty warehouse; keyword arguments are environment variables."""

    def make(**environ: str) -> Warehouse:
        home = tmp_path_factory.mktemp("warehouse")
        settings = Settings.from_env(
            {"WAREHOUSE_DIR": str(home), "PSEUDONYM_KEY": SECRET, **environ}
        )
        settings.create_folders()
        shutil.copytree(parsed_project, settings.dbt_target_dir)
        return Warehouse(settings)

    return make
