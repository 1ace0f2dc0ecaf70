"""What a process and all that it starts cost: seconds, CPU seconds, memory, disk."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

_PAGE, _TICKS = os.sysconf("SC_PAGE_SIZE"), os.sysconf("SC_CLK_TCK")
# Looking at all processes costs a few milliseconds, which the measured one is without.
_SAMPLE_SECONDS = 0.25
_DISK_SAMPLES = 4  # the folder is walked once in so many samples


@dataclass(frozen=True)
class Cost:
    """One run.

    Attributes:
        wall_seconds: from start to end.
        cpu_seconds: user and system time of the process and every descendant. The larger of what
            the system adds up for descendants that were waited for, and the sum of what was last
            seen of each process in /proc: a JVM that its parent leaves alone is in the second only,
            a process of a moment in the first only.
        peak_megabytes: largest sum of the resident memory of the whole process tree, sampled from
            /proc four times a second (10⁶ bytes; memory that processes share counts for each), and
            at least the most that one process of it held, for those of a moment.
        disk_megabytes: most bytes that stood in the folder at once, sampled once a second.
    """

    wall_seconds: float
    cpu_seconds: float
    peak_megabytes: float
    disk_megabytes: float

    def as_dict(self) -> dict[str, float]:
        """The figures, rounded for a report."""
        return {name: round(value, 3) for name, value in asdict(self).items()}


class RunFailedError(RuntimeError):
    """A measured process ended with an error; the message holds the end of what it wrote."""


def measure(
    command: Sequence[str | Path],
    folder: Path,
    *,
    cwd: Path,
    environment: Mapping[str, str],
    timeout: float | None = None,
) -> Cost:
    """Run a command and measure it.

    Args:
        command: the process.
        folder: where it writes; its size is watched. What it says is kept in `output.log` there.
        cwd: its working directory.
        environment: all of its environment.
        timeout: seconds after which it is stopped, and everything it started.

    Raises:
        RunFailedError: it did not end with 0, or not in time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "output.log"
    with log.open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command],
            cwd=cwd,
            env=dict(environment),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        watch = _Watch(process.pid, folder)
        watch.start()
        timer = threading.Timer(timeout, os.killpg, (process.pid, 9)) if timeout else None
        if timer:
            timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if timer:
            timer.cancel()
        watch.stop()
    if process.returncode:
        text = log.read_text(encoding="utf-8", errors="replace")[-3000:]
        raise RunFailedError(f"{command[1:3]} ended with {process.returncode}:\n{text}")
    cpu = max(usage.ru_utime + usage.ru_stime, sum(watch.ticks.values()) / _TICKS)
    memory = max(watch.memory, usage.ru_maxrss * 1024)
    return Cost(wall, cpu, memory / 1e6, watch.disk / 1e6)


class _Watch(threading.Thread):
    """Samples a process tree and a folder until it is stopped."""

    def __init__(self, pid: int, folder: Path) -> None:
        super().__init__(daemon=True)
        self._pid, self._folder, self._ended = pid, folder, threading.Event()
        self.memory, self.disk = 0, 0
        self.ticks: dict[int, int] = {}  # of CPU, of each process that was seen

    def run(self) -> None:
        samples = 0
        while not self._ended.wait(_SAMPLE_SECONDS):
            tree = _tree(self._pid)
            self.memory = max(self.memory, sum(pages for pages, _ in tree.values()) * _PAGE)
            self.ticks.update((pid, ticks) for pid, (_, ticks) in tree.items())
            if samples % _DISK_SAMPLES == 0:
                self.disk = max(self.disk, _size(self._folder))
            samples += 1

    def stop(self) -> None:
        """End the sampling, with a last look at the disk."""
        self._ended.set()
        self.join()
        self.disk = max(self.disk, _size(self._folder))


def _tree(root: int) -> dict[int, tuple[int, int]]:
    """Resident pages and ticks of CPU of a process and all its descendants."""
    parents: dict[int, int] = {}
    seen: dict[int, tuple[int, int]] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            # After the name, which may hold anything: state, parent, …, utime and stime as the 12th
            # and 13th, resident pages as the 22nd.
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pid = int(entry.name)
        parents[pid] = int(fields[1])
        seen[pid] = (int(fields[21]), int(fields[11]) + int(fields[12]))
    found = {root}
    for pid in parents:
        chain, ancestor = [], pid
        while ancestor not in found and ancestor in parents:
            chain.append(ancestor)
            ancestor = parents[ancestor]
        if ancestor in found:
            found.update(chain)
    return {pid: seen[pid] for pid in found if pid in seen}


def _size(folder: Path) -> int:
    """Bytes on disk; a file with several names counts once."""
    sizes: dict[int, int] = {}
    # Unlike a glob this goes on when a folder is removed under its feet, as Spark's are.
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                status = Path(parent, name).lstat()
            except OSError:
                continue
            sizes[status.st_ino] = status.st_blocks * 512
    return sum(sizes.values())
