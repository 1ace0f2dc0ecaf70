"""Processes that are kept together: an end is said and mended, and all of them end at once."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dagster_project.cluster import foreman
from dagster_project.cluster.foreman import PartError, run_together
from dagster_project.cluster.parts import Part

LISTENS = """
import socket, sys, time
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    server.accept()[0].close()
"""
# Starts a process of its own, as the code server does for a run, and writes down its number.
HAS_A_CHILD = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open(sys.argv[1], "w").write(str(child.pid))
time.sleep(600)
"""


def python(name: str, code: str, *arguments: str, port: int | None = None) -> Part:
    address = None if port is None else ("127.0.0.1", port)
    return Part(name, (sys.executable, "-c", code, *arguments), address)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def is_there(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def number_in(path: Path) -> int:
    for _ in range(200):
        if path.exists() and path.read_text():
            return int(path.read_text())
        time.sleep(0.05)
    raise AssertionError(path)


def end_when(is_so: Callable[[], bool], with_signal: signal.Signals) -> threading.Thread:
    """Send this process a signal, as Ctrl-C or the system does."""

    def watch() -> None:
        for _ in range(600):
            if is_so():
                break
            time.sleep(0.05)
        os.kill(os.getpid(), with_signal)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("with_signal", [signal.SIGINT, signal.SIGTERM])
def test_all_end_together_with_what_they_started(
    tmp_path: Path, with_signal: signal.Signals
) -> None:
    port, said, ready = free_port(), [], threading.Event()
    parts = [
        python("first", LISTENS, str(port), port=port),
        python("second", HAS_A_CHILD, str(tmp_path / "child")),
    ]
    handlers = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    thread = end_when(lambda: ready.is_set() and (tmp_path / "child").exists(), with_signal)
    run_together(parts, said.append, ready.set)
    thread.join()
    assert not is_there(number_in(tmp_path / "child"))
    assert f"first on 127.0.0.1:{port}" in said[0]
    assert said[-1] == "ending first, second"
    assert handlers == [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=1)


def test_a_killed_part_is_started_again_and_that_is_said(tmp_path: Path) -> None:
    said: list[str] = []
    child = tmp_path / "child"
    first: list[int] = []

    def kill_it() -> None:
        first.append(number_in(child))
        (started,) = [line for line in said if line.startswith("part")]
        os.kill(int(started.split("process ")[1].rstrip(")")), signal.SIGKILL)

    killer: list[threading.Thread] = []

    def ready() -> None:
        killer.append(threading.Thread(target=kill_it, daemon=True))
        killer[0].start()

    end_when(lambda: any("started again" in line for line in said), signal.SIGINT)
    run_together([python("part", HAS_A_CHILD, str(child))], said.append, ready)
    killer[0].join()
    assert [line for line in said if line.startswith("part was killed by SIGKILL; started again")]
    # What the killed one had started does not go on beside the new one.
    assert not is_there(first[0])


def test_one_that_ends_again_and_again_ends_the_others(tmp_path: Path) -> None:
    said: list[str] = []
    parts = [python("steady", HAS_A_CHILD, str(tmp_path / "child")), python("hasty", "exit(3)")]
    with pytest.raises(PartError, match="hasty ended with 3, 3 times in 120 seconds"):
        run_together(parts, said.append, lambda: None)
    assert sum("hasty ended with 3; started again" in line for line in said) == 2
    assert not is_there(number_in(tmp_path / "child"))


def test_a_taken_port_is_said_before_anything_is_started() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        parts = [python("part", "exit(0)", port=port)]
        with pytest.raises(PartError, match=f"another program listens on 127.0.0.1:{port} already"):
            run_together(parts, lambda line: pytest.fail(line), lambda: None)


def test_one_that_does_not_come_up_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    with pytest.raises(PartError, match="part ended with 4 while it started"):
        run_together([python("part", "exit(4)", port=port)], lambda line: None, lambda: None)
    monkeypatch.setattr(foreman, "_START_SECONDS", 0.5)
    silent = python("part", "import time; time.sleep(600)", port=port)
    with pytest.raises(PartError, match="part does not listen after"):
        run_together([silent], lambda line: None, lambda: None)
