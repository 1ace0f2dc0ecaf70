"""`backup` and `restore` from a shell: a bar while they work, words when they cannot."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from dagster_project.operations.backup import BackupError, back_up, files_to_keep, restore
from dagster_project.settings import Settings
from dagster_project.work_lock import WorkDatabaseError, hold_work_database


def run_backup(settings: Settings, archive: Path, console: Console) -> int:
    """Write the archive; 0 when it is whole, 2 when it could not be written."""
    try:
        hold_work_database(settings)
        total = sum(path.stat().st_size for path in files_to_keep(settings))
        with _bar(console) as bar:
            task = bar.add_task("keeping", total=total)
            count = back_up(settings, archive, lambda _, size: bar.advance(task, size))
    except (BackupError, WorkDatabaseError, OSError) as error:
        console.print(f"[red]error:[/red] {error}", highlight=False, soft_wrap=True)
        return 2
    console.print(
        f"kept {count:,} files ({decimal(total)}) in {archive} ({decimal(archive.stat().st_size)});"
        " it holds personal data and the key of the pseudonyms: store it where only you can read",
        highlight=False,
        soft_wrap=True,
    )
    return 0


def run_restore(settings: Settings, archive: Path, console: Console) -> int:
    """Put the archive's files into the warehouse; 0 when all are there, 2 when none is."""
    try:
        with _bar(console) as bar:
            task = bar.add_task("restoring", total=None)
            count = restore(settings, archive, lambda _, size: bar.advance(task, size))
    except (BackupError, OSError) as error:
        console.print(f"[red]error:[/red] {error}", highlight=False, soft_wrap=True)
        return 2
    console.print(
        f"restored {count:,} files to {settings.warehouse_dir}; `make status` shows what readers "
        "see, `make nightly` goes on from there",
        highlight=False,
        soft_wrap=True,
    )
    return 0


def _bar(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    return Progress(*columns, TimeRemainingColumn(), console=console, transient=True)
