"""How far a resource was read: dlt's incremental cursor over a column of its own."""

from __future__ import annotations

from typing import Any

import dlt

from dagster_project.connections.files import Cursor

# Beside the mapped columns, so that the cursor can keep a type that sorts.
CURSOR_COLUMN = "_cursor"


def incremental(cursor: Cursor | None, **more: Any) -> Any:
    """dlt's cursor, or None when everything is taken each time.

    A row without a cursor value comes with every extract rather than never.
    """
    if cursor is None:
        return None
    return dlt.sources.incremental(
        CURSOR_COLUMN, lag=cursor.overlap or None, on_cursor_value_missing="include", **more
    )
