"""Is an xlsx file safe to open, and which sheets does it hold? Looks at the zip directory only."""

from __future__ import annotations

import errno
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

from dagster_project.ingestion.refusal import RefusedFile

OLE_MAGIC = bytes.fromhex("D0CF11E0")
# Real workbooks unpack to 5-20 times their size, up to about 100 when every row is alike.
MAX_UNPACKED_BYTES = 8 << 30
MAX_RATIO = 250
RATIO_COUNTS_FROM_BYTES = 64 << 20
_DIRECTORY_BYTES = 8 << 20
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, ElementTree.ParseError, struct.error, EOFError, LookupError,
    OverflowError, RuntimeError, ValueError,
)  # fmt: skip


def check_workbook(path: Path) -> None:
    """Refuse what is no workbook or would unpack to an absurd size.

    Raises:
        RefusedFile: encrypted, not a zip, without a workbook inside, or a zip bomb.
    """
    with path.open("rb") as file:
        magic = file.read(4)
    if magic == OLE_MAGIC:
        raise RefusedFile(
            "password_protected",
            "这个 Excel 文件设有打开密码（或其实是旧版 xls）。"
            "请去掉密码，另存为 xlsx 或 CSV 后再放入。",
            "This workbook is protected by a password (or is an old .xls inside). Remove the "
            "password, save it as xlsx or CSV and drop it again.",
        )
    with _refusing_damage(), zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        names = {entry.filename for entry in entries}
    unpacked = sum(entry.file_size for entry in entries)
    packed = max(1, sum(entry.compress_size for entry in entries))
    if unpacked > MAX_UNPACKED_BYTES or (
        unpacked > RATIO_COUNTS_FROM_BYTES and unpacked / packed > MAX_RATIO
    ):
        raise RefusedFile(
            "zip_bomb",
            f"文件解压后有 {unpacked >> 20} MB，是压缩后的 {unpacked // packed} 倍，"
            "不像正常的表格，"
            "为安全起见没有打开。请另存为 CSV 后再放入。",
            f"The file would unpack to {unpacked >> 20} MB, {unpacked // packed} times its size; "
            "no normal workbook does, so it was not opened. Save it as CSV and drop it again.",
        )
    if "xl/workbook.xml" not in names:
        raise _not_a_workbook()


def sheet_names(path: Path) -> tuple[str, ...]:
    """Names of the workbook's sheets of cells (not charts), in the order of its tabs.

    Raises:
        RefusedFile: the list of sheets cannot be read.
    """
    with _refusing_damage(), zipfile.ZipFile(path) as archive:
        book = _xml(archive, "xl/workbook.xml")
        relations = _xml(archive, "xl/_rels/workbook.xml.rels")
    worksheets = {
        element.get("Id") for element in relations if element.get("Type", "").endswith("/worksheet")
    }
    return tuple(
        element.get("name", "")
        for element in book.iter()
        if element.tag.endswith("}sheet")
        and any(key.endswith("}id") and value in worksheets for key, value in element.items())
    )


@contextmanager
def _refusing_damage() -> Iterator[None]:
    """What damage makes of a zip directory comes under many names, also that of a wrong seek."""
    try:
        yield
    except _DAMAGE as error:
        raise _not_a_workbook() from error
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        raise _not_a_workbook() from error


def _xml(archive: zipfile.ZipFile, name: str) -> ElementTree.Element:
    with archive.open(name) as file:
        return ElementTree.fromstring(file.read(_DIRECTORY_BYTES))


def _not_a_workbook() -> RefusedFile:
    return RefusedFile(
        "not_a_workbook",
        "文件名以 .xlsx 结尾，但内容不是 Excel 工作簿（可能没有下载完整）。"
        "请重新导出，或用 Excel/WPS 打开后另存为 xlsx。",
        "The name ends in .xlsx but the content is no workbook (perhaps a broken download). "
        "Export it again, or open it and save it as xlsx.",
    )
