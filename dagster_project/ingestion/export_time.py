"""When a file was exported: of two exports of the same order the later one is right."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

# A run of digits with nothing numeric around it, or a date written with separators; after it
# perhaps a time. Longer runs of digits are order numbers and the like.
_COMPACT = re.compile(r"(?<![0-9])(20[0-9]{6})(?:[-_T ]?([0-9]{6}|[0-9]{4}))?(?![0-9])")
_SEPARATED = re.compile(
    r"(?<![0-9])(20[0-9]{2})[-_.年](1[0-2]|0?[1-9])[-_.月]([0-3]?[0-9])(?![0-9])"
    r"(?:日)?(?:[-_T ]+([0-2][0-9])[-_:.时]?([0-5][0-9])(?:[-_:.分]?([0-5][0-9]))?(?![0-9]))?"
)


def export_time(relative: str, modified_at: float, time_zone: str) -> datetime:
    """The moment a file was exported, in the shop's time zone.

    The date (and time) in the file's name says it, the last one where there are several; else the
    one in the nearest folder's name; else the time the file was last modified. A date after that
    is no export time but the end of a period that lies ahead.

    Args:
        relative: path below the landing folder, with `/`.
        modified_at: seconds since 1970.
        time_zone: IANA name of the shop's zone.
    """
    zone = ZoneInfo(time_zone)
    modified = datetime.fromtimestamp(modified_at, zone).replace(tzinfo=None, microsecond=0)
    for part in reversed(PurePosixPath(relative).parts):
        named = [moment for moment in _moments(part) if moment <= modified + timedelta(days=1)]
        if named:
            return max(named)
    return modified


def _moments(name: str) -> list[datetime]:
    found = []
    for day, clock in _COMPACT.findall(name):
        digits = (day + clock).ljust(14, "0")
        found.append([int(digits[:4]), *(int(digits[i : i + 2]) for i in range(4, 14, 2))])
    for parts in _SEPARATED.findall(name):
        found.append([int(part or 0) for part in parts])
    return [moment for parts in found if (moment := _moment(parts)) is not None]


def _moment(parts: list[int]) -> datetime | None:
    try:
        return datetime(*parts)  # type: ignore[arg-type]
    except ValueError:
        return None  # digits that only look like a date
