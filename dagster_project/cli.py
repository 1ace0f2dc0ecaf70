"""`python -m dagster_project`: the nightly job from a shell, and what it left behind."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.text import Text

from dagster_project import last_run
from dagster_project.alerts.tell import told_of_night
from dagster_project.cluster.instance import prepare
from dagster_project.cluster.parts import IMAGE, LOOPBACK, PARTS
from dagster_project.connections.files import connection_files
from dagster_project.ingestion.inspect import LandingError
from dagster_project.settings import Settings, SettingsError
from dagster_project.trouble import what_to_do
from dagster_project.work_lock import WorkDatabaseError, hold_work_database


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 only when everything was published."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        return _run(Settings.from_env(), options)
    except SettingsError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _run(settings: Settings, options: argparse.Namespace) -> int:
    command: str = options.command
    if command == "nightly":
        return nightly(settings, options.partition, rebuild=options.rebuild)
    if command == "forget":
        from dagster_project.privacy.command import run

        rebuild = None if options.no_rebuild else partial(nightly, settings, None)
        return run(settings, options.customer, options.yes, options.check, rebuild)
    if command == "prepare":
        prepare(settings)
        _make_tables(settings)
        return 0
    if command in ("backup", "restore"):
        from dagster_project.operations.command import run_backup, run_restore

        work = run_backup if command == "backup" else run_restore
        return work(settings, options.archive, _console())
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
    if command == "cluster":
        from dagster_project.cluster.command import run as cluster

        return cluster(settings, Console(stderr=True), options.part, options.listen)
    if command == "kubernetes":
        from dagster_project.cluster.manifests import manifests

        print(manifests(settings, options.image), end="")
        return 0
    if command == "alert":
        return _alert(settings, test=options.test)
    if command == "metrics":
        return _metrics(settings, options.arguments)
    if command == "audience":
        from dagster_project.audiences.command import run as audience

        return audience(
            settings,
            _console(),
            options.name,
            format_=options.format,
            url=options.to,
            keep_record=not options.no_record,
        )
    if command == "why":
        from dagster_project.serving.why import print_why

        return 0 if print_why(settings, _console(), options.customer) else 1
    from dagster_project.serving.summary import print_summary

    return 0 if print_summary(settings, _console()) else 1


def _make_tables(settings: Settings) -> None:
    """Give a new warehouse the empty tables that dbt reads, so that `dbt build` runs from a shell.

    Where there is a work database a night has made them, and it must stay as the last one left it.
    """
    if settings.work_db.is_file():
        return
    from dagster_project.ingestion.loader import open_work_database
    from dagster_project.transformation.own_tables import ensure_own_tables

    hold_work_database(settings)
    with open_work_database(settings) as connection:
        ensure_own_tables(connection)


def nightly(settings: Settings, partition: str | None, *, rebuild: bool = False) -> int:
    """Run the job `nightly` in this process and print the summary.

    Args:
        settings: where everything lives; `as_of_date` is the date of the run.
        partition: a day of a history as YYYY-MM-DD; its marts replace the published ones only
            when these are not of a later day.
        rebuild: build every table again, not only what new files touch.

    Returns:
        0 when everything was published, 1 when a gate or a step failed, 2 when the run could not
        begin: another one is on, the work database is broken, the landing folder cannot be read.
    """
    console = Console(stderr=True)
    say = partial(console.print, highlight=False, markup=False)
    try:
        with told_of_night(settings, say) as began:
            prepare(settings)
            hold_work_database(settings)
            began()
            return _night(settings, partition, rebuild, console)
    except WorkDatabaseError as error:
        _say_error(console, str(error))
        return 2
    except Exception as error:  # DuckDB's, SQLite's or the system's, often inside another's
        advice = what_to_do(str(error), str(settings.work_db))
        if advice is None and not isinstance(error, LandingError):
            raise
        _say_error(console, str(error), advice)
        return 2 if isinstance(error, LandingError) else 1


def _night(settings: Settings, partition: str | None, rebuild: bool, console: Console) -> int:
    if rebuild:
        _ask_for_everything(settings)
    # Only a run finds out what is new in databases and APIs.
    if partition is None and not connection_files(settings) and last_run.why_run(settings) is None:
        return _nothing_new(settings, console)

    started = time.perf_counter()
    console.print("starting Dagster and dbt …")
    import dagster as dg

    from dagster_project.automation.jobs import NIGHTLY
    from dagster_project.automation.run_ends import FROM_A_SHELL, close_killed_runs, failed_steps
    from dagster_project.definitions import defs

    ready = time.perf_counter()
    with dg.DagsterInstance.get() as instance:
        for run_id in close_killed_runs(instance):
            console.print(f"run {run_id} was killed; this one does its work", highlight=False)
        result = defs.resolve_job_def(NIGHTLY).execute_in_process(
            instance=instance,
            partition_key=partition,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "INFO"}}}},
            tags=FROM_A_SHELL,
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
    for step, error in failed_steps(result.all_events):
        _say_error(console, f"{step}: {error}", what_to_do(error, str(settings.work_db)))
    console.print(
        f"[red]not published:[/red] a gate or a step failed in run {result.run_id}; the published "
        "tables are as they were. The failed rules stand above, the log in `make dev`."
    )
    return 1


def _alert(settings: Settings, *, test: bool) -> int:
    console = _console()
    if not settings.alerts.anybody:
        console.print("nobody to tell; set ALERT_WEBHOOK_URL or ALERT_EMAIL_TO in .env")
        return 2
    from dagster_project.alerts.tell import send_test, tell

    say = partial(console.print, highlight=False, markup=False, soft_wrap=True)
    if test:
        return 0 if send_test(settings, datetime.now(UTC), say) else 1
    prepare(settings)
    import dagster as dg

    with dg.DagsterInstance.get() as instance:
        told = tell(settings, datetime.now(UTC), say, instance)
    if not told.delivered and not told.failed:
        say("nothing to tell")
    return 1 if told.failed else 0


def _say_error(console: Console, error: str, advice: str | None = None) -> None:
    console.print("[red]error:[/red]", Text(error), soft_wrap=True)
    if advice is not None:
        console.print(Text(advice), soft_wrap=True)


def _docs(settings: Settings) -> int:
    from dagster_project.dashboard.documentation import DocumentationError, build_documentation

    console = Console(stderr=True)
    if not settings.serving_db.is_file():
        console.print("nothing is published yet; start with `make run`")
        return 1
    settings.export()
    try:
        index = build_documentation(settings, console.print)
    except (DocumentationError, FileNotFoundError, WorkDatabaseError) as error:
        console.print(f"[red]error:[/red] {error}", highlight=False)
        return 2
    _console().print(f"written: {index}", highlight=False, soft_wrap=True)
    return 0


def _metrics(settings: Settings, arguments: Sequence[str]) -> int:
    from dagster_project.serving.metrics import run_metricflow

    try:
        return run_metricflow(settings, arguments)
    except (FileNotFoundError, ImportError, ValueError) as error:
        _console().print(f"[red]error:[/red] {error}", highlight=False)
        return 2


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
    from dagster_project.automation.run_ends import close_killed_runs

    with dg.DagsterInstance.get() as instance:
        close_killed_runs(instance)  # one may have been killed when it had published
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
    alert = commands.add_parser(
        "alert",
        help="look whether there is trouble, and tell who is to hear of it what is new",
    )
    alert.add_argument("--test", action="store_true", help="only send a test message")
    cluster = commands.add_parser(
        "cluster",
        help="Dagster as code server, daemon and web server over one PostgreSQL database, all on "
        "the loopback until Ctrl-C",
    )
    cluster.add_argument("part", nargs="?", choices=PARTS, help="only this one, in this process")
    cluster.add_argument(
        "--listen",
        metavar="ADDRESS",
        default=LOOPBACK,
        help="where one part listens; it asks nobody who they are, so default: %(default)s",
    )
    kubernetes = commands.add_parser(
        "kubernetes", help="print manifests of the same parts for kubectl apply"
    )
    kubernetes.add_argument(
        "--image", default=IMAGE, help="built with deploy/Containerfile; default: %(default)s"
    )
    commands.add_parser("docs", help="write reports/docs: tables, lineage, entities, definitions")
    metrics = commands.add_parser(
        "metrics", help="ask the published marts for metrics of the semantic layer"
    )
    metrics.add_argument(
        "arguments",
        nargs=argparse.REMAINDER,
        help="of MetricFlow: list metrics, query --metrics orders --group-by metric_time__month …",
    )
    commands.add_parser("dashboard", help="write reports/index.html anew from what is published")
    why = commands.add_parser(
        "why", help="print one customer's profile, labels, tags and the orders behind them"
    )
    why.add_argument("customer", help="customer id as in the marts")
    audience = commands.add_parser(
        "audience",
        help="export the list of customers of one audience; without a name, list the audiences",
    )
    audience.add_argument("name", nargs="?", help="code of the audience, such as welcome")
    audience.add_argument(
        "--format", choices=("csv", "json"), default="csv", help="of the file; default: csv"
    )
    audience.add_argument(
        "--to",
        metavar="URL",
        help="send the list there as JSON instead of writing it; AUDIENCE_WEBHOOK_SECRET is the "
        "bearer token",
    )
    audience.add_argument(
        "--no-record",
        action="store_true",
        help="only look: do not note that these customers get a message",
    )
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
    for name, help_ in {
        "backup": "keep the whole warehouse in one archive: exports, tables, keys, history of runs",
        "restore": "put a kept warehouse back into an empty WAREHOUSE_DIR",
    }.items():
        commands.add_parser(name, help=help_).add_argument(
            "archive", type=Path, help="path of the archive, .tar or .tar.gz"
        )
    commands.add_parser(
        "prepare", help="create the folders of the warehouse, and empty tables for dbt to read"
    )
    return parser


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date; write YYYY-MM-DD") from None
