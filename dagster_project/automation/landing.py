"""What lies in the landing folder, as one text to compare: pure, no Dagster."""

from __future__ import annotations

import hashlib
from pathlib import Path

from dagster_project.ingestion.inspect import landing_files


def landing_fingerprint(landing: Path, settled_before: float) -> str | None:
    """A hash over path, size and time of every file.

    Args:
        landing: the landing folder.
        settled_before: seconds since 1970; a file changed later than this is still settling.

    Returns:
        None while any file is settling, else 64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for path in sorted(landing_files(landing)):
        stat = path.stat()
        if stat.st_mtime > settled_before:
            return None
        digest.update(f"{path.relative_to(landing)}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()
