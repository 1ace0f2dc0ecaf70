"""The first rows of each resource, to see whether a connection file means what it should."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from dagster_project.connections.extract import build_source
from dagster_project.connections.files import Connection, Resource

_SHOWN_ROWS = 5


def first_rows(connection: Connection) -> Iterator[tuple[Resource, list[dict[str, Any]]]]:
    """The first rows of each resource as they would be extracted from the beginning.

    No cursor is read or moved and no file is written. One page or chunk is asked for.
    """
    source = build_source(connection)
    for resource in connection.resources:
        rows: list[dict[str, Any]] = []
        for item in source.resources[resource.name].add_limit(1):
            rows += item.to_pylist() if isinstance(item, pa.Table) else [item]
        yield resource, rows[:_SHOWN_ROWS]
