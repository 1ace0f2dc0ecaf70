"""Command line of the connections: `python -m dagster_project.connections --help`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.util import find_spec

from rich.console import Console
from rich.table import Table

from dagster_project.connections.assets import NO_DLT
from dagster_project.connections.files import (
    Connection,
    ConnectionFileError,
    connection_files,
    read_connection,
)
from dagster_project.settings import Settings, SettingsError
from dagster_project.work_lock import WorkDatabaseError, hold_work_database


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 well, 1 a connection failed, 2 it could not be tried."""
    options = _parser().parse_args(arguments)
    if find_spec("dlt") is None:
        print(f"error: {NO_DLT}", file=sys.stderr)
        return 2
    try:
        settings = Settings.from_env()
        settings.create_folders()
        settings.export()
        return int(options.run(settings, options))
    except (ConnectionFileError, SettingsError, WorkDatabaseError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m dagster_project.connections",
        description="Extract from the databases and APIs in connections/ to the landing folder.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    take = commands.add_parser("extract", help="take what is new and land it")
    take.add_argument("name", nargs="*", help="connections; default: all")
    take.add_argument(
        "--full", action="store_true", help="forget the cursors and take everything again"
    )
    take.set_defaults(run=_extract)
    look = commands.add_parser("check", help="log in and show the first rows; changes nothing")
    look.add_argument("name")
    look.set_defaults(run=_check)
    return parser


def _read(settings: Settings, names: Sequence[str]) -> list[Connection]:
    files = {path.stem: path for path in connection_files(settings)}
    if not files:
        raise ConnectionFileError(
            str(settings.connections_dir),
            "还没有连接文件；写法见 docs/how-to-add-a-source.md",
            "there is no connection file yet; docs/how-to-add-a-source.md shows how to write one",
        )
    unknown = ", ".join(name for name in names if name not in files)
    if unknown:
        known = ", ".join(files)
        raise ConnectionFileError(
            str(settings.connections_dir),
            f"没有连接文件 {unknown}。现有：{known}",
            f"there is no connection file {unknown}. There are: {known}",
        )
    return [read_connection(files[name]) for name in names or files]


def _extract(settings: Settings, options: argparse.Namespace) -> int:
    from dagster_project.connections.extract import extract, start_over

    hold_work_database(settings)
    failed = 0
    for connection in _read(settings, options.name):
        if options.full:
            start_over(settings, connection)
        extracted = extract(settings, connection)
        print(f"{connection.name}: {extracted.files} files into the landing folder")
        if extracted.failure is not None:
            failed += 1
            print(f"error: {extracted.failure}", file=sys.stderr)
    return 1 if failed else 0


def _check(settings: Settings, options: argparse.Namespace) -> int:
    from dagster_project.connections.check import first_rows
    from dagster_project.connections.extract import describe_failure

    (connection,) = _read(settings, [options.name])
    console = Console() if sys.stdout.isatty() else Console(width=160)
    try:
        for resource, rows in first_rows(connection):
            console.print(f"{resource.name}: {resource.asked_for} → {resource.mapping.format.name}")
            table = Table(*resource.headers)
            for row in rows:
                table.add_row(*(row[header] or "" for header in resource.headers))
            console.print(table)
            empty = [h for h in resource.headers if rows and all(row[h] is None for row in rows)]
            if empty:
                console.print(f"empty in all these rows: {', '.join(empty)}")
    except Exception as error:
        print(f"error: {describe_failure(error, connection)}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
