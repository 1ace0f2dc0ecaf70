"""What lies in the landing folder: each file's format or the reason it is refused.

Reads files and the ledger; writes nothing.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import duckdb

from dagster_project.ingestion import ledger
from dagster_project.ingestion.export_time import export_time
from dagster_project.ingestion.formats import (
    Binding,
    Format,
    closest,
    load_formats,
    missing_columns,
    recognise,
    recognise_headerless,
)
from dagster_project.ingestion.mapping import (
    MAPPING_FILE_NAME,
    Mapping,
    leads_outside,
    parse_mapping,
    read_mapping,
)
from dagster_project.ingestion.pseudonym import reading_context
from dagster_project.ingestion.raw_copy import hash_file, raw_mapping_path, raw_path
from dagster_project.ingestion.readers import Dialect, Table, find_tables
from dagster_project.ingestion.refusal import Refusal, RefusedFile, clipped
from dagster_project.ingestion.templates import (
    NearTemplate,
    nearest_template,
    recognise_template,
)
from dagster_project.settings import Settings

_TEMPORARY_ENDINGS = (".tmp", ".part", ".crdownload", ".swp", "~")

# A copy that is under way writes at least this often.
_JUST_NOW_SECONDS = 2.0
_WATCH_SECONDS = 0.3

# Stands for the hash of a file that may not be opened.
UNKNOWN_CONTENT = ""

_NOT_ALLOWED = Refusal(
    "not_allowed",
    "没有读取这个文件的权限。请修改文件权限（或在 Excel 里关闭它）后再放入。",
    "The file may not be opened. Change its permissions (or close it in Excel) and drop it again.",
)


_LEADS_OUTSIDE = Refusal(
    "leads_outside",
    "这是一个指向 landing 之外的链接，没有打开。请放入文件本身。",
    "This is a link to a place outside the landing folder and was not opened. Drop the file "
    "itself.",
)


_NAME_IS_NO_TEXT = Refusal(
    "name_is_no_text",
    "文件名（或它所在文件夹的名称）的编码已损坏，常见于在 Windows 上打包、在这里解压的文件。"
    "它已用看得懂的名称放到这里；请核对名称后再放入。",
    "The name of the file, or of its folder, is no UTF-8 text, as happens when an archive made on "
    "Windows is unpacked. It lies here under a name that can be read; check the name and drop it "
    "again.",
)


class LandingError(OSError):
    """The landing folder itself is missing or cannot be read."""


@dataclass(frozen=True)
class PlannedTable:
    """A table of rows in a file and how it is read."""

    table: Table
    binding: Binding


@dataclass(frozen=True)
class PlannedFile:
    """One file to load, or to refuse when `refusal` is set.

    Attributes:
        file_id: the ledger's id if it is loaded; grows with the relative path.
        path: where the bytes are.
        relative: path below the landing folder, with `/`.
        sha256: of the content.
        bytes: size.
        exported_at: when it was exported, shop-local; None for a file that may not be opened.
        tables: what is read; empty for a refused file.
        mapping: the `mapping.yml` that applies.
        refusal: why it cannot be read.
        unread_sheets: sheets of a workbook that no format knows; the others are read.
        in_landing: False for a file that left the landing folder and is read again from its raw
            copy because its format changed.
    """

    file_id: int
    path: Path
    relative: str
    sha256: str
    bytes: int
    exported_at: datetime | None = None
    tables: tuple[PlannedTable, ...] = ()
    mapping: Mapping | None = None
    refusal: Refusal | None = None
    unread_sheets: tuple[str, ...] = ()
    in_landing: bool = True

    @property
    def source(self) -> str | None:
        """Which source loads it; None when it is refused."""
        return self.tables[0].binding.format.source if self.tables else None

    @property
    def note(self) -> str | None:
        """What the owner should know of a file that was read; None when nothing."""
        if not self.unread_sheets:
            return None
        names = ", ".join(self.unread_sheets)
        return (
            f"这些工作表无法识别，没有读取：{names}。"
            "需要的话请导出完整的列，或为它们写 mapping.yml。\n"
            f"These sheets are not known and were not read: {names}. If they matter, export them "
            "with all their columns, or describe them in a mapping.yml."
        )

    @property
    def formats(self) -> tuple[str, ...]:
        """Names of its formats, each once."""
        return tuple(dict.fromkeys(planned.binding.format.name for planned in self.tables))

    @property
    def encoding(self) -> str | None:
        """Text encoding; None for workbooks and parquet."""
        return self.tables[0].table.encoding if self.tables else None

    def definition_hash(self, context: str) -> str:
        """Changes when the same bytes would be read into other rows.

        Args:
            context: the warehouse's part in that, from `reading_context`.
        """
        parts = [planned.binding.definition_hash for planned in self.tables]
        return hashlib.sha256("\x1f".join([context, *parts]).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class LandingPlan:
    """All files of one load, in the order of their relative path.

    Attributes:
        batch_id: the same for every source loaded from this plan.
        files: to load and to refuse.
        unsettled: paths below the landing folder of files that are still being written.
    """

    batch_id: int
    files: tuple[PlannedFile, ...]
    unsettled: tuple[str, ...] = ()

    @property
    def refused(self) -> tuple[PlannedFile, ...]:
        """Files that cannot be read."""
        return tuple(file for file in self.files if file.refusal is not None)

    @property
    def sources(self) -> tuple[str, ...]:
        """Sources that have files in this plan, by name."""
        return tuple(sorted({file.source for file in self.files if file.source is not None}))


def inspect_landing(settings: Settings) -> LandingPlan:
    """Look at every file of the landing folder.

    Raises:
        LandingError: the folder is missing or cannot be read.
    """
    landing = settings.landing_dir
    if not landing.is_dir():
        raise LandingError(f"the landing folder {landing} does not exist; create it and drop files")
    if not os.access(landing, os.R_OK | os.X_OK):
        raise LandingError(f"the landing folder {landing} cannot be read; check its permissions")
    entries = ledger.read_ledger(settings.work_db)
    first_id = max((entry.file_id for entry in entries), default=0) + 1
    batch_id = max((entry.batch_id for entry in entries), default=0) + 1
    paths = list(landing_files(landing))
    growing = _still_written(paths)
    with duckdb.connect(":memory:") as connection:
        files = [
            _inspect_landed(path, settings, connection)
            for path in paths
            if path not in growing and path.exists()  # not taken away since the folder was listed
        ]
        present = {file.sha256 for file in files}
        files += [
            outdated
            for entry in entries
            if entry.status == ledger.ACTIVE and entry.sha256 not in present
            if (outdated := _outdated_copy(entry, settings, connection)) is not None
        ]
    ordered = sorted(files, key=lambda file: file.relative)
    numbered = (replace(file, file_id=first_id + index) for index, file in enumerate(ordered))
    unsettled = sorted(readable_name(path.relative_to(landing).as_posix()) for path in growing)
    return LandingPlan(batch_id, tuple(numbered), tuple(unsettled))


def _still_written(paths: list[Path]) -> set[Path]:
    """Files that grow under our eyes: only those changed just now are watched for a moment."""

    def state(path: Path) -> tuple[int, int] | None:
        try:
            stat = path.stat()
        except FileNotFoundError:
            return None
        return stat.st_size, stat.st_mtime_ns

    just_now = (time.time() - _JUST_NOW_SECONDS) * 1e9
    before = {path: found for path in paths if (found := state(path)) and found[1] > just_now}
    if not before:
        return set()
    time.sleep(_WATCH_SECONDS)
    return {path for path, found in before.items() if state(path) not in (None, found)}


def _inspect_landed(
    path: Path, settings: Settings, connection: duckdb.DuckDBPyConnection
) -> PlannedFile:
    relative = readable_name(path.relative_to(settings.landing_dir).as_posix())
    modified_at = path.stat().st_mtime
    return replace(
        inspect_file(path, relative, settings.landing_dir, connection),
        exported_at=export_time(relative, modified_at, settings.shop_timezone),
    )


def landing_files(landing: Path) -> Iterator[Path]:
    """Data files at any depth; not hidden ones, mappings, nor what another program still writes."""

    def complain(error: OSError) -> None:
        raise LandingError(f"{error.filename} cannot be read; check its permissions") from error

    for folder, folders, names in os.walk(landing, onerror=complain):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            temporary = name.startswith((".", "~$")) or name.lower().endswith(_TEMPORARY_ENDINGS)
            path = Path(folder, name)
            if not temporary and name != MAPPING_FILE_NAME and path.is_file():
                yield path


def readable_name(name: str) -> str:
    """A path that a text can hold: bytes that are no UTF-8 are read as Windows writes Chinese."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return os.fsencode(name).decode("gb18030", errors="replace")
    return name


def inspect_file(
    path: Path, relative: str, landing: Path, connection: duckdb.DuckDBPyConnection
) -> PlannedFile:
    """Look at one file; `connection` may be any DuckDB connection, nothing is written to it."""
    if readable_name(str(path)) != str(path):
        return PlannedFile(0, path, relative, UNKNOWN_CONTENT, 0, refusal=_NAME_IS_NO_TEXT)
    if leads_outside(path, landing):
        return PlannedFile(0, path, relative, UNKNOWN_CONTENT, 0, refusal=_LEADS_OUTSIDE)
    try:
        digest, size = hash_file(path)
    except PermissionError:
        return PlannedFile(0, path, relative, UNKNOWN_CONTENT, 0, refusal=_NOT_ALLOWED)
    file = PlannedFile(0, path, relative, digest, size)
    try:
        return _with_tables(file, read_mapping(path, landing), connection)
    except RefusedFile as refused:
        return replace(file, refusal=refused.refusal)


def _with_tables(
    file: PlannedFile, mapping: Mapping | None, connection: duckdb.DuckDBPyConnection
) -> PlannedFile:
    sheets: dict[str, None] = {}

    def find(dialect: Dialect) -> tuple[Table, ...]:
        tables = find_tables(file.path, connection, dialect)
        sheets.update((table.sheet, None) for table in tables if table.sheet and table.header)
        return tables

    planned = (
        recognise_tables(find(Dialect()), load_formats()) if mapping is None else mapping.plan(find)
    )
    read = {table.sheet for table, _ in planned}
    return replace(
        file,
        tables=tuple(PlannedTable(*pair) for pair in planned),
        mapping=mapping,
        unread_sheets=tuple(sheet for sheet in sheets if sheet not in read),
    )


def _outdated_copy(
    entry: ledger.Entry, settings: Settings, connection: duckdb.DuckDBPyConnection
) -> PlannedFile | None:
    """A loaded file that left the landing folder and would be read differently today."""
    try:
        file = kept_file(entry, settings, connection)
    except RefusedFile:
        return None  # its rows stay as they were read
    if file is None or file.definition_hash(reading_context(settings)) == entry.definition_hash:
        return None
    return file


def kept_file(
    entry: ledger.Entry, settings: Settings, connection: duckdb.DuckDBPyConnection
) -> PlannedFile | None:
    """How a file's raw copy is read today; None when there is no copy any more.

    Raises:
        RefusedFile: it cannot be read today.
    """
    path = raw_path(settings.raw_dir, entry.sha256, Path(entry.source_file).suffix)
    kept_mapping = raw_mapping_path(settings.raw_dir, entry.sha256)
    if not path.exists():
        return None
    file = PlannedFile(
        0, path, entry.source_file, entry.sha256, entry.bytes, entry.exported_at, in_landing=False
    )
    mapping = (
        parse_mapping(kept_mapping.read_text(encoding="utf-8"), default_source="")
        if kept_mapping.exists()
        else None
    )
    return _with_tables(file, mapping, connection)


def recognise_tables(
    tables: tuple[Table, ...], formats: tuple[Format, ...]
) -> list[tuple[Table, Binding]]:
    """The tables that are known, each with how it is read.

    A platform's header goes before a filled template, and both before the look of a file without
    a header.

    Raises:
        RefusedFile: none is known; names the closest format and the columns it misses.
    """
    known = [
        (table, binding)
        for table in tables
        if (
            binding := recognise(table.header, formats) or recognise_template(table.header, formats)
        )
    ] or [
        (table.without_header(), binding)
        for table in tables
        if (binding := recognise_headerless(table.first_records, formats)) is not None
    ]
    if not known:
        raise _unknown_header(tables, formats)
    return known


def _by_header(header: tuple[str, ...], formats: tuple[Format, ...]) -> Binding | None:
    return recognise(header, formats) or recognise_template(header, formats)


def _unknown_header(tables: tuple[Table, ...], formats: tuple[Format, ...]) -> RefusedFile:
    header = max((table.header for table in tables), key=len, default=())
    found = ", ".join(clipped(name) for name in header[:20]) + (" …" if len(header) > 20 else "")
    template = nearest_template(header, formats)
    if template is not None:
        return _unfinished_template(template)
    near = closest(header, formats)
    zh = f"表头无法识别。文件里的列：{found or '（没有）'}。"
    en = f"The header is not known. The file's columns: {found or '(none)'}. "
    if near is not None:
        missing = ", ".join(" / ".join(c.headers) for c in missing_columns(near, header))
        zh += f"最接近的格式是 {near.name}（{near.description['zh']}），缺少列：{missing}。"
        en += (
            f"The closest known format is {near.name} ({near.description['en']}); "
            f"it misses: {missing}. "
        )
    zh += "请导出完整的列，或在文件旁放一个 mapping.yml 说明各列的含义，再放入。"
    en += (
        "Export these columns too, or put a mapping.yml beside the file that says what its "
        "columns mean, and drop it again."
    )
    return RefusedFile("unknown_header", zh, en, quoted=found)


def _unfinished_template(near: NearTemplate) -> RefusedFile:
    """The refusal of a header that speaks the warehouse's own names, but not all of it does."""
    entity = near.format.entity
    extra = ", ".join(map(clipped, near.extra))
    zh, en = (
        f"表头接近模板 {entity}.csv，",
        f"The header is nearly that of the template {entity}.csv",
    )
    if near.extra:
        zh += f"但仓库没有这些列：{extra}。"
        en += f", but these are no columns of it: {extra}"
    if near.missing:
        zh += f"缺少必需的列：{', '.join(near.missing)}。"
        en += f"{';' if near.extra else ', but'} it misses: {', '.join(near.missing)}"
    zh += (
        "两种办法：把多余的列删掉或改成模板里的列名、补上缺少的列，再放入；"
        "或者在文件旁放一个 mapping.yml 说明各列的含义。"
    )
    en += (
        ". There are two ways out: delete these columns or give them the template's names, add "
        "what is missing, and drop the file again; or put a mapping.yml beside it that says what "
        "its columns mean."
    )
    return RefusedFile("unfinished_template", zh, en, quoted=extra)
