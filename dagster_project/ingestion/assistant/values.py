"""What stands in a file's columns: how much of it reads as a number, a time, an address …

One set-based query a column over a sample of the file, with the loader's own cleaning rules.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from dagster_project.ingestion.cleaning import call
from dagster_project.ingestion.encoding import unify_newlines
from dagster_project.ingestion.readers import (
    Table,
    broken_while_reading,
    excel_extension,
    readable_csv,
    relation,
)
from dagster_project.sql_text import sql_literal

# So many rows from the file's start are looked at.
SAMPLE_ROWS = 20_000

# So many different values tell a date's format, and are shown of a status.
_DATE_VALUES = 2_000
_WORDS = 40

# Times far ahead are no times of a shop; the zone does not matter to what can be read.
_LATEST = "2100-01-01 00:00:00"
_ZONE = "UTC"

_DAY_FIRST = ("%d{s}%m{s}%Y", "%d{s}%m{s}%y")
_MONTH_FIRST = ("%m{s}%d{s}%Y", "%m{s}%d{s}%y")
_WITH_NAMES = (
    "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%d-%b-%Y", "%d-%b-%y",
    "%b-%d-%y", "%b-%d-%Y", "%Y-%m-%d",
)  # fmt: skip
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ", %H:%M", ", %H:%M:%S")

_DAYS = r"^([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{4}|[0-9]{2})(?:[ ,T].*)?$"

_CURRENCIES = {
    "CNY": r"[¥￥元圆]|RMB|CNY",
    "USD": r"[$]|USD",
    "EUR": r"€|EUR",
    "GBP": r"£|GBP",
}


@dataclass(frozen=True)
class Column:
    """What one column of the sample holds; counts are rows unless said otherwise.

    Attributes:
        position: 0-based.
        rows: of the sample.
        filled: with something in it.
        distinct: different values.
        amounts: that read as an amount, with a decimal point.
        comma_amounts: that read as an amount, with a decimal comma.
        comma_only: that have a decimal comma and no other reading (`29,95`).
        decimals: amounts with a part behind the point.
        quantities: that read as a quantity.
        largest: biggest amount; None without any.
        times: that read as a time without any format.
        day_first: dates that can only be day first (`25/03/2024`).
        month_first: dates that can only be month first.
        day_or_month: dates that may be either.
        booleans: that read as yes or no.
        emails: with an @.
        phones: that look like a phone number.
        padded: whole numbers written with zeros before them, as ids are.
        letters: with a letter or Chinese character.
        currency: code of the sign or code beside the amounts, where there is one.
        words: the most frequent values, when there are few.
    """

    position: int
    rows: int
    filled: int
    distinct: int
    amounts: int
    comma_amounts: int
    comma_only: int
    decimals: int
    quantities: int
    largest: float | None
    times: int
    day_first: int
    month_first: int
    day_or_month: int
    booleans: int
    emails: int
    phones: int
    padded: int
    letters: int
    currency: str | None
    words: tuple[str, ...]

    def share(self, count: int) -> float:
        """Of the rows with something in them."""
        return count / self.filled if self.filled else 0.0

    @property
    def dates(self) -> int:
        """That read as a date with the day or the month first."""
        return self.day_first + self.month_first + self.day_or_month


def load_sample(connection: duckdb.DuckDBPyConnection, path: Path, table: Table) -> None:
    """Put the first rows into the temporary table `sample` with the columns `f0`, `f1` …

    Raises:
        RefusedFile: the file cannot be read.
    """
    positions = range(len(table.header))
    with tempfile.TemporaryDirectory() as folder:
        readable = path
        if table.kind == "csv":
            readable = readable_csv(path, table, table.encoding, Path(folder, "sample.utf8"))
        if table.kind == "xlsx":
            connection.execute(f"load {sql_literal(str(excel_extension()))}")
        try:
            _create_sample(connection, readable, table, positions)
        except duckdb.Error as error:
            if table.kind != "csv":
                raise broken_while_reading(table.kind, error) from error
            unified = unify_newlines(readable, Path(folder, "sample.lf"))
            try:
                _create_sample(connection, unified, table, positions)
            except duckdb.Error as again:
                raise broken_while_reading(table.kind, again) from again


def _create_sample(
    connection: duckdb.DuckDBPyConnection, path: Path, table: Table, positions: Iterable[int]
) -> None:
    for suffix in ("scans", "errors"):
        connection.execute(f"drop table if exists rejected_{suffix}")
    rows = relation(table, path, positions, "rejected")
    connection.execute(
        f"create or replace temp table sample as select * from ({rows}) limit {SAMPLE_ROWS}"
    )


def look_at(connection: duckdb.DuckDBPyConnection, position: int) -> Column:
    """What column `position` of the sample holds."""
    comma = call("decimal_point", "t")
    amount, other = call("clean_amount", "t"), call("clean_amount", "c")
    currencies = ", ".join(
        f"count(*) filter (where regexp_matches(t, '[0-9]') and regexp_matches(t, '{signs}'))"
        for signs in _CURRENCIES.values()
    )
    row = connection.execute(
        f"""
        with texts as (select {call("clean_text", "f")} as t from (
            select f{position} as f from sample
        )),
        written as (select t, {comma} as c, {call("clean_time", "t", _ZONE)} as moment from texts),
        read as (
            select
                *,
                {amount} as amount,
                {other} as comma_amount,
                try_cast(regexp_extract(t, '{_DAYS}', 1) as int) as first,
                try_cast(regexp_extract(t, '{_DAYS}', 2) as int) as second
            from written
        )
        select
            count(*), count(t), count(distinct t),
            count(amount), count(comma_amount),
            count(*) filter (where regexp_matches(t, '^[^,]*[0-9],[0-9]{{1,2}}[^0-9,]*$')),
            count(*) filter (where amount <> trunc(amount)),
            count({call("clean_quantity", "t")}),
            max(amount),
            count({call("plausible_time", "moment", _LATEST)}),
            count(*) filter (where first between 13 and 31 and second between 1 and 12),
            count(*) filter (where second between 13 and 31 and first between 1 and 12),
            count(*) filter (where first between 1 and 12 and second between 1 and 12),
            count({call("clean_boolean", "t")}),
            count(*) filter (where contains(t, '@')),
            count(*) filter (where regexp_full_match(t, '[''+]?[0-9*() -]{{7,20}}')),
            count(*) filter (where regexp_full_match(t, '0[0-9]+')),
            count(*) filter (where regexp_matches(t, '[\\p{{L}}]')),
            {currencies}
        from read
        """
    ).fetchone()
    assert row is not None
    counts, signs = row[:18], row[18:]
    found = max(zip(signs, _CURRENCIES, strict=True))
    return Column(
        position,
        *counts[:8],
        None if counts[8] is None else float(counts[8]),
        *counts[9:],
        found[1] if found[0] else None,
        _frequent(connection, position, counts[2]),
    )


def _frequent(
    connection: duckdb.DuckDBPyConnection, position: int, distinct: int
) -> tuple[str, ...]:
    if distinct > _WORDS:
        return ()
    rows = connection.execute(
        f"select {call('clean_text', 'f')} as t, count(*) as n "
        f"from (select f{position} as f from sample) where t is not null "
        "group by t order by n desc, t"
    ).fetchall()
    return tuple(text for text, _ in rows)


def best_date_format(
    connection: duckdb.DuckDBPyConnection, position: int, day_first: bool | None
) -> tuple[str, float] | None:
    """The format that reads most values of a column that need one, and the share it reads.

    Args:
        connection: holds the sample.
        position: of the column.
        day_first: whether the day stands before the month; None when only names of months tell.
    """
    orders = {True: _DAY_FIRST, False: _MONTH_FIRST, None: ()}[day_first]
    dates = [form.format(s=sign) for form in orders for sign in "/-."]
    forms = [date + clock for date in (*dates, *_WITH_NAMES) for clock in _CLOCKS]
    reads = ", ".join(
        f"count({call('plausible_time', f'm{i}', _LATEST)})" for i in range(len(forms))
    )
    moments = ", ".join(
        f"try_strptime(t, {sql_literal(form)}) as m{i}" for i, form in enumerate(forms)
    )
    row = connection.execute(
        f"""
        with texts as (
            select distinct {call("clean_text", "f")} as t
            from (select f{position} as f from sample) limit {_DATE_VALUES}
        )
        select count(t), {reads} from (select t, {moments} from texts)
        """
    ).fetchone()
    assert row is not None
    total, counts = row[0], row[1:]
    best = max(range(len(forms)), key=lambda i: (counts[i], -i))
    return (forms[best], counts[best] / total) if total and counts[best] else None
