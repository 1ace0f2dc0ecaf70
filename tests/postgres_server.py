"""A real PostgreSQL server of the tests' own, from the system's packages."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote


class NotInstalled(RuntimeError):
    """The server is not on this machine."""


@dataclass
class Postgres:
    """A server, reached over a socket in its folder.

    Attributes:
        folder: of its data and its socket.
        binaries: where its programs are.
        max_connections: so many clients at once.
    """

    folder: Path
    binaries: Path
    max_connections: int = 10
    _server: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """For the owner of the database `postgres`."""
        return f"postgresql://owner@/postgres?host={quote(str(self.folder), safe='')}"

    def run(self, sql: str) -> None:
        """Execute statements as the owner of the database."""
        subprocess.run(
            [
                *(self.binaries / "psql", "-h", self.folder, "-U", "owner", "-d", "postgres"),
                *("-q", "-v", "ON_ERROR_STOP=1"),
            ],
            input=sql,
            text=True,
            check=True,
            capture_output=True,
        )

    def start(self) -> None:
        """Start it and wait until it answers, after a crash too."""
        self._server = subprocess.Popen(
            [
                *(self.binaries / "postgres", "-D", self.folder / "data", "-k", self.folder),
                *("-c", "listen_addresses=", "-c", "fsync=off", "-c", "shared_buffers=16MB"),
                *("-c", f"max_connections={self.max_connections}"),
            ],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **_become(),
        )
        for _ in range(300):
            ready = subprocess.run(
                [self.binaries / "pg_isready", "-h", self.folder], capture_output=True
            )
            if ready.returncode == 0:
                return
            time.sleep(0.1)
        raise TimeoutError("PostgreSQL did not start")

    @property
    def pid(self) -> int:
        """Of the server and of the group of its processes."""
        assert self._server is not None
        return self._server.pid

    def kill(self) -> None:
        """SIGKILL the server with all its processes, as when the machine loses its power."""
        assert self._server is not None
        with suppress(ProcessLookupError):  # it is dead already
            os.killpg(self.pid, signal.SIGKILL)
        self._server.wait(20)
        self._server = None

    def stop(self) -> None:
        """End it in good order, whoever is connected; nothing when it is dead."""
        if self._server is not None:
            self._server.send_signal(signal.SIGINT)
            self._server.wait(20)


@contextmanager
def running(folder: Path, max_connections: int = 10) -> Iterator[Postgres]:
    """A new server in `folder`, removed with it at the end.

    Args:
        folder: the path of a socket may have no more than 107 characters.
        max_connections: so many clients at once.

    Raises:
        NotInstalled: with the name of the package.
    """
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not versions:
        raise NotInstalled("PostgreSQL's server is not installed (Debian package postgresql)")
    binaries = versions[-1].parent
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    if "user" in _become():
        os.chown(folder, _become()["user"], _become()["group"])
    data = folder / "data"
    subprocess.run(
        [
            *(binaries / "initdb", "-D", data, "-U", "owner", "-A", "trust", "-E", "UTF8", "-N"),
            "--locale=C.UTF-8",
        ],
        check=True,
        capture_output=True,
        cwd=folder,
        **_become(),
    )
    (data / "pg_hba.conf").write_text(
        "local all owner trust\nlocal all reader scram-sha-256\n", encoding="utf-8"
    )
    database = Postgres(folder, binaries, max_connections)
    try:
        database.start()
        yield database
    finally:
        database.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _become() -> dict[str, Any]:
    """The server refuses to run as root."""
    if os.getuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
