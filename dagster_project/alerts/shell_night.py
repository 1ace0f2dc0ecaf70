"""A note of the night that runs from a shell, so that one that was killed is noticed.

Dagster's daemon finds its own runs when their process is gone. Nobody watches a run from cron: it
leaves this note when it begins and completes it when it ends, however it ended.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dagster_project.alerts.memory import write_whole
from dagster_project.settings import Settings


@dataclass(frozen=True)
class ShellNight:
    """The last night from a shell.

    Attributes:
        began_at: with a zone.
        ended: False while it runs, and for ever when it was killed.
        error: class of what broke it off; None when its run came to an end.
    """

    began_at: datetime
    ended: bool
    error: str | None


def write(settings: Settings, night: ShellNight) -> None:
    """Replace the note."""
    document = {
        "began_at": night.began_at.isoformat(),
        "ended": night.ended,
        "error": night.error,
    }
    write_whole(_path(settings), json.dumps(document, indent=1))


def read(settings: Settings) -> ShellNight | None:
    """The note; None when there is none to read."""
    try:
        found = json.loads(_path(settings).read_text(encoding="utf-8"))
        return ShellNight(
            datetime.fromisoformat(found["began_at"]), bool(found["ended"]), found["error"]
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _path(settings: Settings) -> Path:
    return settings.alerts_dir / "shell_night.json"
