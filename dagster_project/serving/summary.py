"""What a person wants to know after a run: what came in, what was refused, what holds, where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dagster_project.quality.results import named_rows
from dagster_project.settings import Settings
from dagster_project.sql_text import sql_literal

_FILES = """
select source_file, format, status, rows, unreadable_rows, message
from raw.ingested_files
where status in ('loaded', 'refused')
order by status, source_file
"""

_FAILED_RULES = """
select severity, table_name, rule, unexpected_count, sample, reason
from audit.quality_log
where run_id = $run_id and not passed
order by case severity when 'critical' then 1 when 'warning' then 2 else 3 end, table_name, rule
"""

_RULE_COUNTS = """
select gate, count(*), count(*) filter (passed)
from audit.quality_log
where run_id = $run_id
group by gate
order by case gate when 'raw' then 1 when 'facts' then 2 else 3 end
"""

_LAST_RUN = "select run_id from audit.quality_log order by checked_at desc limit 1"

_BRIDGE = """
select step_number, step, sum(rows), sum(amount)
from published.marts.gmv_bridge
group by step_number, step
having sum(rows) <> 0 or sum(amount) <> 0
order by step_number, step
"""

_MARTS = """
select mart, rows, as_of_date, missing_inputs from published.marts.mart_status order by mart
"""

_WITHHELD = """
select work.table_name || '.' || work.column_name
from duckdb_columns() as work
inner join duckdb_tables() as published
    on published.database_name = 'published' and work.table_name = published.table_name
left join duckdb_columns() as shown
    on shown.database_name = 'published'
    and work.table_name = shown.table_name
    and work.column_name = shown.column_name
where
    work.database_name = current_database()
    and work.schema_name = 'marts'
    and shown.column_name is null
order by 1
"""


def print_summary(settings: Settings, console: Console, run_id: str | None = None) -> bool:
    """Print the state of the warehouse.

    Args:
        settings: where everything lives.
        console: to print on.
        run_id: whose checks to show; None shows the last run's.

    Returns:
        False when nothing has been published yet.
    """
    if not settings.work_db.is_file():
        console.print(f"nothing has run yet in {settings.warehouse_dir}; start with `make run`")
        return False
    with duckdb.connect(str(settings.work_db), read_only=True) as connection:
        published = settings.serving_db.is_file()
        if published:
            connection.execute(
                f"attach {sql_literal(settings.serving_db)} as published (read_only)"
            )
        _print_files(console, _rows(connection, _FILES))
        shown_run = run_id or _last_run(connection)
        if shown_run:
            _print_checks(
                console,
                _rows(connection, _RULE_COUNTS, {"run_id": shown_run}),
                _rows(connection, _FAILED_RULES, {"run_id": shown_run}),
            )
        if published:
            _print_bridge(console, _rows(connection, _BRIDGE))
            _print_marts(console, _rows(connection, _MARTS))
            _print_withheld(console, [name for (name,) in _rows(connection, _WITHHELD)])
    _print_places(console, settings, published)
    return published


def _rows(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: dict[str, str] | None = None
) -> list[tuple[Any, ...]]:
    return connection.execute(query, parameters or {}).fetchall()


def _last_run(connection: duckdb.DuckDBPyConnection) -> str | None:
    row = connection.execute(_LAST_RUN).fetchone()
    return row[0] if row else None


def _print_files(console: Console, files: Sequence[tuple[Any, ...]]) -> None:
    table = Table(title="Files", title_justify="left")
    table.add_column("file", overflow="fold")
    table.add_column("format", overflow="fold")
    table.add_column("rows", justify="right")
    table.add_column("unreadable", justify="right")
    for name, form, status, rows, unreadable, _ in files:
        if status == "loaded":
            table.add_row(name, form, f"{rows:,}", f"{unreadable:,}")
    console.print(table)
    for name, _, status, _, _, message in files:
        if status == "refused":
            console.print(f"[yellow]refused[/yellow] {name}: {message}", highlight=False)


def _print_checks(
    console: Console, counts: Sequence[tuple[Any, ...]], failed: Sequence[tuple[Any, ...]]
) -> None:
    held = ", ".join(f"{gate} {passed} of {rules}" for gate, rules, passed in counts)
    console.print(f"Rules that hold: {held}")
    colours = {"critical": "red", "warning": "yellow", "info": "cyan"}
    for severity, table_name, rule, count, sample, reason in failed:
        rows = f" ({count:,} rows)" if count is not None else ""
        console.print(
            f"[{colours[severity]}]{severity}[/{colours[severity]}] {table_name} {rule}{rows}: "
            f"{reason}",
            highlight=False,
        )
        if named := named_rows(sample):
            console.print(f"    {escape(named)}", highlight=False)


def _print_bridge(console: Console, steps: Sequence[tuple[Any, ...]]) -> None:
    table = Table(title="From raw rows to net revenue, as last published", title_justify="left")
    table.add_column("step")
    table.add_column("rows", justify="right")
    table.add_column("amount", justify="right")
    for _, step, rows, amount in steps:
        table.add_row(step, f"{rows:,}", f"{amount:,.2f}")
    console.print(table)


def _print_marts(console: Console, marts: Sequence[tuple[Any, ...]]) -> None:
    as_of = marts[0][2] if marts else None
    table = Table(title=f"Published marts, as of {as_of}", title_justify="left")
    table.add_column("mart")
    table.add_column("rows", justify="right")
    table.add_column("missing inputs")
    for mart, rows, _, missing in marts:
        table.add_row(mart, f"{rows:,}", missing or "")
    console.print(table)


def _print_withheld(console: Console, columns: Sequence[str]) -> None:
    if columns:
        console.print(
            f"[yellow]columns not published:[/yellow] {', '.join(columns)}: marked as personal "
            "(PUBLISH_PERSONAL=true in .env publishes them), or newer than what is published",
            highlight=False,
        )


def _print_places(console: Console, settings: Settings, published: bool) -> None:
    places = {
        "your files go to": settings.landing_dir,
        "refused files": settings.refused_dir,
        "quality pages": settings.reports_dir / "quality" / "index.html",
    }
    if published:
        places["dashboard"] = settings.dashboard_path
        places["marts for BI tools"] = settings.serving_db
        places["the same as Parquet"] = settings.parquet_dir
    for name, path in places.items():
        console.print(f"{name}: {path}", highlight=False, soft_wrap=True)
