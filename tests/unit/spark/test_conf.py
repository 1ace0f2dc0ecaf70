"""Where Spark runs, and that it opens no port to the network on one machine."""

from __future__ import annotations

import os
from pathlib import Path
from unittest.mock import patch

import pytest

from dagster_project.settings import Settings, SettingsError
from dagster_project.spark.conf import spark_properties, write_conf


def settings(tmp_path: Path, **environ: str) -> Settings:
    return Settings.from_env({"WAREHOUSE_DIR": str(tmp_path), **environ})


@pytest.mark.parametrize(
    ("environ", "loopback"),
    [
        ({"DBT_TARGET": "spark_local"}, True),
        ({"DBT_TARGET": "spark", "SPARK_MASTER": "spark://127.0.0.1:7077"}, True),
        # Workers elsewhere must reach the driver.
        ({"DBT_TARGET": "spark", "SPARK_MASTER": "spark://cluster.example:7077"}, False),
    ],
)
def test_ports_are_on_loopback_unless_the_cluster_is_elsewhere(
    tmp_path: Path, environ: dict[str, str], loopback: bool
) -> None:
    properties = spark_properties(settings(tmp_path, **environ))
    assert (properties.get("spark.driver.bindAddress") == "127.0.0.1") is loopback
    assert properties["spark.master"] == environ.get("SPARK_MASTER", "local[*]")
    assert properties["spark.ui.enabled"] == "false"


def test_the_configuration_is_written_into_the_warehouse(tmp_path: Path) -> None:
    made = settings(tmp_path, DBT_TARGET="spark_local", LAKE_DIR=str(tmp_path / "lake of all"))
    write_conf(made)
    lines = (made.spark_conf_dir / "spark-defaults.conf").read_text(encoding="utf-8").splitlines()
    properties = dict(line.split(" ", 1) for line in lines)
    assert properties == spark_properties(made)
    assert properties["spark.sql.warehouse.dir"].endswith("/lake%20of%20all/tables")


def test_a_configuration_of_the_cluster_is_left_alone(tmp_path: Path) -> None:
    conf = tmp_path / "cluster"
    conf.mkdir()
    made = settings(tmp_path / "shop", DBT_TARGET="spark_local", SPARK_CONF_DIR=str(conf))
    write_conf(made)
    assert list(conf.iterdir()) == []
    assert made.spark_conf_dir == conf


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"DBT_TARGET": "spark"}, "DBT_TARGET=spark needs SPARK_MASTER"),
        (
            {"DBT_TARGET": "spark", "SPARK_MASTER": "spark://a:7077", "SPARK_REMOTE": "sc://a"},
            "and not both",
        ),
        ({"DBT_TARGET": "sparc"}, "use one of duckdb, spark_local, spark"),
        ({"SPARK_DRIVER_MEMORY": "4 GB"}, "write it as 4g"),
        ({"SPARK_SHUFFLE_PARTITIONS": "many"}, "SPARK_SHUFFLE_PARTITIONS"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(
    tmp_path: Path, environ: dict[str, str], said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        settings(tmp_path, **environ)


def test_spark_in_this_process_does_not_become_a_remote_one(
    tmp_path: Path,
) -> None:
    with patch.dict(os.environ, {"SPARK_REMOTE": "sc://elsewhere:15002"}):
        settings(tmp_path, DBT_TARGET="spark_local").export()
        assert "SPARK_REMOTE" not in os.environ
        settings(tmp_path, DBT_TARGET="spark", SPARK_REMOTE="sc://there:15002").export()
        assert os.environ["SPARK_REMOTE"] == "sc://there:15002"
