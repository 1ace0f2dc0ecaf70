"""What a killed run may leave in the warehouse beside whole files, and its removal.

Everything is written under another name and renamed when it is whole, so a killed run leaves such
names behind and nothing else. Who holds the warehouse (`work_lock.py`) may remove them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from dagster_project.settings import Settings


def remove_leftovers(settings: Settings) -> list[Path]:
    """Remove half-written files of runs that are gone; returns what was removed.

    Only for the process that holds the warehouse: another run's files would be removed too.
    """
    found = sorted(set(_leftovers(settings)))
    for path in found:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return found


def _leftovers(settings: Settings) -> Iterator[Path]:
    yield from settings.raw_dir.glob("*/.*.tmp")
    yield from settings.work_dir.glob("*.tmp")
    yield from settings.quality_results_dir.glob("*.tmp")
    # The database and its write-ahead log: an old log must not meet a new database.
    yield from settings.serving_dir.glob(f"{settings.serving_db.name}.tmp*")
    yield from settings.serving_dir.glob(f"{settings.parquet_dir.name}.tmp")
    yield from settings.history_dir.glob(".*.tmp")
    yield from settings.reports_dir.glob("quality.new")
    yield from settings.reports_dir.glob("quality.old")
    # These carry the number of their process, because they may be written beside a night.
    for folder, name in (
        (settings.reports_dir, settings.dashboard_path.name),
        (settings.warehouse_dir, settings.pseudonym_key_path.name),
        (settings.dagster_home, "dagster.yaml"),
        (settings.dagster_home, "workspace.yaml"),
    ):
        for path in folder.glob(f".{name}.*"):
            if not _is_alive(path.suffix[1:]):
                yield path


def _is_alive(process: str) -> bool:
    if not process.isdigit():
        return True  # not of ours
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
