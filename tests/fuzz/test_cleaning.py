"""Every kind of column against dirty values, in the SELECT that the loader runs.

Nothing may crash, and nothing may vanish: a value that is there and becomes NULL is quoted among
the issues, and makes its row unreadable where it must parse.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from decimal import Decimal

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dagster_project.ingestion.cleaning import KINDS
from dagster_project.ingestion.formats import Binding, BoundColumn, Column, load_formats
from dagster_project.ingestion.pseudonym import use_key
from dagster_project.ingestion.readers import Table
from dagster_project.ingestion.transform import Clock, typed_rows

from .shapes import SHAPE_OF, SHAPES, dirty

ROWS = 40
EXAMPLES = 15
CLOCK = Clock("Asia/Shanghai", "2030-01-01 00:00:00")
NOTHING = {"", "null", "none", "nan", "n/a", "#n/a", "-", "--"}
SPACES = " \t\r\n\u00a0\u3000\u200b\ufeff"

# Nothing is shrunk: each message names the one value, and shrinking tables takes minutes.
FUZZ = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
PLAIN_NUMBERS = {
    "amount": re.compile("-?[0-9]{1,10}([.][0-9]{1,4})?"),
    "quantity": re.compile("-?[0-9]{1,9}([.][0-9]{1,3})?"),
}
PLAIN_TIME = re.compile("20[01][0-9]-[01][0-9]-[0-2][0-9] [01][0-9]:[0-5][0-9]:[0-5][0-9]")

tried: Counter[str] = Counter()


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect(":memory:") as opened:
        opened.execute("set TimeZone = 'UTC'")
        use_key(opened, "a secret for tests")
        yield opened


def clean(connection, kind: str, values: list[str], **how) -> list[tuple]:
    """Value, text of the issue and unreadability of each raw value, in order."""
    column = Column("v", kind, ("v",), must_parse=True, pattern="刷单" if kind == "flag" else None)
    binding = Binding(load_formats()[0], (BoundColumn(column, (0,)),), **how)
    relation = "select n as _row_number, raw as f0 from given"
    connection.execute("create or replace temp table given (n bigint, raw varchar)")
    connection.execute(
        "insert into given select unnest(range(1, len($1) + 1)), unnest($1::varchar[])", [values]
    )
    rows = typed_rows(binding, Table("csv", ("v",)), relation, CLOCK)
    return connection.execute(
        f"select v, _issues, _unreadable from ({rows}) order by _row_number"
    ).fetchall()


def is_nothing(kind: str, raw: str) -> bool:
    """Does a person see nothing here? Told without the macros."""
    bare = raw.strip(SPACES)
    if kind == "id":
        bare = re.sub("^=?[\"']+|[\"']+$", "", bare).strip(SPACES)
    return bare.casefold() in NOTHING or (kind == "amount" and bare == "无退款申请")


@pytest.mark.parametrize("kind", KINDS)
def test_no_value_vanishes(connection, kind: str):
    @FUZZ
    @given(st.lists(dirty(SHAPES[SHAPE_OF[kind]]), min_size=ROWS, max_size=ROWS))
    def check(values: list[str]) -> None:
        tried[kind] += len(values)
        for raw, (value, issue, unreadable) in zip(
            values, clean(connection, kind, values), strict=True
        ):
            if is_nothing(kind, raw):
                assert issue is None and not unreadable, (raw, issue)
                assert value is None or kind == "flag", (raw, value)
            elif value is not None:
                assert issue is None and not unreadable, (raw, issue)
            elif KINDS[kind].expected:
                assert unreadable, raw
                quoted = issue.removeprefix('v: "')[: issue.rindex('" is ') - 4]
                assert quoted and quoted in raw, (raw, issue)
            check_meaning(kind, raw, value)

    check()


def check_meaning(kind: str, raw: str, value: object) -> None:
    """Plain values keep their meaning, whatever else the rules do."""
    if kind in PLAIN_NUMBERS and PLAIN_NUMBERS[kind].fullmatch(raw):
        assert value == Decimal(raw)
    elif kind == "id" and re.fullmatch("[0-9A-Za-z_-]{5,}", raw):
        assert value == raw
    elif kind in ("text", "status") and value is not None:
        assert str(value).replace("，", ",") == raw.strip(SPACES).replace("，", ",")
    elif kind == "time" and PLAIN_TIME.fullmatch(raw):
        try:
            assert value == datetime.fromisoformat(raw)
        except ValueError:
            assert value is None


def test_enough_values_were_tried():
    """Runs after the others of this module: pytest keeps a module's order on one worker."""
    assert set(tried) == set(KINDS)
    assert sum(tried.values()) >= 10_000


@pytest.mark.parametrize("kind", ["amount", "quantity", "time"])
def test_what_a_mapping_says_makes_nothing_vanish(connection, kind: str):
    how = {"decimal_comma": True, "date_format": "%d/%m/%Y %H:%M", "time_zone": "Europe/London"}

    @FUZZ
    @given(st.lists(dirty(SHAPES[SHAPE_OF[kind]]), min_size=ROWS, max_size=ROWS))
    def check(values: list[str]) -> None:
        found = clean(connection, kind, values, **how)
        for raw, (value, issue, _) in zip(values, found, strict=True):
            assert value is not None or issue is not None or is_nothing(kind, raw), raw

    check()


@pytest.mark.parametrize("kind", ["id", "text", "status", "amount", "quantity"])
def test_cleaning_twice_changes_nothing(connection, kind: str):
    @FUZZ
    @given(st.lists(dirty(SHAPES[SHAPE_OF[kind]]), min_size=ROWS, max_size=ROWS))
    def check(values: list[str]) -> None:
        once = [str(row[0]) for row in clean(connection, kind, values) if row[0] is not None]
        twice = [str(row[0]) for row in clean(connection, kind, once)]
        assert twice == once

    check()
