"""Rows whose quote never closes, kept from swallowing the rows after them.

A CSV reader must take everything up to the next quote as one value, so one stray quote can cost
the rest of a file. Such a line is made one plain field in a scratch copy: the reader then rejects
that line alone, and its text can be restored. Lengths do not change, so byte positions stay.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

# Control characters that no export contains stand for the quote and the delimiter.
QUOTE_MARK = "\x1e"
DELIMITER_MARK = "\x1f"

# Longer lines were cut before: see long_lines.py.
_LINE_BYTES = (1 << 20) + 2


def disarm(path: Path, positions: Iterable[int], delimiter: str, scratch: Path) -> Path:
    """Copy `path` to `scratch` (unless it is that already) and disarm the lines at `positions`.

    Args:
        path: a UTF-8 file.
        positions: byte positions at which the lines start (or at the newline before).
        delimiter: of the file; several signs where each parts fields.
        scratch: the copy, changed in place.
    """
    if path != scratch:
        shutil.copyfile(path, scratch)
    marks = bytes.maketrans(
        b'"' + delimiter.encode(), (QUOTE_MARK + DELIMITER_MARK * len(delimiter)).encode()
    )
    with scratch.open("r+b") as file:
        for position in positions:
            _disarm_line(file, position, marks)
    return scratch


def _disarm_line(file: BinaryIO, position: int, marks: bytes) -> None:
    file.seek(position)
    text = file.read(_LINE_BYTES)
    start = len(text) - len(text.lstrip(b"\r\n"))
    end = min(
        (i for i in (text.find(b"\n", start), text.find(b"\r", start)) if i >= 0), default=len(text)
    )
    file.seek(position + start)
    file.write(text[start:end].translate(marks))
