"""A whole night on a cluster of two workers, one of which is killed: the tables of DuckDB."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from benchmarks.spark_cluster import cluster
from dagster_project.settings import Settings
from tests.pipeline.conftest import Warehouse
from tests.pipeline.made_shop import write_exports
from tests.spark.machine import needs_spark
from tests.spark.nights import start_night
from tests.spark.parity import compare

pytestmark = needs_spark

_MOST_SECONDS = 1_800


@dataclass(frozen=True)
class Night:
    """A night on the cluster.

    Attributes:
        settings: of its warehouse.
        killed_while: how many tables of the facts stood when a worker was killed.
    """

    settings: Settings
    killed_while: int


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Night]:
    home = tmp_path_factory.mktemp("on-spark")
    settings = Settings.from_env({"WAREHOUSE_DIR": str(home / "shop"), "DBT_TARGET": "spark_local"})
    settings.create_folders()
    write_exports(settings.landing_dir)
    logs = home / "logs"
    logs.mkdir()
    with cluster(logs) as made:
        running = start_night(
            settings.warehouse_dir,
            logs / "night.log",
            DBT_TARGET="spark",
            SPARK_MASTER=made.url,
            SPARK_DRIVER_MEMORY="1g",
        )
        killed_while = 0
        try:
            for _ in range(_MOST_SECONDS):
                if running.poll() is not None:
                    break
                built = len(list(settings.lake_tables_dir.glob("intermediate.db/*/*.parquet")))
                if not killed_while and built > 10:
                    made.workers[0].kill()
                    killed_while = built
                time.sleep(1)
        finally:
            running.kill()
        assert running.wait() == 0, (logs / "night.log").read_text(encoding="utf-8")[-4000:]
    yield Night(settings, killed_while)


def test_a_night_outlives_one_of_its_workers(night: Night) -> None:
    assert night.killed_while > 10


def test_every_published_table_is_the_one_of_duckdb(night: Night, made_shop: Warehouse) -> None:
    compared = compare(made_shop.settings.serving_db, night.settings.serving_db)
    assert len(compared) > 50
    assert [one for one in compared if not one.is_equal] == []
    assert sum(one.rows[0] > 0 for one in compared) > 40
