"""A warehouse in one archive, and back.

The archive holds what cannot be made again, and what spares making it: exports, raw files, the
work database, what is published and Dagster's history. Its last member lists the hash of every
file, by which a restore proves that it got what was kept.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import IO

from dagster_project.settings import Settings

_LIST = "SHA256.json"
# Only the owner: the archive holds the raw exports and the key of the pseudonyms.
_MODE = 0o600
_UNFINISHED = ".restoring"

# Called with the path below the warehouse and its bytes, after each file.
Progress = Callable[[str, int], None]


class BackupError(RuntimeError):
    """A backup or restore cannot be done; the message says what to do."""


def files_to_keep(settings: Settings) -> list[Path]:
    """Every file of the warehouse but what the next run makes again, in the order of the paths."""
    made_again = (settings.spill_dir, settings.dbt_target_dir)
    lock = settings.work_dir / "run.lock"
    return sorted(
        path
        for path in settings.warehouse_dir.rglob("*")
        if path.is_file()
        and not path.is_symlink()
        and path != lock
        and not any(path.is_relative_to(folder) for folder in made_again)
    )


def back_up(settings: Settings, archive: Path, progress: Progress) -> int:
    """Write a warehouse into `archive`; returns the number of files.

    The caller holds the warehouse (`hold_work_database`), so that no run writes to it meanwhile.

    Args:
        settings: where everything lives.
        archive: a new file, `.tar`, or `.tar.gz` for a compressed one; outside the warehouse.
        progress: told of each file.

    Raises:
        BackupError: the archive is there already, lies in the warehouse or has another ending, or
            there is nothing to keep.
    """
    _check_place(settings, archive)
    paths = files_to_keep(settings)
    if not paths:
        raise BackupError(f"{settings.warehouse_dir} holds no file; is WAREHOUSE_DIR right?")
    unfinished = archive.with_name(archive.name + ".tmp")
    archive.parent.mkdir(parents=True, exist_ok=True)
    hashes: dict[str, str] = {}
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _MODE)
    with os.fdopen(descriptor, "wb") as file:
        with _new_archive(archive, file) as tar:
            for path in paths:
                name = path.relative_to(settings.warehouse_dir).as_posix()
                try:
                    hashes[name] = _add(tar, path, name)
                except FileNotFoundError:
                    # A file of the landing folder that somebody took away meanwhile.
                    continue
                progress(name, path.stat().st_size if path.exists() else 0)
            _add_list(tar, hashes)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(archive)
    return len(hashes)


def restore(settings: Settings, archive: Path, progress: Progress) -> int:
    """Put the warehouse of `archive` into an empty `WAREHOUSE_DIR`; returns the number of files.

    Nothing appears before every file has the hash that was kept with it.

    Args:
        settings: `warehouse_dir` is where the files go.
        archive: made by `back_up`.
        progress: told of each file.

    Raises:
        BackupError: there are files already, or the archive is none, cut short or damaged.
    """
    home = settings.warehouse_dir
    unfinished = home / _UNFINISHED
    if unfinished.exists():
        shutil.rmtree(unfinished)
    there = next((path for path in home.rglob("*") if path.is_file()), None)
    if there is not None:
        raise BackupError(
            f"{home} is not empty ({there.relative_to(home)}): move it away, or name an empty "
            "folder with WAREHOUSE_DIR, and restore again"
        )
    unfinished.mkdir(parents=True)
    try:
        count = _extract(archive, unfinished, progress)
    except (tarfile.TarError, EOFError, OSError) as error:
        shutil.rmtree(unfinished)
        raise BackupError(f"{archive} cannot be read to its end: {error}") from error
    except BackupError:
        shutil.rmtree(unfinished)
        raise
    for entry in sorted(unfinished.iterdir()):
        target = home / entry.name
        if target.exists():
            shutil.rmtree(target)  # folders without a file
        entry.replace(target)
    unfinished.rmdir()
    return count


def _check_place(settings: Settings, archive: Path) -> None:
    if not archive.name.endswith((".tar", ".tar.gz")):
        raise BackupError(f"{archive}: name a file that ends in .tar, or .tar.gz to compress it")
    if archive.exists():
        raise BackupError(f"{archive} is there already; name another file")
    if archive.resolve().is_relative_to(settings.warehouse_dir):
        raise BackupError(
            f"{archive} lies in the warehouse that it is to replace; name a file elsewhere"
        )


def _new_archive(archive: Path, file: IO[bytes]) -> tarfile.TarFile:
    if archive.suffix != ".gz":
        return tarfile.open(fileobj=file, mode="w")
    # Databases and Parquet hold little air: more effort takes long and saves next to nothing.
    return tarfile.open(fileobj=file, mode="w:gz", compresslevel=1)


def _add(tar: tarfile.TarFile, path: Path, name: str) -> str:
    """Add a file under `name`; returns its SHA-256."""
    with _opened(path) as file:
        info = tar.gettarinfo(name, arcname=name, fileobj=file)
        info.mtime = path.stat().st_mtime  # says which of two exports is newer
        reader = _HashingReader(file)
        tar.addfile(info, reader)  # type: ignore[arg-type]
    return reader.sha256.hexdigest()


def _opened(path: Path) -> IO[bytes]:
    """A file for reading; of a database of Dagster's, which its daemon may be writing, a copy."""
    if path.suffix != ".db":
        return path.open("rb")
    copy = tempfile.NamedTemporaryFile(suffix=".db")  # noqa: SIM115 - closed by the caller
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy.name)) as target:
        source.backup(target)
    return copy  # type: ignore[return-value]


class _HashingReader:
    """Reads for `tarfile` and hashes what it read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.sha256 = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.sha256.update(data)
        return data


def _add_list(tar: tarfile.TarFile, hashes: dict[str, str]) -> None:
    content = json.dumps(hashes, indent=0, sort_keys=True).encode()
    info = tarfile.TarInfo(_LIST)
    info.size, info.mode = len(content), _MODE
    tar.addfile(info, io.BytesIO(content))


def _extract(archive: Path, folder: Path, progress: Progress) -> int:
    with tarfile.open(archive) as tar:
        for member in tar:
            # The filter refuses absolute paths, links and whatever else leads out of the folder.
            tar.extract(member, folder, filter="data")
            progress(member.name, member.size)
    listed = folder / _LIST
    if not listed.is_file():
        raise BackupError(f"{archive} is no backup of a warehouse, or was cut short: no {_LIST}")
    kept: dict[str, str] = json.loads(listed.read_text(encoding="utf-8"))
    listed.unlink()
    found = {path.relative_to(folder).as_posix(): path for path in _files(folder)}
    for name in sorted(kept.keys() | found.keys()):
        path = found.get(name)
        if path is None or _sha256(path) != kept.get(name):
            raise BackupError(f"{archive} is damaged: {name} is not as it was kept")
    return len(found)


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
