"""Starts processes, says when one ends and starts it again, and ends them together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType

from dagster_project.cluster.parts import Part
from dagster_project.settings import PROJECT_DIR

Say = Callable[[str], None]

# The definitions are loaded within some ten seconds; a busy machine takes longer.
_START_SECONDS = 180
_END_SECONDS = 30
# The system takes a moment to clear away what it has killed.
_GONE_SECONDS = 5
# A part that ends so often within so long a time is not started again.
_MOST_ENDS, _WITHIN_SECONDS = 3, 120
_LOOK_SECONDS = 0.5


class PartError(RuntimeError):
    """A part cannot be started, or ends again and again; the message names it."""


@dataclass
class _Running:
    part: Part
    process: subprocess.Popen[bytes]
    ends: deque[float] = field(default_factory=lambda: deque(maxlen=_MOST_ENDS))


def run_together(parts: Sequence[Part], say: Say, ready: Callable[[], None]) -> None:
    """Start `parts` in their order and keep them until Ctrl-C or SIGTERM, then end them all.

    Each is started when the one before it listens. One that ends by itself is started again, which
    is said each time.

    Args:
        parts: those first that others ask.
        say: told what happens.
        ready: called once, when all are up.

    Raises:
        PartError: one cannot be started or ended too often; the others have been ended.
    """
    for part in parts:
        if part.address is not None and _listens(part.address):
            raise PartError(
                f"{part.name}: another program listens on {_shown(part.address)} already"
            )
    running: list[_Running] = []
    with _asked_to_end() as end:
        try:
            for part in parts:
                process = _start(part)
                running.append(_Running(part, process))
                if not _wait_until_it_listens(part, process, end):
                    return
                where = "" if part.address is None else f" on {_shown(part.address)}"
                say(f"{part.name}{where} (process {process.pid})")
            ready()
            while not end.wait(_LOOK_SECONDS):
                for one in running:
                    if one.process.poll() is not None:
                        _start_again(one, say)
        finally:
            say("ending " + ", ".join(one.part.name for one in running))
            for one in reversed(running):
                _end(one.process)


def _start(part: Part) -> subprocess.Popen[bytes]:
    # A session of its own: what it starts itself can be ended with it, and Ctrl-C comes here first.
    return subprocess.Popen(part.command, cwd=PROJECT_DIR, start_new_session=True)


def _start_again(one: _Running, say: Say) -> None:
    code = one.process.returncode
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
    one.ends.append(time.monotonic())
    # What it had started is not left working without it. Killed at once: a run that could still say
    # that it failed would be started again before there is a code server to start it.
    _end(one.process, signals=(signal.SIGKILL,))
    if len(one.ends) == _MOST_ENDS and one.ends[-1] - one.ends[0] < _WITHIN_SECONDS:
        raise PartError(f"{one.part.name} {how}, {_MOST_ENDS} times in {_WITHIN_SECONDS} seconds")
    one.process = _start(one.part)
    say(f"{one.part.name} {how}; started again (process {one.process.pid})")


def _end(
    process: subprocess.Popen[bytes],
    signals: Sequence[signal.Signals] = (signal.SIGTERM, signal.SIGKILL),
) -> None:
    """End a part and whatever it started, and return when they are gone."""
    for how in signals:
        if not _is_there(process):
            return  # its number may be another's by now
        patience = _GONE_SECONDS if how == signal.SIGKILL else _END_SECONDS
        with suppress(ProcessLookupError):
            os.killpg(process.pid, how)
        deadline = time.monotonic() + patience
        while _is_there(process) and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS / 5)


def _is_there(process: subprocess.Popen[bytes]) -> bool:
    """Whether it or something that it started still lives."""
    process.poll()
    try:
        os.killpg(process.pid, 0)
    except ProcessLookupError:
        return False
    return True


def _wait_until_it_listens(
    part: Part, process: subprocess.Popen[bytes], end: threading.Event
) -> bool:
    """False when somebody asked to end meanwhile."""
    deadline = time.monotonic() + _START_SECONDS
    while part.address is not None and not _listens(part.address):
        if process.poll() is not None:
            raise PartError(f"{part.name} ended with {process.returncode} while it started")
        if time.monotonic() > deadline:
            raise PartError(f"{part.name} does not listen after {_START_SECONDS} seconds")
        if end.wait(_LOOK_SECONDS):
            return False
    return True


def _listens(address: tuple[str, int]) -> bool:
    with suppress(OSError), socket.create_connection(address, timeout=1):
        return True
    return False


def _shown(address: tuple[str, int]) -> str:
    return f"{address[0]}:{address[1]}"


@contextmanager
def _asked_to_end() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set, instead of what they did before."""
    end = threading.Event()

    def note(number: int, frame: FrameType | None) -> None:
        end.set()

    before = {one: signal.signal(one, note) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield end
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
