"""Batches of damaged files through the real loader, and what must hold after each.

Every row that can be seen is in the raw tables, among the unreadable rows or in an issue, each
once; or its file was refused whole with a reason in both languages and lies in the refused folder
as it was. The landing folder keeps what was loaded, byte for byte.
"""

from __future__ import annotations

import random
import re
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from dagster_project.ingestion.loader import load_files
from dagster_project.settings import Settings
from tests.fuzz import damage
from tests.fuzz.seen import numbers_seen
from tests.fuzz.shop_files import KINDS_OF_FILE, ROWS, Table, every_kind, mapping_of, valid_table

_FIRST_NUMBER = 100_000_000
_CHINESE = re.compile("[\u4e00-\u9fff]")


@dataclass(frozen=True)
class Mutant:
    """A damaged file and where it is dropped."""

    path: str
    kind: str
    damage: str
    table: Table
    content: bytes


@dataclass
class Tried:
    """Counts of what was done; `loaded` and `refused` are counted by kind of file and damage."""

    loaded: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    formats: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    unreadable_rows: int = 0
    rows_seen: int = 0
    lost: list[str] = field(default_factory=list)

    @property
    def files(self) -> int:
        return self.loaded.total() + self.refused.total()


def make(seed: int, chosen: Iterable[tuple], names: Iterable[str]) -> list[Mutant]:
    """One damaged file for each format and kind of file, its damage from `names` in turn."""
    rng = random.Random(seed)
    mutants = []
    for place, ((format_, mapped, kind), name) in enumerate(zip(chosen, names, strict=True)):
        first = _FIRST_NUMBER + place * 1_000
        table, content = damage.damaged(valid_table(format_, mapped, first), kind, name, rng)
        ending = kind
        if name == "another ending":
            ending = rng.choice([other for other in KINDS_OF_FILE if other != kind])
        folder = f"{place:03d}"
        mutants.append(Mutant(f"{folder}/{kind}.{ending}", kind, name, table, content))
    return mutants


def random_batch(seed: int, size: int) -> list[Mutant]:
    """Formats, kinds and damages by chance."""
    rng = random.Random(seed)
    return make(seed, rng.choices(every_kind(), k=size), rng.choices(damage.NAMES, k=size))


def run(mutants: list[Mutant], tried: Tried) -> None:
    """Load the files into a warehouse of their own and check each; counts go to `tried`.

    Raises:
        AssertionError: something does not hold; names the file.
    """
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_env({"WAREHOUSE_DIR": folder})
        settings.create_folders()
        for mutant in mutants:
            path = settings.landing_dir / mutant.path
            path.parent.mkdir(parents=True)
            path.write_bytes(mutant.content)
            if mutant.table.mapped:
                mapping = mapping_of(valid_table(mutant.table.format, True, 0))
                (path.parent / "mapping.yml").write_text(mapping, encoding="utf-8")
        report = load_files(settings)
        loaded = {file.relative: file for file in report.loaded}
        refused = {file.relative: file.refusal for file in report.refused}
        skipped = {file.relative for file in report.skipped}
        with duckdb.connect(str(settings.work_db), read_only=True) as connection:
            for mutant in mutants:
                tried.formats[mutant.table.format.name] += 1
                where = (mutant.kind, mutant.damage)
                if mutant.path in refused:
                    tried.refused[where] += 1
                    tried.reasons[refused[mutant.path].code] += 1
                    _check_refused(settings, connection, mutant, refused[mutant.path])
                elif mutant.path in loaded:
                    tried.loaded[where] += 1
                    _check_loaded(settings, connection, mutant, loaded[mutant.path], tried)
                else:
                    assert mutant.path in skipped, mutant.path
        _check_left_over(settings)


def _check_refused(settings: Settings, connection, mutant: Mutant, refusal) -> None:
    assert _CHINESE.search(refusal.zh) and refusal.en.isprintable(), (mutant.path, refusal)
    assert len(refusal.message) < 20_000, (mutant.path, len(refusal.message))
    kept = settings.refused_dir / mutant.path
    assert kept.read_bytes() == mutant.content, mutant.path
    assert not (settings.landing_dir / mutant.path).exists(), mutant.path
    reason = kept.with_name(kept.name + ".reason.txt").read_text(encoding="utf-8-sig")
    assert refusal.zh in reason and refusal.en in reason
    entries = connection.execute(
        "select status, message, rows from raw.ingested_files where source_file = ?", [mutant.path]
    ).fetchall()
    assert entries == [("refused", refusal.message, 0)], (mutant.path, entries)


def _check_loaded(settings: Settings, connection, mutant: Mutant, file, tried: Tried) -> None:
    assert (settings.landing_dir / mutant.path).read_bytes() == mutant.content, mutant.path
    texts, numbers = _rows_of(connection, mutant.path, file.formats)
    assert len(numbers) == file.rows, (mutant.path, len(numbers), file.rows)
    assert len(set(numbers)) == len(numbers), (mutant.path, "a row has two dispositions")
    tried.rows += file.rows
    tried.unreadable_rows += file.unreadable_rows
    if mutant.damage == "another ending":
        return
    seen = numbers_seen(mutant.table, mutant.kind, mutant.content)
    tried.rows_seen += len(seen)
    kept = "\n".join(texts)
    lost = {number for number in seen if number not in kept}
    tried.lost += [f"{mutant.path}, row {number}" for number in sorted(lost)]
    assert not lost, (mutant.path, mutant.damage, mutant.table.format.name, lost)
    if mutant.damage == "none":
        assert file.rows == ROWS and len(seen) == ROWS, (mutant.path, file)
        assert mutant.kind in ("parquet", "jsonl") or file.unreadable_rows == 0, (mutant.path, file)


def _rows_of(connection, path: str, formats: tuple[str, ...]) -> tuple[list[str], list[tuple]]:
    """All text of a file's rows, and the (format, row number) of each."""
    (file_id,) = connection.execute(
        "select file_id from raw.ingested_files where source_file = ?", [path]
    ).fetchone()
    texts: list[str] = []
    numbers: list[tuple] = []
    for format_ in formats:
        tables = [format_, f"{format_}_personal"]
        for (table,) in connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'raw' "
            "and list_contains(?, table_name)", [tables],
        ).fetchall():  # fmt: skip
            found = connection.execute(
                f"select _row_number, cast(row_to_json(t) as varchar) from raw.{table} as t "
                "where _file_id = ?", [file_id],
            ).fetchall()  # fmt: skip
            texts += [text for _, text in found]
            numbers += [(format_, number) for number, _ in found if table == format_]
        found = connection.execute(
            "select _row_number, raw_text from raw.unreadable_rows "
            "where _file_id = ? and format = ?", [file_id, format_],
        ).fetchall()  # fmt: skip
        texts += [text for _, text in found]
        numbers += [(format_, number) for number, _ in found]
    return texts, numbers


def _check_left_over(settings: Settings) -> None:
    """Nothing of a load stays behind: no scratch in the work folder, none in the raw folder."""
    scratch = [path.name for path in settings.work_dir.glob("load_*")]
    assert not scratch, scratch
    assert not list(Path(settings.raw_dir).rglob("*.tmp"))
