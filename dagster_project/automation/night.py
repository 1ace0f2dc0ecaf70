"""When the nightly job runs: pure functions, without Dagster."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

# The shop's night: after the platforms' own day has ended and before anybody reads a dashboard.
NIGHT_HOUR = 2


def next_night(now: datetime, timezone: str) -> datetime:
    """The next moment of the nightly schedule after `now`.

    Args:
        now: a moment with a zone.
        timezone: IANA name of the shop's zone, which the result is in.
    """
    local = now.astimezone(ZoneInfo(timezone))
    tonight = local.replace(hour=NIGHT_HOUR, minute=0, second=0, microsecond=0)
    return tonight if tonight > local else tonight + timedelta(days=1)
