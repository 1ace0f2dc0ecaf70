"""Command line of the ingestion library: `python -m dagster_project.ingestion --help`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import duckdb
from rich.console import Console

from dagster_project.ingestion.assistant.document import (
    NotWritten,
    mapping_text,
    write_mapping,
)
from dagster_project.ingestion.assistant.preview import preview
from dagster_project.ingestion.assistant.propose import propose
from dagster_project.ingestion.assistant.show import show_preview, show_proposal
from dagster_project.ingestion.formats import normalise_header
from dagster_project.ingestion.inspect import LandingError, PlannedFile, inspect_file
from dagster_project.ingestion.loader import LoadReport, forget, load_files
from dagster_project.ingestion.mapping import MAPPING_FILE_NAME, entities
from dagster_project.ingestion.refusal import RefusedFile
from dagster_project.ingestion.sample import SampleMissing, put_sample
from dagster_project.ingestion.templates import Outcome, write_templates
from dagster_project.settings import Settings, SettingsError
from dagster_project.work_lock import WorkDatabaseError, hold_work_database


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status (0 well, 1 a file was refused or not found)."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(Settings.from_env(), options))
    except (LandingError, SampleMissing, SettingsError, WorkDatabaseError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m dagster_project.ingestion",
        description="Read export files from the landing folder into the raw tables. "
        "WAREHOUSE_DIR says where the warehouse is (default ./warehouse).",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    load = commands.add_parser("load", help="load everything in the landing folder")
    load.add_argument("--source", action="append", help="only this source (repeatable)")
    load.set_defaults(run=_load)
    look = commands.add_parser("inspect", help="say how a file would be read; changes nothing")
    look.add_argument("file", type=Path)
    look.set_defaults(run=_inspect)
    drop = commands.add_parser("forget", help="delete a loaded file's rows and raw copy")
    drop.add_argument("path", help="path below the landing folder, as it was loaded")
    drop.set_defaults(run=_forget)
    sample = commands.add_parser("sample", help="put sample data into an empty landing folder")
    sample.set_defaults(run=_sample)
    empty = commands.add_parser("templates", help="write an empty CSV for every entity")
    empty.set_defaults(run=_templates)
    guess = commands.add_parser("map", help="propose a mapping.yml for a file; changes nothing")
    guess.add_argument("file", type=Path)
    guess.add_argument("--entity", choices=entities(), help="what one row is, when you know")
    guess.add_argument("--write", action="store_true", help="put the mapping beside the file")
    guess.set_defaults(run=_map)
    return parser


def _load(settings: Settings, options: argparse.Namespace) -> int:
    settings.create_folders()
    hold_work_database(settings)
    sources = set(options.source) if options.source else None
    report = load_files(settings, sources=sources, on_progress=_show_progress)
    _print_report(report)
    return 1 if report.refused else 0


def _show_progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _print_report(report: LoadReport) -> None:
    for file in report.loaded:
        print(
            f"loaded {file.relative}: {file.rows:,} rows as {', '.join(file.formats)}, "
            f"{file.unreadable_rows:,} unreadable, {file.rows_with_issues:,} with issues"
        )
        if file.note is not None:
            print(file.note)
    for skipped in report.skipped:
        print(f"skipped {skipped.relative}: {skipped.reason}")
    for refused in report.refused:
        print(f"refused {refused.relative}: {refused.refusal.message}")
    print(
        f"batch {report.batch_id}: {len(report.loaded)} loaded, {len(report.skipped)} skipped, "
        f"{len(report.refused)} refused, {report.rows:,} rows in {report.seconds:.1f} s"
    )


def _inspect(settings: Settings, options: argparse.Namespace) -> int:
    path = options.file.resolve()
    if not path.is_file():
        print(f"error: {options.file} is not a file", file=sys.stderr)
        return 2
    # A file outside the landing folder may have its mapping beside it.
    inside = path.is_relative_to(settings.landing_dir)
    landing = settings.landing_dir if inside else path.parent
    with duckdb.connect(":memory:") as connection:
        file = inspect_file(path, path.relative_to(landing).as_posix(), landing, connection)
    if file.refusal is not None:
        print(f"would be refused: {file.refusal.zh}\n{file.refusal.en}")
        return 1
    print(f"encoding: {file.encoding or '-'}")
    _print_bindings(file)
    return 0


def _print_bindings(file: PlannedFile) -> None:
    for planned in file.tables:
        header, binding = planned.table.header, planned.binding
        used = {position for bound in binding.columns for position in bound.positions}
        sheet = f" (sheet {planned.table.sheet})" if planned.table.sheet else ""
        print(f"format: {binding.format.name}{sheet}")
        for bound in binding.columns:
            origin = " + ".join(header[position].strip() for position in bound.positions)
            if bound.constant is not None:
                origin = f"constant {bound.constant!r}"
            print(f"  {bound.column.name:<24} {bound.column.kind:<12} {origin or '(missing)'}")
        extra = [
            name.strip()
            for i, name in enumerate(header)
            if i not in used and normalise_header(name)
        ]
        print(f"  not used: {', '.join(extra) or '-'}")


def _forget(settings: Settings, options: argparse.Namespace) -> int:
    hold_work_database(settings)
    count = forget(settings, options.path)
    if count == 0:
        print(f"error: no rows of {options.path} are loaded", file=sys.stderr)
        return 1
    print(f"forgot {options.path}")
    if (settings.landing_dir / options.path).exists():
        print("it still lies in the landing folder: remove it there, or the next load takes it")
    return 0


def _sample(settings: Settings, options: argparse.Namespace) -> int:
    copied = put_sample(settings)
    for path in copied:
        print(f"put {path.relative_to(settings.landing_dir)} into the landing folder")
    if not copied:
        print("the landing folder holds files already; nothing was put")
    return 0


def _templates(settings: Settings, options: argparse.Namespace) -> int:
    for path, outcome in write_templates(settings.templates_dir):
        if outcome is Outcome.KEPT:
            print(f"kept {path}: it differs from the template; delete it to get a new one")
        else:
            print(f"{outcome.value} {path}")
    return 0


def _map(settings: Settings, options: argparse.Namespace) -> int:
    path = options.file.resolve()
    if not path.is_file():
        print(f"error: {options.file} is not a file", file=sys.stderr)
        return 2
    console = Console()
    with duckdb.connect(":memory:") as connection:
        known = inspect_file(path, path.name, path.parent, connection)
        if known.refusal is None and options.entity is None:
            console.print(
                f"已经认识这个文件 / the file is known already: {', '.join(known.formats)}. "
                "不需要新的 mapping.yml / It needs no new mapping.yml."
            )
            return 0
        try:
            proposal = propose(path, connection, options.entity)
        except RefusedFile as refused:
            print(f"would be refused: {refused.refusal.zh}\n{refused.refusal.en}")
            return 1
    text = mapping_text(proposal)
    show_proposal(console, proposal)
    show_preview(console, preview(path, text, proposal.format, settings))
    print(f"\n# {MAPPING_FILE_NAME}\n{text}")
    if not options.write:
        console.print("什么都没有写 / nothing was written: --write (make map FILE=… WRITE=1)")
        return 0
    try:
        written = write_mapping(text, path)
    except NotWritten as reason:
        print(f"error: {reason}", file=sys.stderr)
        return 1
    console.print(f"写入 / written: {written}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
