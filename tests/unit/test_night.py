"""When the nightly job runs next, by the shop's clock."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dagster_project.automation.night import next_night


@pytest.mark.parametrize(
    ("now", "timezone", "expected"),
    [
        # 01:59 and 02:00 in Shanghai are 17:59 and 18:00 of the day before in UTC.
        ("2026-03-01T17:59:00", "Asia/Shanghai", "2026-03-02T02:00:00+08:00"),
        ("2026-03-01T18:00:00", "Asia/Shanghai", "2026-03-03T02:00:00+08:00"),
        ("2026-12-31T23:00:00", "UTC", "2027-01-01T02:00:00+00:00"),
        # In Berlin this is the night without 02:00 to 03:00; the day after has it again.
        ("2026-03-29T12:00:00", "Europe/Berlin", "2026-03-30T02:00:00+02:00"),
    ],
)
def test_next_night(now: str, timezone: str, expected: str) -> None:
    found = next_night(datetime.fromisoformat(now).replace(tzinfo=UTC), timezone)
    assert found.isoformat() == expected
