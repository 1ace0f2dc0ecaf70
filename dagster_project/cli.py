"""`python -m dagster_project`: the nightly job from a shell, and what it left behind."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from string import Template

from rich.console import Console

from dagster_project import last_run
from dagster_project.connections.files import connection_files
from dagster_project.settings import Settings, SettingsError
from dagster_project.work_lock import WorkDatabaseBusyError, hold_work_database

DAGSTER_YAML = Path(__file__).parent / "automation" / "dagster.yaml"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 only when everything was published."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        settings = Settings.from_env()
    except SettingsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    command: str = options.command
    if command == "nightly":
        return nightly(settings, options.partition, rebuild=options.rebuild)
    if command == "forget":
        from dagster_project.privacy.command import run

        rebuild = None if options.no_rebuild else partial(nightly, settings, None)
        return run(settings, options.customer, options.yes, options.check, rebuild)
    if command == "prepare":
        prepare(settings)
        return 0
    if command == "status":
        from dagster_project.serving.status import print_status

        return 0 if print_status(settings, _console(), datetime.now(UTC)) else 1
    if command == "dashboard":
        from dagster_project.dashboard.page import build_page

        if not settings.serving_db.is_file():
            _console().print("nothing is published yet; start with `make run`")
            return 1
        _console().print(f"written: {build_page(settings)}", highlight=False, soft_wrap=True)
        return 0
    if command == "docs":
        return _docs(settings)
    if command == "why":
        from dagster_project.serving.why import print_why

        return 0 if print_why(settings, _console(), options.customer) else 1
    from dagster_project.serving.summary import print_summary

    return 0 if print_summary(settings, _console()) else 1


def prepare(settings: Settings) -> None:
    """Create the warehouse's folders and Dagster's own settings in them."""
    settings.create_folders()
    settings.export()
    # The folder that Dagster's own storage would use: earlier runs stay visible.
    runs = settings.dagster_home / "history" / "runs"
    text = Template(DAGSTER_YAML.read_text(encoding="utf-8")).substitute(runs=runs)
    (settings.dagster_home / "dagster.yaml").write_text(text, encoding="utf-8")


def nightly(settings: Settings, partition: str | None, *, rebuild: bool = False) -> int:
    """Run the job `nightly` in this process and print the summary.

    Args:
        settings: where everything lives; `as_of_date` is the date of the run.
        partition: a day of a history as YYYY-MM-DD; its marts replace the published ones only
            when these are not of a later day.
        rebuild: build every table again, not only what new files touch.

    Returns:
        0 when everything was published, 1 when a gate or a step failed, 2 when another run is on.
    """
    prepare(settings)
    console = Console(stderr=True)
    try:
        hold_work_database(settings)
    except WorkDatabaseBusyError as error:
        console.print(f"[red]error:[/red] {error}")
        return 2

    if rebuild:
        _ask_for_everything(settings)
    # Only a run finds out what is new in databases and APIs.
    if partition is None and not connection_files(settings) and last_run.why_run(settings) is None:
        return _nothing_new(settings, console)

    started = time.perf_counter()
    console.print("starting Dagster and dbt …")
    import dagster as dg

    from dagster_project.automation.jobs import NIGHTLY
    from dagster_project.definitions import defs

    ready = time.perf_counter()
    with dg.DagsterInstance.get() as instance:
        result = defs.resolve_job_def(NIGHTLY).execute_in_process(
            instance=instance,
            partition_key=partition,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "INFO"}}}},
        )
    ended = time.perf_counter()

    from dagster_project.serving.summary import print_summary

    last = last_run.read(settings)
    if result.success and last is not None and last.run_id != result.run_id:
        _say_nothing_new(settings, last, console)
    else:
        print_summary(settings, _console(), run_id=result.run_id)
    console.print(
        f"{ended - started:.1f} s in all, {ready - started:.1f} s of it starting Dagster and dbt"
    )
    if result.success:
        return 0
    console.print(
        f"[red]not published:[/red] a gate or a step failed in run {result.run_id}; the published "
        "tables are as they were. The failed rules stand above, the log in `make dev`."
    )
    return 1


def _docs(settings: Settings) -> int:
    from dagster_project.dashboard.documentation import DocumentationError, build_documentation

    console = Console(stderr=True)
    if not settings.serving_db.is_file():
        console.print("nothing is published yet; start with `make run`")
        return 1
    settings.export()
    try:
        index = build_documentation(settings, console.print)
    except (DocumentationError, FileNotFoundError, WorkDatabaseBusyError) as error:
        console.print(f"[red]error:[/red] {error}", highlight=False)
        return 2
    _console().print(f"written: {index}", highlight=False, soft_wrap=True)
    return 0


def _ask_for_everything(settings: Settings) -> None:
    import duckdb

    from dagster_project.transformation.builds import build_everything_next

    with duckdb.connect(str(settings.work_db)) as connection:
        build_everything_next(connection)


def _nothing_new(settings: Settings, console: Console) -> int:
    """Tell the reader and Dagster that the published tables are what a run would build again."""
    last = last_run.read(settings)
    assert last is not None and last.published_at is not None
    import dagster as dg

    from dagster_project.automation.nothing_new import confirmations

    with dg.DagsterInstance.get() as instance:
        for confirmation in confirmations(last.published_at):
            instance.report_runless_asset_event(confirmation)
    _say_nothing_new(settings, last, console)
    return 0


def _say_nothing_new(settings: Settings, last: last_run.LastRun, console: Console) -> None:
    from dagster_project.serving.summary import print_summary

    print_summary(settings, _console(), run_id=last.run_id)
    console.print(
        f"[green]nothing new[/green] since the run that published at {last.published_at:%F %T} "
        "UTC: the same files, settings, code and rules. The published tables stay as they are."
    )


def _console() -> Console:
    # In a log file or a pipe there is no width to ask for; 80 columns would fold every path.
    return Console() if sys.stdout.isatty() else Console(width=120)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m dagster_project",
        description="The customer-analytics warehouse from a shell.",
        epilog="WAREHOUSE_DIR says where data lives, AS_OF_DATE which day the marts are for.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    run = commands.add_parser(
        "nightly", help="run the nightly job on the landing folder and print a summary"
    )
    run.add_argument(
        "--partition",
        metavar="YYYY-MM-DD",
        type=_day,
        help="one day of a history; never replaces marts of a later day",
    )
    run.add_argument(
        "--rebuild",
        action="store_true",
        help="build every table again, not only what new files touch",
    )
    commands.add_parser("summary", help="print what is published and what was refused")
    commands.add_parser(
        "status",
        help="print marts, as-of date, freshness, failed checks and the next run; ends with 1 when "
        "nothing is published or a critical check failed",
    )
    commands.add_parser("docs", help="write reports/docs: tables, lineage of columns, definitions")
    commands.add_parser("dashboard", help="write reports/index.html anew from what is published")
    why = commands.add_parser(
        "why", help="print one customer's profile, labels, tags and the orders behind them"
    )
    why.add_argument("customer", help="customer id as in the marts")
    forget = commands.add_parser(
        "forget",
        help="erase one customer from raw tables, files, marts, history and reports, and prove it",
    )
    forget.add_argument(
        "customer", help="customer id as in the marts, account name, e-mail address or phone"
    )
    forget.add_argument("--yes", action="store_true", help="do not ask")
    forget.add_argument(
        "--no-rebuild", action="store_true", help="leave the marts to the next nightly run"
    )
    forget.add_argument("--check", action="store_true", help="only search; change nothing")
    commands.add_parser("prepare", help="create the folders of the warehouse")
    return parser


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date; write YYYY-MM-DD") from None
