"""Every accepted file, unchanged, under its content hash."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from dagster_project.ingestion.inspect import PlannedFile
from dagster_project.ingestion.mapping import MAPPING_FILE_NAME

_CHUNK_BYTES = 1 << 20


def raw_path(raw_dir: Path, sha256: str, suffix: str) -> Path:
    """Where a file with this content is kept."""
    return raw_dir / sha256[:2] / f"{sha256}{suffix.lower()}"


def raw_mapping_path(raw_dir: Path, sha256: str) -> Path:
    """Where the mapping a file was read with is kept, to read the file again without it."""
    return raw_dir / sha256[:2] / f"{sha256}.{MAPPING_FILE_NAME}"


def keep_raw_copy(file: PlannedFile, raw_dir: Path) -> bool:
    """Copy a file to the raw folder; False when its content is no longer what was planned.

    The copy appears whole or not at all, whenever the process is stopped.
    """
    target = raw_path(raw_dir, file.sha256, file.path.suffix)
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        digest = hashlib.sha256()
        scratch = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        try:
            with file.path.open("rb") as source, scratch.open("wb") as sink:
                while chunk := source.read(_CHUNK_BYTES):
                    digest.update(chunk)
                    sink.write(chunk)
                sink.flush()
                os.fsync(sink.fileno())
            if digest.hexdigest() != file.sha256:
                return False
            os.replace(scratch, target)
        except FileNotFoundError:
            return False
        finally:
            scratch.unlink(missing_ok=True)
    if file.mapping is not None:
        raw_mapping_path(raw_dir, file.sha256).write_text(file.mapping.text, encoding="utf-8")
    return True


def remove_raw_copy(raw_dir: Path, sha256: str) -> None:
    """Delete a content's copy and its mapping."""
    for path in (raw_dir / sha256[:2]).glob(f"{sha256}*"):
        path.unlink()
