"""A small Spark cluster of processes on this machine, for tests and benchmarks."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_STARTED_SECONDS = 60


@dataclass
class Cluster:
    """A master and its workers, each a process of its own on loopback.

    Attributes:
        url: what `SPARK_MASTER` names.
        workers: in the order they were started.
    """

    url: str
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)


@contextmanager
def cluster(folder: Path, workers: int = 2, memory: str = "1g") -> Iterator[Cluster]:
    """A standalone Spark cluster of pyspark's own package; gone when the block ends.

    Args:
        folder: for logs and the workers' scratch files.
        workers: how many, each with one core.
        memory: of each worker.
    """
    master, url = _start(
        folder,
        "master",
        ["org.apache.spark.deploy.master.Master", "--host", "127.0.0.1", "--port", "0",
         "--webui-port", "0"],
        r"Starting Spark master at (spark://[0-9.:]+)",
    )  # fmt: skip
    made = Cluster(url)
    try:
        for number in range(workers):
            worker, _ = _start(
                folder,
                f"worker-{number}",
                ["org.apache.spark.deploy.worker.Worker", "--host", "127.0.0.1",
                 "--webui-port", "0", "--cores", "1", "--memory", memory,
                 "--work-dir", str(folder / f"work-{number}"), url],
                r"Successfully registered with master",
            )  # fmt: skip
            made.workers.append(worker)
        yield made
    finally:
        for process in (*made.workers, master):
            process.kill()
            process.wait()


def _start(
    folder: Path, name: str, command: list[str], ready: str
) -> tuple[subprocess.Popen[bytes], str]:
    """Start a process; returns it with what `ready` (or its group) found in its log."""
    import pyspark

    home = Path(pyspark.__file__).parent
    log = folder / f"{name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [home / "bin" / "spark-class", *command],
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1",
                 "SPARK_CONF_DIR": str(home / "conf"), "SPARK_NO_DAEMONIZE": "1",
                 "PYSPARK_PYTHON": sys.executable},
        )  # fmt: skip
    for _ in range(_STARTED_SECONDS * 10):
        if found := re.search(ready, log.read_text(encoding="utf-8", errors="replace")):
            return process, found.group(found.lastindex or 0)
        if process.poll() is not None:
            break
        time.sleep(0.1)
    process.kill()
    raise RuntimeError(f"the {name} did not start: {log.read_text(encoding='utf-8')[-2000:]}")
