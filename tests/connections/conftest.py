"""Real servers on this machine: PostgreSQL from the system's packages, and an HTTP API."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from dagster_project.settings import Settings
from tests.postgres_server import NotInstalled, Postgres, running

PAGE_ROWS = 3
TOKEN = "t0p/secret+token"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("RUNTIME__REQUEST_BACKOFF_FACTOR", "0.01")
    monkeypatch.setenv("SHOP_API_TOKEN", TOKEN)
    monkeypatch.setenv("WAREHOUSE_DIR", str(tmp_path / "warehouse"))
    for name in ("DAGSTER_HOME", "DLT_DATA_DIR", "DLT_PROJECT_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    settings = Settings.from_env()
    settings.create_folders()
    settings.export()
    settings.connections_dir.mkdir()
    return settings


@pytest.fixture
def write_connection(settings: Settings) -> Callable[[str, str], Path]:
    def write(name: str, text: str) -> Path:
        path = settings.connections_dir / f"{name}.yml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@dataclass
class Api:
    """An API with orders that can be changed while it runs.

    Attributes:
        orders: the records, in the order in which they are listed.
        requests: path and parameters of every request that came.
        failures: page → how often it still answers 500.
        limited: how many requests are still turned away with 429 and `Retry-After: 1`.
        sent: order ids that were sent out, in order.
    """

    orders: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    failures: dict[int, int] = field(default_factory=dict)
    limited: int = 0
    sent: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, path: str, query: dict[str, str], auth: str | None) -> tuple[int, Any]:
        """Status and body of one request."""
        self.requests.append((path, query))
        if auth != f"Bearer {TOKEN}":
            return 401, {"error": "who are you?"}
        if self.limited:
            self.limited -= 1
            return 429, {"error": "slow down"}
        page = int(query.get("page", 1))
        if self.failures.get(page, 0):
            self.failures[page] -= 1
            return 500, {"error": "out of order"}
        since = query.get("updated_since", "")
        chosen = [o for o in self.orders if _utc(o["updated_at"]) >= since]
        rows = chosen[(page - 1) * PAGE_ROWS : page * PAGE_ROWS]
        self.sent += [str(row["id"]) for row in rows]
        return 200, {"data": rows, "pages": -(-len(chosen) // PAGE_ROWS)}


def _utc(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def api() -> Iterator[Api]:
    state = Api()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = {key: values[0] for key, values in parse_qs(url.query).items()}
            status, body = state.answer(url.path, query, self.headers.get("Authorization"))
            data = json.dumps(body, ensure_ascii=False).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            if status == 429:
                self.send_header("Retry-After", "1")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    try:
        with running(Path(os.path.realpath("/tmp")) / f"pg-{os.getpid()}") as database:
            database.run("create role reader login password 'p@ss:word/%41'")
            yield database
    except NotInstalled as reason:
        pytest.skip(str(reason))
