"""What each receiver was told last, and whether there is something to say again.

The memory holds keys of troubles (names of rules, steps, sources and files), never a row's key.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from dagster_project.alerts.troubles import Trouble

# Less than a day: a night that fails five minutes sooner than the one before is a day later, too.
REMIND_AFTER = timedelta(hours=23)


class Occasion(StrEnum):
    """Why something is said."""

    NEW = "new"
    CHANGED = "changed"
    REMINDER = "reminder"
    OVER = "over"


@dataclass(frozen=True)
class Said:
    """The last message that a receiver took.

    Attributes:
        keys: of the troubles in it; empty after the message that all is well again.
        at: when, with a zone.
    """

    keys: frozenset[str]
    at: datetime


def occasion(said: Said | None, troubles: Sequence[Trouble], now: datetime) -> Occasion | None:
    """Whether a receiver is to be told of the troubles there are now; None for silence.

    Args:
        said: what it was told last; None for nothing yet.
        troubles: of this look.
        now: with a zone.
    """
    keys = frozenset(trouble.key for trouble in troubles)
    before = said.keys if said is not None else frozenset()
    if said is None or not before:
        return Occasion.NEW if keys else None
    if not keys:
        return Occasion.OVER
    if keys != before:
        return Occasion.CHANGED
    urgent = any(trouble.kind.urgent for trouble in troubles)
    return Occasion.REMINDER if urgent and now - said.at >= REMIND_AFTER else None


def read(path: Path) -> dict[str, Said]:
    """What each receiver was told, by its name; nothing when there is no memory to read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {
            receiver: Said(frozenset(one["keys"]), datetime.fromisoformat(one["at"]))
            for receiver, one in found.items()
        }
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}  # a message too many is harmless


def write(path: Path, said: Mapping[str, Said]) -> None:
    """Replace the memory; a kill leaves the old one or the new one."""
    document = {
        receiver: {"keys": sorted(one.keys), "at": one.at.isoformat()}
        for receiver, one in said.items()
    }
    write_whole(path, json.dumps(document, ensure_ascii=False, indent=1))


def write_whole(path: Path, text: str) -> None:
    """Write a small file that is there as it was or as it is to be, never a part of it."""
    path.parent.mkdir(0o700, parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with unfinished.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)
