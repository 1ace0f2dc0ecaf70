"""Two nights on a cluster of two workers, one of which is killed: the tables of DuckDB."""

from __future__ import annotations

import shutil
import time
from contextlib import ExitStack
from dataclasses import dataclass
from glob import glob
from pathlib import Path

import duckdb
import pytest

from benchmarks.spark_cluster import Cluster, cluster
from dagster_project.settings import Settings
from tests.pipeline.conftest import Warehouse, first_night
from tests.pipeline.made_shop import write_exports, write_next_day
from tests.spark.machine import needs_spark
from tests.spark.nights import start_night
from tests.spark.parity import compare

pytestmark = needs_spark

_MOST_SECONDS = 1_800


@dataclass(frozen=True)
class Nights:
    """Two nights on the cluster, the second over one more file.

    Attributes:
        settings: of its warehouse.
        killed_while: how many tables of the facts stood when a worker was killed.
        first: what the first night published.
    """

    settings: Settings
    killed_while: int
    first: Path


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Nights:
    home = tmp_path_factory.mktemp("on-spark")
    settings = Settings.from_env({"WAREHOUSE_DIR": str(home / "shop"), "DBT_TARGET": "spark_local"})
    settings.create_folders()
    logs = home / "logs"
    logs.mkdir()
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        # Processes of minutes: what the better compiler makes faster costs more than it saves.
        patch.setenv("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1")
        made = stack.enter_context(cluster(logs))
        write_exports(settings.landing_dir)
        killed_while = _night(settings, made, logs / "first.log", kills=True)
        first = Path(shutil.copyfile(settings.serving_db, home / "first.duckdb"))
        write_next_day(settings.landing_dir)
        _night(settings, made, logs / "second.log", kills=False)
    return Nights(settings, killed_while, first)


def _night(settings: Settings, made: Cluster, log: Path, *, kills: bool) -> int:
    """Run a night; where it kills a worker, returns how many tables stood then."""
    running = start_night(
        settings.warehouse_dir,
        log,
        DBT_TARGET="spark",
        SPARK_MASTER=made.url,
        SPARK_DRIVER_MEMORY="1g",
    )
    killed_while = 0
    # Not a path's own glob: that stumbles over a folder that Spark takes away meanwhile.
    tables = str(settings.lake_tables_dir / "intermediate.db" / "*" / "*.parquet")
    try:
        for _ in range(_MOST_SECONDS):
            if running.poll() is not None:
                break
            if kills and not killed_while and (built := len(glob(tables))) > 10:  # noqa: PTH207
                made.workers[0].kill()
                killed_while = built
            time.sleep(1)
    finally:
        running.kill()
    assert running.wait() == 0, log.read_text(encoding="utf-8")[-4000:]
    return killed_while


def test_a_night_outlives_one_of_its_workers(nights: Nights) -> None:
    assert nights.killed_while > 10


def test_every_published_table_is_the_one_of_duckdb(nights: Nights, made_shop: Warehouse) -> None:
    _assert_same(made_shop.settings.serving_db, nights.first)


def test_so_it_is_after_a_day(nights: Nights, made_shop: Warehouse, tmp_path: Path) -> None:
    settings = Settings.from_env({"WAREHOUSE_DIR": str(tmp_path / "shop")})
    settings.create_folders()
    shutil.copyfile(first_night(made_shop), settings.work_db)
    write_exports(settings.landing_dir)
    write_next_day(settings.landing_dir)
    log = tmp_path / "night.log"
    assert start_night(settings.warehouse_dir, log).wait() == 0, log.read_text()[-4000:]
    _assert_same(settings.serving_db, nights.settings.serving_db)


def test_a_day_builds_what_it_touches(nights: Nights) -> None:
    with duckdb.connect(str(nights.settings.work_db), read_only=True) as connection:
        touched, orders = connection.sql(
            "select (select count(*) from intermediate.int_touched_orders), "
            "(select count(*) from marts.fct_orders)"
        ).fetchall()[0]
    assert 0 < touched < orders / 10


def _assert_same(on_duckdb: Path, on_spark: Path) -> None:
    compared = compare(on_duckdb, on_spark)
    assert len(compared) > 50
    assert [one for one in compared if not one.is_equal] == []
    assert sum(one.rows[0] > 0 for one in compared) > 40
