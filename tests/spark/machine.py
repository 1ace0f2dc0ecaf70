"""Whether this machine can run the tests of Spark, and a Spark Connect server on it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dagster_project.settings import Settings
from dagster_project.spark.conf import write_conf
from tests.receivers import free_port

needs_spark = pytest.mark.skipif(
    importlib.util.find_spec("pyspark") is None or shutil.which("java") is None,
    reason="no Spark here; make spark-setup installs it, and it needs Java 17",
)

_STARTED_SECONDS = 60


@contextmanager
def connect_server(folder: Path) -> Iterator[str]:
    """A Spark Connect server with the configuration of the warehouse in `folder`; gives its URL."""
    import pyspark

    settings = Settings.from_env({"WAREHOUSE_DIR": str(folder), "DBT_TARGET": "spark_local"})
    settings.create_folders()
    write_conf(settings)
    home, port, log = Path(pyspark.__file__).parent, free_port(), folder / "connect.log"
    command = ["org.apache.spark.deploy.SparkSubmit", "--class",
               "org.apache.spark.sql.connect.service.SparkConnectServer", "--conf",
               "spark.connect.grpc.binding.address=127.0.0.1", "--conf",
               f"spark.connect.grpc.binding.port={port}", "spark-internal"]  # fmt: skip
    with log.open("wb") as out:
        server = subprocess.Popen(
            [home / "bin" / "spark-class", *command],
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1",
                 "SPARK_CONF_DIR": str(settings.spark_conf_dir)},
        )  # fmt: skip
    try:
        for _ in range(_STARTED_SECONDS * 10):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert server.poll() is None, log.read_text(encoding="utf-8")[-2000:]
            time.sleep(0.1)
        yield f"sc://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()
