"""Processes of the harness: forked, so that a night need not import Dagster and dbt again.

The parent must have no DuckDB connection open when it forks, so whatever opens one is a child.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")

_TICK_SECONDS = 0.02
_CPU_TICKS = os.sysconf("SC_CLK_TCK")
_CRASHED = 99


@dataclass(frozen=True)
class Ended:
    """How a process ended.

    Attributes:
        status: its exit status, or the negative number of the signal that killed it.
        output: what it printed.
        seconds: wall time.
        cpu_seconds: of it and its threads.
    """

    status: int
    output: str
    seconds: float
    cpu_seconds: float

    @property
    def killed(self) -> bool:
        """Whether SIGKILL ended it."""
        return self.status == -signal.SIGKILL


class Child:
    """A forked process that runs `action`; its exit status is what that returns."""

    def __init__(self, action: Callable[[], int], log: Path) -> None:
        """Fork now; what the child prints goes to `log`."""
        self._log = log
        self._started = time.monotonic()
        self.pid = os.fork()
        if self.pid == 0:
            _become(action, log)

    def kill_at_cpu_seconds(self, seconds: float) -> None:
        """SIGKILL it when it has used so much of the processors, or let it end before."""
        while self.is_alive():
            if self.cpu_seconds() >= seconds:
                os.kill(self.pid, signal.SIGKILL)
                return
            time.sleep(_TICK_SECONDS)

    def wait_for_output(self, text: str) -> None:
        """Wait until it has printed `text` or has ended."""
        while self.is_alive() and text not in self._output():
            time.sleep(_TICK_SECONDS)

    def is_alive(self) -> bool:
        """Whether it is still running."""
        state = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2]
        return state.split()[0] != "Z"

    def cpu_seconds(self) -> float:
        """What it has used of the processors so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2]
        user, system = fields.split()[11:13]
        return (int(user) + int(system)) / _CPU_TICKS

    def wait(self) -> Ended:
        """Wait for its end."""
        _, status, usage = os.wait4(self.pid, 0)
        return Ended(
            os.waitstatus_to_exitcode(status),
            self._output(),
            time.monotonic() - self._started,
            usage.ru_utime + usage.ru_stime,
        )

    def _output(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""


class Asked:
    """A forked process that prepares something, waits to be asked, and then answers."""

    def __init__(self, action: Callable[[Callable[[], None]], object]) -> None:
        """Fork now; return when the child waits.

        Args:
            action: is given a function that waits for the question; what it returns is the answer
                and must be picklable.
        """
        self._answer, answer_out = os.pipe()
        ready, ready_out = os.pipe()
        question, self._question = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._question)

            def wait_for_question() -> None:
                os.close(ready_out)
                os.read(question, 1)

            _answer(lambda: action(wait_for_question), answer_out)
        for descriptor in (answer_out, ready_out, question):
            os.close(descriptor)
        os.read(ready, 1)  # ends when the child closes its end, waiting or dead
        os.close(ready)

    def answer(self) -> Any:
        """Ask, and return what `action` returned.

        Raises:
            RuntimeError: it raised; with its traceback.
        """
        os.close(self._question)
        return _received(self._answer, self._pid)


def call(action: Callable[[], T]) -> T:
    """Run `action` in a child and return what it returned, which must be picklable.

    Raises:
        RuntimeError: it raised; with its traceback.
    """
    answer_in, answer_out = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(answer_in)
        _answer(action, answer_out)
    os.close(answer_out)
    found: T = _received(answer_in, pid)
    return found


def _received(pipe_end: int, pid: int) -> Any:
    with os.fdopen(pipe_end, "rb") as pipe:
        data = pipe.read()
    os.waitpid(pid, 0)
    if not data:
        raise RuntimeError("the child died without an answer")
    ok, value = pickle.loads(data)
    if not ok:
        raise RuntimeError(value)
    return value


def _answer(action: Callable[[], object], answer_out: int) -> NoReturn:
    try:
        packed = pickle.dumps((True, action()))
    except BaseException:
        packed = pickle.dumps((False, traceback.format_exc()))
    with os.fdopen(answer_out, "wb") as pipe:
        pipe.write(packed)
    os._exit(0)


def _become(action: Callable[[], int], log: Path) -> NoReturn:
    status = _CRASHED
    try:
        descriptor = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o644)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        status = action()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
