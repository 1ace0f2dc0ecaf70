"""The command `audience`: which lists there are, and one of them on its way out."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from dagster_project.audiences import lists
from dagster_project.audiences.contacts import add_contacts
from dagster_project.audiences.files import write_list
from dagster_project.audiences.lists import HOLDOUT, MEMBERS, Audience
from dagster_project.audiences.record import record
from dagster_project.audiences.webhook import DeliveryError, WrongUrl, batches, check_url, send
from dagster_project.settings import Settings
from dagster_project.work_lock import WorkDatabaseError, hold_work_database

_OVERVIEW = """
select
    code, name_zh, is_active, matched_customers, opted_out_customers,
    refunded_customers, resting_customers, later_customers, outranked_customers, customers,
    holdout_customers, missing_inputs
from shop.marts.audiences order by priority
"""
_COUNTS = (
    ("match", "符合"),
    ("opted\nout", "退订"),
    ("re-\nfunded", "退款"),
    ("rest", "间隔内"),
    ("later", "稍后"),
    ("out-\nranked", "让位"),
    ("listed", "入选"),
    ("held\nback", "对照"),
)


def run(
    settings: Settings,
    console: Console,
    code: str | None,
    format_: str = "csv",
    url: str | None = None,
    keep_record: bool = True,
) -> int:
    """List the audiences, or export one.

    Args:
        settings: where everything lives, and whether contacts may leave.
        console: to print on.
        code: of the audience; None lists them all.
        format_: of the file, see `files.FORMATS`.
        url: receives the list as JSON; None writes a file.
        keep_record: write down who gets a message, for the frequency caps and the results.

    Returns:
        0 when it was done, 1 when there is nothing to export from, 2 when it could not be done;
        what to do next stands on standard error.
    """
    try:
        if url is not None:
            check_url(url)
        if code and (settings.export_contacts or keep_record):
            # Both read the work database, which a nightly run keeps to itself.
            hold_work_database(settings)
        with lists.opened(settings) as connection:
            if not code:
                _print_overview(connection, console)
                return 0
            _export(connection, settings, console, code, format_, url, keep_record)
    except lists.NothingPublished as error:
        return _failed(error, 1)
    except (lists.UnknownAudience, WorkDatabaseError, WrongUrl, DeliveryError) as error:
        return _failed(error, 2)
    return 0


def _export(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    console: Console,
    code: str,
    format_: str,
    url: str | None,
    keep_record: bool,
) -> None:
    audience = lists.audience(connection, code)
    lists.select_members(connection, code)
    if settings.export_contacts:
        add_contacts(connection, settings)
    say = _Sayer(console)
    if url is not None:
        sent = list(batches(connection, audience))
        send(url, sent, settings.webhook_secret)
        members = audience.customers - audience.holdout_customers
        say(f"sent {members:,} customers in {len(sent)} batches / 已发送 {members:,} 位客户")
    else:
        path = _path(settings, audience, format_)
        written = write_list(connection, MEMBERS, path, format_)
        say(f"{written:,} customers / 位客户: {path}")
    held = _path(settings, audience, format_, "_holdout")
    say(f"{write_list(connection, HOLDOUT, held, format_):,} held back / 位对照客户: {held}")
    if not settings.export_contacts:
        say(
            "with hashes of contacts only; EXPORT_CONTACTS=true in .env adds them / "
            "只含联系方式的哈希，在 .env 中设 EXPORT_CONTACTS=true 才会导出联系方式"
        )
    if audience.missing_inputs:
        say(f"not supplied / 未提供的数据: {audience.missing_inputs}")
    if keep_record:
        for path in record(connection, settings, audience):
            say(f"recorded for the frequency caps and the results / 已记录: {path}")


class _Sayer:
    """Prints lines that a terminal does not fold, colour or take for markup."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __call__(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)


def _path(settings: Settings, audience: Audience, format_: str, part: str = "") -> Path:
    name = f"{audience.code}_{audience.as_of_date}{part}.{format_}"
    return settings.audience_exports_dir / name


def _print_overview(connection: duckdb.DuckDBPyConnection, console: Console) -> None:
    as_of = connection.execute("select max(as_of_date) from shop.marts.audiences").fetchone()
    day = as_of[0] if as_of and as_of[0] else "no orders yet / 暂无订单"
    table = Table(title=f"Audiences / 人群, {day}", title_justify="left")
    table.add_column("NAME", no_wrap=True)
    table.add_column("", no_wrap=True)
    for english, chinese in _COUNTS:
        table.add_column(f"{english}\n{chinese}", justify="right")
    table.add_column("not supplied\n缺少", overflow="fold")
    for row in connection.execute(_OVERVIEW).fetchall():
        code, name, is_active, *counts, missing = row
        cells = [f"{count:,}" for count in counts]
        table.add_row(code, name, *cells, (missing or "") if is_active else "off / 已停用")
    console.print(table)
    console.print(
        "make audience NAME=welcome writes a list / 导出一个人群", highlight=False, markup=False
    )


def _failed(error: Exception, status: int) -> int:
    print(f"error: {error}", file=sys.stderr)
    return status
