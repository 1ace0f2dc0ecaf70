"""The days of the lunar calendar in the seed of seasons, against the sky and against a library.

The rules are those of the Chinese calendar since 1645 in its form of 1928 (China Standard Time): a
month begins on the day of the new moon; the winter solstice lies in month 11; when twelve new moons
lie between two solstices' months instead of eleven, the first month without a major solar term
(the sun at a multiple of 30 degrees) is a leap month. Positions: Jean Meeus, Astronomical
Algorithms, 2nd edition, chapters 25 (sun, within 0.01 degrees) and 49 (new moon; without its
smallest terms within two minutes, and no new moon of these years is that near to midnight).
"""

from __future__ import annotations

import csv
from datetime import date, timedelta
from functools import cache
from math import floor, radians, sin

import duckdb
import pytest

from dagster_project.settings import DBT_PROJECT_DIR

SEED = DBT_PROJECT_DIR / "seeds" / "shopping_seasons.csv"
YEARS = range(2009, 2036)
# Julian day of 1 January 2000, 0 h, in China Standard Time (UTC+8).
_EPOCH = 2451544.5 - 8 / 24
# Terrestrial time runs ahead of UTC by 66 s in 2009 and some 75 s in 2035.
_DELTA_T_DAYS = 70 / 86400

# Meeus, table 49.A: coefficient of the new moon's true time, and multiples of the sun's anomaly M,
# the moon's M', its argument of latitude F, its node Ω; power of the eccentricity E.
_NEW_MOON = (
    (-0.40720, 0, 1, 0, 0, 0),
    (0.17241, 1, 0, 0, 0, 1),
    (0.01608, 0, 2, 0, 0, 0),
    (0.01039, 0, 0, 2, 0, 0),
    (0.00739, -1, 1, 0, 0, 1),
    (-0.00514, 1, 1, 0, 0, 1),
    (0.00208, 2, 0, 0, 0, 2),
    (-0.00111, 0, 1, -2, 0, 0),
    (-0.00057, 0, 1, 2, 0, 0),
    (0.00056, 1, 2, 0, 0, 1),
    (-0.00042, 0, 3, 0, 0, 0),
    (0.00042, 1, 0, 2, 0, 1),
    (0.00038, 1, 0, -2, 0, 1),
    (-0.00024, -1, 2, 0, 0, 1),
    (-0.00017, 0, 0, 0, 1, 0),
)


def new_moon(number: int) -> float:
    """Julian day (UTC) of a new moon; number 0 is that of 6 January 2000."""
    t = number / 1236.85
    mean = 2451550.09766 + 29.530588861 * number + 0.00015437 * t * t
    eccentricity = 1 - 0.002516 * t - 0.0000074 * t * t
    sun = radians(2.5534 + 29.10535670 * number)
    moon = radians(201.5643 + 385.81693528 * number + 0.0107582 * t * t)
    latitude = radians(160.7108 + 390.67050284 * number - 0.0016118 * t * t)
    node = radians(124.7746 - 1.56375588 * number + 0.0020672 * t * t)
    correction = sum(
        amount * eccentricity**power * sin(a * sun + b * moon + c * latitude + d * node)
        for amount, a, b, c, d, power in _NEW_MOON
    )
    return mean + correction - _DELTA_T_DAYS


def sun_longitude(julian_day: float) -> float:
    """Apparent longitude of the sun in degrees, from a Julian day (UTC)."""
    t = (julian_day + _DELTA_T_DAYS - 2451545.0) / 36525
    anomaly = radians(357.52911 + 35999.05029 * t)
    centre = (
        (1.914602 - 0.004817 * t) * sin(anomaly)
        + 0.019993 * sin(2 * anomaly)
        + 0.000289 * sin(3 * anomaly)
    )
    node = radians(125.04 - 1934.136 * t)
    return (280.46646 + 36000.76983 * t + centre - 0.00569 - 0.00478 * sin(node)) % 360


def _midnight(day: date) -> float:
    return _EPOCH + (day - date(2000, 1, 1)).days


def _new_moon_day(number: int) -> date:
    return date(2000, 1, 1) + timedelta(days=floor(new_moon(number) - _EPOCH))


def _solstice_month(year: int) -> int:
    """Number of the new moon that begins month 11 of a year."""
    solstice = next(
        day
        for day in (date(year, 12, 19) + timedelta(days=n) for n in range(6))
        if sun_longitude(_midnight(day)) < 270 <= sun_longitude(_midnight(day + timedelta(days=1)))
    )
    number = floor((solstice - date(2000, 1, 6)).days / 29.530588) + 1
    while _new_moon_day(number) > solstice:
        number -= 1
    return number


def _has_major_term(number: int) -> bool:
    begins = sun_longitude(_midnight(_new_moon_day(number)))
    ends = sun_longitude(_midnight(_new_moon_day(number + 1)))
    return floor(begins / 30) != floor(ends / 30)


@cache
def _months(year: int) -> dict[int, date]:
    """First days of the months 1 to 10 of a Chinese year; leap months are left out."""
    first, last = _solstice_month(year - 1), _solstice_month(year)
    leap_due = last - first == 13
    month, found = 11, {}
    for number in range(first + 1, last):
        if leap_due and not _has_major_term(number):
            leap_due = False
            continue
        month = month % 12 + 1
        found[month] = _new_moon_day(number)
    return found


def spring_festival(year: int) -> date:
    """First day of month 1."""
    return _months(year)[1]


def mid_autumn(year: int) -> date:
    """Fifteenth day of month 8."""
    return _months(year)[8] + timedelta(days=14)


def _seed_days(season: str) -> dict[int, tuple[date, date]]:
    with SEED.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["season"] == season]
    return {
        int(row["year"]): (
            date(int(row["year"]), *divmod(int(row["first_day"]), 100)),
            date(int(row["year"]), *divmod(int(row["last_day"]), 100)),
        )
        for row in rows
    }


def test_the_sun_and_the_moon_stand_where_meeus_puts_them() -> None:
    # Example 25.a: 13 October 1992, 0 h TT: 199.90895 degrees. Example 49.a: new moon of February
    # 1977 at JDE 2443192.65118. Both in terrestrial time.
    assert sun_longitude(2448908.5 - _DELTA_T_DAYS) == pytest.approx(199.90895, abs=0.001)
    assert new_moon(-283) + _DELTA_T_DAYS == pytest.approx(2443192.65118, abs=2 / 1440)


@pytest.mark.parametrize(
    ("season", "day_of"),
    [("Spring Festival", spring_festival), ("Mid-Autumn Festival", mid_autumn)],
)
def test_lunar_seasons_end_on_their_day(season: str, day_of: object) -> None:
    days = _seed_days(season)
    assert list(days) == list(YEARS)
    assert {year: last for year, (_, last) in days.items()} == {
        year: day_of(year)  # type: ignore[operator]
        for year in YEARS
    }
    assert {last - first for first, last in days.values()} == {timedelta(days=14)}


def test_the_leap_month_of_2033_is_after_the_eleventh() -> None:
    # The year in which simple rules fail: two new moons after the solstice would give 20 January.
    assert spring_festival(2034) == date(2034, 2, 19)
    assert mid_autumn(2033) == date(2033, 9, 8)


def test_the_calendar_of_the_database_agrees_but_for_two_midnights() -> None:
    # ICU places the new moon some minutes off. That matters only where it falls beside midnight:
    # 23:56 on 6 February 2027 and 0:07 on 3 February 2030, as almanacs have it.
    days = [day_of(year) for year in YEARS for day_of in (spring_festival, mid_autumn)]
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'Asia/Shanghai'")
        connection.execute("set Calendar = 'chinese'")
        found = [
            connection.execute(
                "select extract(month from t), extract(day from t) "
                f"from (select timestamptz '{day} 12:00:00+08' as t)"
            ).fetchone()
            for day in days
        ]
    expected = [(1, 1), (8, 15)] * len(YEARS)
    differ = [day for day, a, b in zip(days, found, expected, strict=True) if a != b]
    assert differ == [date(2027, 2, 6), date(2030, 2, 3)]
    for day in differ:
        number = round((day - date(2000, 1, 6)).days / 29.530588)
        minutes = (new_moon(number) - _EPOCH) % 1 * 24 * 60
        assert min(minutes, 24 * 60 - minutes) < 10
