"""What lies in the landing folder, as texts to compare: pure, no Dagster."""

from __future__ import annotations

import hashlib
from pathlib import Path

from dagster_project.ingestion.inspect import landing_files


def landing_state(landing: Path, settled_before: float, now: float) -> frozenset[str] | None:
    """One short hash over path, size and time for each file.

    Args:
        landing: the landing folder.
        settled_before: seconds since 1970; a file changed later than this is still settling.
        now: seconds since 1970. A file changed after it says nothing of when it came: a clock was
            set back, or goes ahead where the file was made. The loader sees whether it grows.

    Returns:
        None while any file is settling, else 16 hexadecimal digits a file.
    """
    state = set()
    for path in landing_files(landing):
        stat = path.stat()
        if settled_before < stat.st_mtime <= now:
            return None
        name = f"{path.relative_to(landing)}\0{stat.st_size}\0{stat.st_mtime_ns}"
        state.add(hashlib.sha256(name.encode()).hexdigest()[:16])
    return frozenset(state)
