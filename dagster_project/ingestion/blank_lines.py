"""Where a CSV file has blank lines: the reader skips them but counts them in what it rejects."""

from __future__ import annotations

import mmap
import re
from pathlib import Path

_BLANK_LINE = re.compile(rb"(?:^|\n)(?=\r?\n)")


def blank_lines(path: Path) -> list[int]:
    """Byte positions of the blank lines of a file that is not empty, outside quoted values."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        positions = []
        seen = quotes = 0
        for match in _BLANK_LINE.finditer(content):
            quotes += content[seen : match.end()].count(b'"')
            seen = match.end()
            if quotes % 2 == 0:
                positions.append(match.end())
        return positions
