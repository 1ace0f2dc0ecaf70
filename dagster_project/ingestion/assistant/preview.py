"""What a proposed mapping makes of a file: a load into a warehouse that is thrown away."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from dagster_project.ingestion.formats import Format
from dagster_project.ingestion.loader import load_files
from dagster_project.ingestion.mapping import MAPPING_FILE_NAME
from dagster_project.ingestion.readers import file_kind
from dagster_project.settings import Settings

# A CSV file's start is enough to see what becomes of it.
_HEAD_BYTES = 8 << 20

_SHOWN_ROWS = 5
_SHOWN_ISSUES = 5


@dataclass(frozen=True)
class Preview:
    """How the rows arrive.

    Attributes:
        refusal: why the file would be refused; nothing else is set then.
        rows: read, unreadable ones included.
        unreadable: of these.
        columns: names of the warehouse columns shown.
        first: their values in the first rows.
        issues: what did not parse, the most frequent first, with its number of rows.
        is_whole: the whole file was read, not only its start.
    """

    refusal: str | None
    rows: int = 0
    unreadable: int = 0
    columns: tuple[str, ...] = ()
    first: tuple[tuple[object, ...], ...] = ()
    issues: tuple[tuple[str, int], ...] = ()
    is_whole: bool = True


def preview(path: Path, text: str, format_: Format, settings: Settings) -> Preview:
    """Load the file's start with the mapping `text` and look at what arrived."""
    with tempfile.TemporaryDirectory() as folder:
        trial = replace(settings, warehouse_dir=Path(folder))
        trial.create_folders()
        # The folder's name is the source's, so it must be the one the file will have.
        shop = trial.landing_dir / (path.parent.name or "shop")
        shop.mkdir()
        (shop / MAPPING_FILE_NAME).write_text(text, encoding="utf-8")
        is_whole = _copy_head(path, shop / path.name)
        report = load_files(trial)
        if not report.loaded:
            reasons = [f"{one.refusal.zh} / {one.refusal.en}" for one in report.refused]
            return Preview(refusal="; ".join(reasons))
        names = [c.name for c in format_.given_columns if not c.personal]
        with duckdb.connect(str(trial.work_db), read_only=True) as connection:
            filled = connection.execute(
                f"select {', '.join(f'count({name})' for name in names)} from raw.{format_.name}"
            ).fetchone()
            shown = tuple(n for n, count in zip(names, filled or (), strict=True) if count)
            first = connection.execute(
                f"select {', '.join(shown) or '_row_number'} from raw.{format_.name} "
                f"order by _row_number limit {_SHOWN_ROWS}"
            ).fetchall()
            issues = connection.execute(
                f"select _issues, count(*) as n from raw.{format_.name} where _issues is not null "
                f"group by _issues order by n desc, _issues limit {_SHOWN_ISSUES}"
            ).fetchall()
    return Preview(
        None,
        report.rows,
        sum(file.unreadable_rows for file in report.loaded),
        shown or ("_row_number",),
        tuple(first),
        tuple(issues),
        is_whole,
    )


def _copy_head(path: Path, target: Path) -> bool:
    """Copy a CSV file up to the last line end of its start, any other file whole."""
    if file_kind(path) != "csv" or path.stat().st_size <= _HEAD_BYTES:
        # A link by name would lead out of the landing folder, and is refused there.
        try:
            os.link(path.resolve(), target)
        except OSError:  # another file system
            shutil.copy2(path, target)
        return True
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    # In UTF-16 a line end is two bytes, and its zero may be the later one.
    end = head.rfind(b"\n") + 1
    target.write_bytes(head[: end + (head[end : end + 1] == b"\0")])
    return False
