"""Lines of a CSV file, and where it has blank ones.

The reader skips those but counts them in what it rejects.
"""

from __future__ import annotations

import mmap
import re
from pathlib import Path

_PIECE_BYTES = 1 << 20
_BLANK_LINE = re.compile(rb"(?:^|\n)(?=\r?\n)")


def blank_lines(path: Path) -> list[int]:
    """Byte positions of the blank lines of a file that is not empty, outside quoted values."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        positions = []
        seen = quotes = 0
        for match in _BLANK_LINE.finditer(content):
            while seen < match.end():  # in pieces: a slice is a copy
                piece = content[seen : min(match.end(), seen + _PIECE_BYTES)]
                quotes += piece.count(b'"')
                seen += len(piece)
            if quotes % 2 == 0:
                positions.append(match.end())
        return positions


def line_count(path: Path) -> int:
    """Lines of a file as its line ends tell, those inside quoted values too."""
    ends = {b"\n": 0, b"\r": 0}
    last = b""
    with path.open("rb") as file:
        while piece := file.read(_PIECE_BYTES):
            for sign in ends:
                ends[sign] += piece.count(sign)
            last = piece[-1:]
    return max(ends.values()) + (last not in ends)
