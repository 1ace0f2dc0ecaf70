"""From dlt's finished extracts to the landing folder, by rename. Needs no dlt.

dlt writes `extracts/files/<resource>/<load id>.<n>.parquet`, then the cursor it reached, then a
marker `_dlt_loads/…<load id>.jsonl`. The marker is the point of commit: with it the files belong
to the warehouse and the cursor counts; without it both are scrapped and asked for again.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dagster_project.connections.files import Connection
from dagster_project.ingestion.mapping import MAPPING_FILE_NAME, parse_mapping
from dagster_project.settings import Settings

DATASET = "files"


@dataclass(frozen=True)
class ConnectionState:
    """The folders of one connection below `connections/.state`."""

    root: Path

    @classmethod
    def of(cls, settings: Settings, name: str) -> ConnectionState:
        """The folders of the connection called `name`."""
        return cls(settings.connections_state_dir / name)

    @property
    def work_dir(self) -> Path:
        """dlt's working folder; may be lost at any time."""
        return self.root / "work"

    @property
    def extracts_dir(self) -> Path:
        """dlt's destination: extracts, cursors and markers."""
        return self.root / "extracts"

    @property
    def mappings_dir(self) -> Path:
        """The mappings that what lies in `extracts_dir` was extracted for."""
        return self.root / "mappings"

    def finished_loads(self) -> frozenset[str]:
        """Ids of the load packages that dlt completed."""
        markers = (self.extracts_dir / DATASET / "_dlt_loads").glob("*.jsonl")
        return frozenset(marker.stem.rpartition("__")[2] for marker in markers)

    def extracts(self) -> Iterator[tuple[str, str, Path]]:
        """Load id, resource and path of every data file, oldest load first."""
        files = (self.extracts_dir / DATASET).glob("[!_]*/*.parquet")
        yield from sorted((path.stem.rpartition(".")[0], path.parent.name, path) for path in files)


def prepare_extract(settings: Settings, connection: Connection) -> None:
    """Land what an earlier extract finished, scrap what it did not, and note today's mappings."""
    state = ConnectionState.of(settings, connection.name)
    land_extracts(settings, connection.name)
    _scrap_unfinished(state)
    state.mappings_dir.mkdir(parents=True, exist_ok=True)
    for resource in connection.resources:
        path = state.mappings_dir / f"{resource.name}.yml"
        _write_whole(
            path,
            f"# Made from connections/{connection.name}.yml: change it there.\n"
            f"{resource.mapping.text}",
        )


def land_extracts(settings: Settings, name: str) -> list[Path]:
    """Move the files of finished extracts to `landing/<connection>/<resource>/<n>-<key>/`.

    Files with the same columns share a folder and its `mapping.yml`: one that asks for a new
    column could not read the older files. Folders are numbered, because the loader takes files in
    the order of their paths and the newest row of a key wins.

    Returns:
        The landed files.
    """
    state = ConnectionState.of(settings, name)
    finished = state.finished_loads()
    landed = []
    for load_id, resource, path in state.extracts():
        if load_id in finished:
            key = _columns_key(state, resource, name)
            folder = _folder(settings.landing_dir / name / resource, key)
            folder.mkdir(parents=True, exist_ok=True)
            _write_mapping(state, resource, folder)
            _move(path, folder / path.name)
            landed.append(folder / path.name)
    for mapping in state.mappings_dir.glob("*.yml"):
        key = _columns_key(state, mapping.stem, name)
        folder = _folder(settings.landing_dir / name / mapping.stem, key)
        if folder.is_dir():  # a corrected mapping counts for the files that are there, too
            _write_mapping(state, mapping.stem, folder)
    return landed


def _columns_key(state: ConnectionState, resource: str, name: str) -> str:
    text = (state.mappings_dir / f"{resource}.yml").read_text(encoding="utf-8")
    (table,) = parse_mapping(text, name).tables
    return hashlib.sha256("\x1f".join(sorted(table.file_columns)).encode()).hexdigest()[:8]


def _folder(base: Path, key: str) -> Path:
    """The newest folder if it holds files with these columns, else the next one."""
    folders = sorted(base.glob("[0-9]*-*"))
    if folders and folders[-1].name.endswith(f"-{key}"):
        return folders[-1]
    return base / f"{len(folders) + 1:04d}-{key}"


def _write_mapping(state: ConnectionState, resource: str, folder: Path) -> None:
    text = (state.mappings_dir / f"{resource}.yml").read_text(encoding="utf-8")
    _write_whole(folder / MAPPING_FILE_NAME, text)


def _scrap_unfinished(state: ConnectionState) -> None:
    finished = state.finished_loads()
    for load_id, _, path in state.extracts():
        if load_id not in finished:
            path.unlink()
    dataset = state.extracts_dir / DATASET
    for path in dataset.glob("_dlt_pipeline_state/*.jsonl"):
        if path.stem.split("__")[-2] not in finished:
            path.unlink()
    for path in dataset.glob("_dlt_version/*.jsonl"):
        if path.stat().st_size == 0:  # killed while it was written
            path.unlink()


def _write_whole(path: Path, text: str) -> None:
    """Write a file so that it is there whole or not at all; leave one alone that is the same."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    scratch = path.with_name(f".{path.name}.tmp")
    scratch.write_text(text, encoding="utf-8")
    os.replace(scratch, path)


def _move(source: Path, target: Path) -> None:
    try:
        os.replace(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        # The landing folder is another file system: the loader overlooks a file ending in .part.
        scratch = target.with_name(target.name + ".part")
        shutil.copyfile(source, scratch)
        os.replace(scratch, target)
        source.unlink()
