"""How the warehouse stands: what is published and how fresh, what does not hold, what runs next."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import duckdb
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dagster_project.automation.night import next_night
from dagster_project.quality.results import named_rows
from dagster_project.settings import Settings
from dagster_project.sql_text import sql_literal

_MARTS = """
select mart, rows, as_of_date, built_at, freshness, missing_inputs, late_sources
from published.marts.mart_status
order by mart
"""

# The results of the last run that checked anything, whether or not it was published.
_FAILED = """
select severity, gate, table_name, rule, unexpected_count, sample, reason
from audit.quality_log
where not passed and run_id = (select max_by(run_id, checked_at) from audit.quality_log)
order by case severity when 'critical' then 1 when 'warning' then 2 else 3 end, table_name, rule
"""

_CHECKED = """
select max(checked_at), count(*), count(*) filter (passed)
from audit.quality_log
where run_id = (select max_by(run_id, checked_at) from audit.quality_log)
"""

_COLOURS = {
    **{"critical": "red", "stale": "red"},
    **{"warning": "yellow", "late": "yellow"},
    **{"info": "cyan", "fresh": "green"},
}


def print_status(settings: Settings, console: Console, now: datetime) -> bool:
    """Print marts with as-of date and freshness, failed checks, and when the job runs next.

    Args:
        settings: where everything lives.
        console: to print on.
        now: the moment, with a zone.

    Returns:
        False when nothing is published, or a critical check of the last run failed.
    """
    if not settings.work_db.is_file() or not settings.serving_db.is_file():
        console.print(
            f"nothing is published yet in {settings.warehouse_dir}; start with `make run`"
        )
        _print_next(console, settings, now)
        return False
    with duckdb.connect(str(settings.work_db), read_only=True) as connection:
        connection.execute(f"attach {sql_literal(settings.serving_db)} as published (read_only)")
        marts = connection.execute(_MARTS).fetchall()
        failed = connection.execute(_FAILED).fetchall()
        checked = connection.execute(_CHECKED).fetchone()
    _print_marts(console, marts, settings.fresh_hours, now)
    _print_checks(console, checked or (None, 0, 0), failed)
    _print_next(console, settings, now)
    return not any(severity == "critical" for severity, *_ in failed)


def _print_marts(
    console: Console, marts: list[tuple[Any, ...]], fresh_hours: int, now: datetime
) -> None:
    _, _, as_of, built_at, freshness, _, late = marts[0]
    age = now - built_at.replace(tzinfo=UTC)
    console.print(
        f"as of [bold]{as_of}[/bold], built {built_at:%F %R} UTC, "
        f"{age.total_seconds() / 3600:.1f} hours ago; the data was then {_coloured(freshness)}",
        highlight=False,
    )
    if late:
        console.print(
            f"[yellow]no new file within {fresh_hours} hours of it[/yellow] from: {late}",
            highlight=False,
        )
    table = Table(title=f"{len(marts)} published marts", title_justify="left")
    table.add_column("mart")
    table.add_column("rows", justify="right")
    table.add_column("missing inputs", overflow="fold")
    for mart, rows, _, _, _, missing, _ in marts:
        table.add_row(mart, f"{rows:,}", missing or "")
    console.print(table)


def _print_checks(
    console: Console, checked: tuple[Any, ...], failed: list[tuple[Any, ...]]
) -> None:
    at, rules, passed = checked
    if at is None:
        console.print("no check has run yet")
        return
    console.print(f"checks of the last run, {at:%F %R} UTC: {passed} of {rules} hold")
    if not failed:
        return
    table = Table(title="Checks that do not hold", title_justify="left")
    for column in ("severity", "gate", "table", "rule"):
        table.add_column(column, overflow="fold")
    table.add_column("rows", justify="right")
    table.add_column("which", overflow="fold")
    table.add_column("why it matters", overflow="fold")
    for severity, gate, name, rule, count, sample, reason in failed:
        found = "" if count is None else f"{count:,}"
        which = escape(named_rows(sample, limit=2))
        table.add_row(_coloured(severity), gate, name, rule, found, which, reason)
    console.print(table)


def _print_next(console: Console, settings: Settings, now: datetime) -> None:
    night = next_night(now, settings.shop_timezone)
    console.print(
        f"the nightly job runs next at {night:%F %R} {settings.shop_timezone}, if `make dev` or a "
        "Dagster daemon is on then; `make nightly` runs it now",
        highlight=False,
    )


def _coloured(word: str | None) -> str:
    colour = _COLOURS.get(word or "")
    return f"[{colour}]{word}[/{colour}]" if colour else str(word)
