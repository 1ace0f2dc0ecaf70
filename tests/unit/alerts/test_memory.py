"""No storm: what is said once is not said again until it changes, is over, or a day has passed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dagster_project.alerts import memory
from dagster_project.alerts.memory import Occasion, Said, occasion
from dagster_project.alerts.troubles import Kind, Text, Trouble

NOW = datetime(2026, 11, 29, 18, tzinfo=UTC)


def trouble(key: str, kind: Kind = Kind.FAILED) -> Trouble:
    return Trouble(key, kind, Text(key, key), Text("", ""))


def told(*keys: str, hours_ago: float = 1) -> Said:
    return Said(frozenset(keys), NOW - timedelta(hours=hours_ago))


def test_the_first_trouble_is_said_and_the_same_again_is_not() -> None:
    assert occasion(None, [trouble("a")], NOW) == Occasion.NEW
    assert occasion(told("a"), [trouble("a")], NOW) is None
    assert occasion(told(), [trouble("a")], NOW) == Occasion.NEW


def test_a_change_is_said_in_either_direction() -> None:
    assert occasion(told("a"), [trouble("a"), trouble("b")], NOW) == Occasion.CHANGED
    assert occasion(told("a", "b"), [trouble("a")], NOW) == Occasion.CHANGED


def test_all_well_is_said_once_and_never_without_a_trouble_before() -> None:
    assert occasion(told("a"), [], NOW) == Occasion.OVER
    assert occasion(told(), [], NOW) is None
    assert occasion(None, [], NOW) is None


def test_who_did_not_act_is_reminded_once_a_day() -> None:
    assert occasion(told("a", hours_ago=22.9), [trouble("a")], NOW) is None
    assert occasion(told("a", hours_ago=23.1), [trouble("a")], NOW) == Occasion.REMINDER
    # A refused file or a warning does not come back every day.
    for kind in (Kind.REFUSED, Kind.SOURCE_LATE, Kind.WARNING):
        assert occasion(told("a", hours_ago=500), [trouble("a", kind)], NOW) is None


def test_a_storm_of_looks_gives_a_message_a_day() -> None:
    """A look every minute for three days, at a trouble that begins at once and stays."""
    said: Said | None = None
    occasions = []
    for minute in range(3 * 24 * 60):
        now = NOW + timedelta(minutes=minute)
        found = occasion(said, [trouble("a")], now)
        if found is not None:
            occasions.append(found)
            said = Said(frozenset({"a"}), now)
    assert occasions == [Occasion.NEW] + [Occasion.REMINDER] * 3


def test_the_memory_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "alerts" / "said.json"
    assert memory.read(path) == {}
    said = {"dingtalk": told("a", "拒收 b.csv"), "email": told()}
    memory.write(path, said)
    assert memory.read(path) == said
    for broken in ("", "[]", '{"email": 3}', '{"email": {"keys": [], "at": "yesterday"}}'):
        path.write_text(broken)
        assert memory.read(path) == {}


def test_a_kill_while_it_is_written_leaves_the_old_or_the_new_memory(tmp_path: Path) -> None:
    path = tmp_path / "said.json"
    writer = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from pathlib import Path; from datetime import datetime, UTC\n"
            "from dagster_project.alerts.memory import Said, write\n"
            "for n in range(10**9):\n"
            "    keys = frozenset(f'{n}-{m}' for m in range(2000))\n"
            "    write(Path(sys.argv[1]), {'email': Said(keys, datetime.now(UTC))})\n"
            "    if n == 0: print('written', flush=True)",
            str(path),
        ],
        stdout=subprocess.PIPE,
    )
    assert writer.stdout is not None
    writer.stdout.readline()
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    found = memory.read(path)["email"].keys
    assert len(found) == 2000
    assert len({key.split("-")[0] for key in found}) == 1
