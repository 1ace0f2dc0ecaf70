"""A warehouse in a temporary folder and the real nightly job on it."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any
from unittest.mock import patch

import dagster as dg
import duckdb
import pytest
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner
from dbt.contracts.graph.manifest import Manifest

from dagster_project import work_lock
from dagster_project.automation.jobs import NIGHTLY
from dagster_project.definitions import build_definitions
from dagster_project.settings import Settings
from dagster_project.transformation import assets as dbt_assets
from dagster_project.transformation.dbt_run import WarehouseDbt
from dagster_project.transformation.project import DBT_PROJECT_DIR, load_project
from tests.pipeline.every_format import drop_everything
from tests.pipeline.hashes import TableHash, table_hashes
from tests.pipeline.made_shop import write_exports

SECRET = "a secret of the tests"


def pseudonym(text: str) -> str:
    """What stands for a personal value below the raw layer, with the secret of the tests."""
    inner = sha256((SECRET + text).encode()).hexdigest()
    return sha256((SECRET + inner).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Warehouse:
    """A warehouse of its own, with the job that a shop runs at night.

    Attributes:
        settings: where everything lives.
        marts: its nights materialise these with all that they are made of, as somebody does who
            picks them in Dagster. Nothing is published then, and they are read where they were
            made. Empty for everything.
    """

    settings: Settings
    marts: tuple[str, ...] = ()

    def making(self, *marts: str) -> Warehouse:
        """The same warehouse for a test that reads only these: its nights take half the time."""
        return replace(self, marts=marts)

    @property
    def landing(self) -> Path:
        """Where the test drops files."""
        return self.settings.landing_dir

    def nightly(
        self,
        partition: str | None = None,
        history: dg.DagsterInstance | None = None,
        *,
        data_tests: bool = False,
    ) -> dg.ExecuteInProcessResult:
        """Run the job `nightly` and return Dagster's result, failed or not.

        Args:
            partition: a day of a history.
            history: where the run is kept; None for one that is gone afterwards.
            data_tests: dbt's own tests, half of what dbt runs at night, run too. Most tests build
                tables for other reasons. The gates always run.
        """
        left_out = [] if data_tests else ["--exclude-resource-type", "test"]
        kept = nullcontext(history) if history is not None else dg.DagsterInstance.ephemeral()
        with (
            patch.object(dbt_assets, "BUILD", [*dbt_assets.BUILD, *left_out]),
            patch.object(WarehouseDbt, "_read_project", _read_once),
            kept as instance,
        ):
            definitions = build_definitions(self.settings)
            return definitions.resolve_job_def(NIGHTLY).execute_in_process(
                instance=instance,
                partition_key=partition,
                asset_selection=_asked_for(definitions, self.marts),
                raise_on_error=False,
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )

    def dbt(self, *arguments: str) -> None:
        """Run dbt on the work database by itself."""
        self.settings.export()
        project = load_project(self.settings)
        manifest = _read_once(WarehouseDbt(project, dbt_assets.WarehouseTranslator()))
        places = ["--project-dir", str(DBT_PROJECT_DIR), "--profiles-dir", str(DBT_PROJECT_DIR)]
        ended = dbtRunner(manifest).invoke(["--quiet", *arguments, *places])
        # dbt would hold the database until this process ends.
        DuckDBConnectionManager.close_all_connections()
        assert ended.success, ended.exception or ended.result

    @contextmanager
    def published(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The published marts, opened as a BI tool does."""
        if self.marts:
            with self.work() as connection:
                connection.execute("use marts")
                yield connection
            return
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

    def hashes(self) -> dict[str, TableHash]:
        """Row count and content hash of every published table, whatever the order of rows."""
        with self.published() as connection:
            return table_hashes(connection)


# Read once by a process of tests: dbt reads all of it for each new place of the database.
_projects: dict[tuple[str | None, ...], Manifest] = {}
_read_project = WarehouseDbt._read_project


def _read_once(dbt: WarehouseDbt) -> Manifest:
    said = (dbt._project.target, os.environ.get("IDENTITY_RULE"), os.environ.get("FRESH_HOURS"))
    if said not in _projects:
        _projects[said] = _read_project(dbt)
    return _projects[said]


def _asked_for(definitions: dg.Definitions, marts: Collection[str]) -> list[dg.AssetKey] | None:
    if not marts:
        return None
    chosen = dg.AssetSelection.assets(*(dg.AssetKey(["marts", name]) for name in marts))
    # The tables of one fitted model are made together.
    made = chosen.upstream().required_multi_asset_neighbors()
    return list(made.resolve(definitions.resolve_asset_graph()))


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


@pytest.fixture(scope="session")
def made_shop(tmp_path_factory: pytest.TempPathFactory, parsed_project: Path) -> Warehouse:
    """The made shop after its first night; one for all processes of a test run.

    Who changes its work database or reports must be in one module; the published marts stay.
    """
    return _after_first_night(tmp_path_factory, parsed_project, "made-shop", write_exports)


@pytest.fixture(scope="session")
def every_shop(tmp_path_factory: pytest.TempPathFactory, parsed_project: Path) -> Warehouse:
    """A shop with one export of every format, shared in the same way."""
    return _after_first_night(tmp_path_factory, parsed_project, "every-shop", drop_everything)


@contextmanager
def in_turn(warehouse: Warehouse) -> Iterator[None]:
    """Work on a shared warehouse and leave it to the next of the processes that share it.

    A process that takes a warehouse's lock holds it until it ends: here only inside the block.
    """
    with (warehouse.settings.warehouse_dir / "lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        with patch.dict(work_lock._held):
            yield


def first_night(warehouse: Warehouse) -> Path:
    """A shared shop's work database as its first night left it, whatever tests did since."""
    home = warehouse.settings.warehouse_dir
    return home.with_name(f"{home.name}-first-night") / warehouse.settings.work_db.name


def _after_first_night(
    tmp_path_factory: pytest.TempPathFactory,
    parsed_project: Path,
    name: str,
    write: Callable[[Path], None],
) -> Warehouse:
    base = tmp_path_factory.getbasetemp()
    home = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    settings = Settings.from_env({"WAREHOUSE_DIR": str(home), "PSEUDONYM_KEY": SECRET})
    warehouse = Warehouse(settings)
    home.mkdir(exist_ok=True)
    with in_turn(warehouse):
        copy = first_night(warehouse)
        if not copy.is_file():
            settings.create_folders()
            shutil.copytree(parsed_project, settings.dbt_target_dir, dirs_exist_ok=True)
            write(settings.landing_dir)
            assert warehouse.nightly(data_tests=True).success
            copy.parent.mkdir(exist_ok=True)
            shutil.copyfile(settings.work_db, copy)
    return warehouse
