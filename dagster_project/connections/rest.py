"""Endpoints of an API as dlt resources, every value as text under its path in the record."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from dlt.sources.helpers.requests import Client
from dlt.sources.rest_api import rest_api_source
from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter

from dagster_project.connections.cursor import CURSOR_COLUMN
from dagster_project.connections.files import Connection, Cursor, Resource

Record = dict[str, Any]


class WrongRecordError(ValueError):
    """A record does not have what the connection file says of it."""


class PacedAdapter(HTTPAdapter):
    """Sends requests no faster than the API allows, retries included."""

    def __init__(self, requests_per_second: float) -> None:
        super().__init__()
        self._interval = 1 / requests_per_second
        self._next = 0.0
        self._lock = threading.Lock()

    def send(self, request: PreparedRequest, *args: Any, **more: Any) -> Response:
        """Wait for this request's turn, then send it."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + self._interval
        time.sleep(turn - now)
        return super().send(request, *args, **more)


def rest_source(connection: Connection) -> Any:
    """A dlt source with one resource for each endpoint; asks nothing until it is read."""
    # 429 with Retry-After, 5xx and broken connections are tried again by dlt's client.
    client = Client(raise_for_status=False)
    client.configure()
    session = client.session
    if connection.requests_per_second is not None:
        adapter = PacedAdapter(connection.requests_per_second)
        session.mount("https://", adapter)
        session.mount("http://", adapter)
    return rest_api_source(
        {
            "client": {**connection.login, "session": session},
            "resources": [_endpoint(resource) for resource in connection.resources],
        },
        name=connection.name,
    )


def _endpoint(resource: Resource) -> Record:
    texts = [*resource.headers, *([CURSOR_COLUMN] if resource.cursor else [])]
    endpoint: Record = {
        "path": resource.path,
        "params": resource.params,
        "paginator": resource.paginator,
        "data_selector": resource.data_selector,
    }
    steps: list[Record] = []
    if resource.each is not None:
        steps.append({"yield_map": _one_by_one(resource.each)})
    steps.append({"map": text_record(resource)})
    if resource.cursor is not None:
        endpoint["incremental"] = {
            "cursor_path": CURSOR_COLUMN,
            "initial_value": resource.cursor.initial,
            "lag": resource.cursor.overlap or None,
            "on_cursor_value_missing": "include",
            "start_param": resource.cursor.param,
        }
    return {
        "name": resource.name,
        "endpoint": endpoint,
        "processing_steps": steps,
        "write_disposition": "append",
        "columns": {name: {"data_type": "text"} for name in texts},
    }


def _one_by_one(field: str) -> Callable[[Record], Iterator[Record]]:
    def elements(record: Record) -> Iterator[Record]:
        for element in record.get(field) or []:
            yield {**record, field: element}

    return elements


def text_record(resource: Resource) -> Callable[[Record], Record]:
    """Makes of a record the texts of the mapped fields; a list or an object becomes JSON.

    dlt would guess types otherwise: an id that looks like a number, and a second column when
    another record holds it as text. A field that a record does not have is empty.
    """
    paths = {name: tuple(name.split(".")) for name in resource.headers}
    cursor = resource.cursor

    def texts(record: Record) -> Record:
        row: Record = {name: _text(_at(record, path)) for name, path in paths.items()}
        if cursor is not None:
            value = _at(record, tuple(cursor.field.split(".")))
            row[CURSOR_COLUMN] = None if value is None else comparable(value, cursor)
        return row

    return texts


def comparable(value: Any, cursor: Cursor) -> str | int | float:
    """A cursor value in a form that sorts as it grows: times in UTC, to the second below.

    Raises:
        WrongRecordError: it is not of the cursor's type.
    """
    if cursor.kind == "number" and isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if cursor.kind == "number" and isinstance(value, str) and value.isdecimal():
        return int(value)
    if cursor.kind != "number" and isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            pass
        else:
            if cursor.kind == "date":
                return moment.date().isoformat()
            # Without an offset it is the API's own clock: the API gets it back as it gave it.
            if moment.tzinfo is None:
                return value
            return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    raise WrongRecordError(
        f"the cursor {cursor.field} holds {value!r}; expected is a {cursor.kind}"
        + ("" if cursor.kind == "number" else " such as 2026-01-31T08:00:00Z")
    )


def _at(record: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        if not isinstance(record, dict):
            return None
        record = record.get(step)
    return record


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
