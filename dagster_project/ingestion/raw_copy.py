"""Every accepted file, unchanged, under its content hash."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

_CHUNK_BYTES = 1 << 20


def hash_file(path: Path) -> tuple[str, int]:
    """SHA-256 in hex and size in bytes."""
    digest = hashlib.sha256()
    size = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
    return digest.hexdigest(), size


def raw_path(raw_dir: Path, sha256: str, suffix: str) -> Path:
    """Where a file with this content is kept."""
    return raw_dir / sha256[:2] / f"{sha256}{suffix.lower()}"


def raw_mapping_path(raw_dir: Path, sha256: str) -> Path:
    """Where the mapping a file was read with is kept, to read the file again without it."""
    return raw_dir / sha256[:2] / f"{sha256}.mapping.yml"


def keep_raw_copy(path: Path, sha256: str, mapping_text: str | None, raw_dir: Path) -> bool:
    """Copy a file to the raw folder; False when its content is no longer `sha256`.

    The copy appears whole or not at all, whenever the process is stopped.
    """
    target = raw_path(raw_dir, sha256, path.suffix)
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists():
        digest = hashlib.sha256()
        scratch = target.with_name(f".{target.name}.{os.getpid()}.tmp")
        try:
            with path.open("rb") as source, scratch.open("wb") as sink:
                while chunk := source.read(_CHUNK_BYTES):
                    digest.update(chunk)
                    sink.write(chunk)
                sink.flush()
                os.fsync(sink.fileno())
            if digest.hexdigest() != sha256:
                return False
            os.replace(scratch, target)
        except FileNotFoundError:
            return False
        finally:
            scratch.unlink(missing_ok=True)
    if mapping_text is not None:
        raw_mapping_path(raw_dir, sha256).write_text(mapping_text, encoding="utf-8")
    return True


def remove_raw_copy(raw_dir: Path, sha256: str) -> None:
    """Delete a content's copy and its mapping."""
    for path in (raw_dir / sha256[:2]).glob(f"{sha256}*"):
        path.unlink()
