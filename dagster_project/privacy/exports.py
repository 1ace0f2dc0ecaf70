"""Exported lists without one customer: whoever holds the person is deleted as a whole.

A list can be made again at any time, and then without the person; a list with a line cut out would
be an odd copy of what was sent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path


def erase_exports(folder: Path, customers: Sequence[str], needles: Sequence[str]) -> int:
    """Delete each exported file that names the customers; returns how many were deleted.

    Args:
        folder: where lists are written; need not be there.
        customers: ids in the marts; looked for as whole values, because a short id stands inside
            many a number.
        needles: the person's own values in lower case, looked for anywhere.
    """
    deleted = 0
    # A value stands between the separators of CSV and JSON, perhaps behind the mark of a cell that
    # looked like a formula.
    whole = [rf"(?<![^,\"'\n]){re.escape(customer)}(?![^,\"\r\n])" for customer in customers]
    wanted = re.compile("|".join([*whole, *map(re.escape, needles)]) or r"(?!)", re.IGNORECASE)
    for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
        if path.is_file() and wanted.search(path.read_text(encoding="utf-8-sig")):
            path.unlink()
            deleted += 1
    return deleted
