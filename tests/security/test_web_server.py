"""Dagster's web UI is for this machine, and for others only behind the proxy's password."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
import shutil
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path

import pytest
import requests
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from dagster_project.settings import PROJECT_DIR
from tests.receivers import certificate, free_port

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
USER, PASSWORD = "owner", "a passw0rd: of the proxy"
LISTENING = "0A"

DEFINITIONS = """
import dagster as dg

@dg.asset
def nothing() -> None: ...

defs = dg.Definitions(assets=[nothing])
"""


def command_of_make_dev() -> list[str]:
    """What `make dev` starts, word by word."""
    shown = subprocess.run(
        ["make", "-n", "dev"], cwd=PROJECT_DIR, check=True, capture_output=True, text=True
    ).stdout
    (line,) = [line for line in shown.splitlines() if "dagster dev" in line]
    return shlex.split(line)


@contextmanager
def running(command: list[str], folder: Path, log: Path, **environ: str) -> Iterator[int]:
    with log.open("w") as file:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **environ},
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(60)
        finally:
            # What it started and did not end in time.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def wait_for(url: str, log: Path) -> None:
    for _ in range(600):
        try:
            requests.get(url, timeout=5, verify=False)
            return
        except (requests.exceptions.ConnectionError, requests.exceptions.Timeout):
            time.sleep(0.2)
    raise AssertionError(log.read_text())


def process_tree(root: int) -> set[int]:
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text()
        except OSError:
            continue  # it has ended
        parents[int(stat.parent.name)] = int(text.rpartition(")")[2].split()[1])
    tree = {root}
    while more := {pid for pid, parent in parents.items() if parent in tree} - tree:
        tree |= more
    return tree


def listening(root: int) -> set[tuple[str, int]]:
    """Address and port of each TCP socket that a process or its children listen on."""
    inodes = set()
    for pid in process_tree(root):
        for link in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                target = str(link.readlink())
            except OSError:
                continue  # closed meanwhile
            if target.startswith("socket:["):
                inodes.add(target[8:-1])
    found = set()
    for table in ("tcp", "tcp6"):
        path = Path(f"/proc/net/{table}")
        for line in path.read_text().splitlines()[1:] if path.exists() else []:
            fields = line.split()
            if fields[3] == LISTENING and fields[9] in inodes:
                address, port = fields[1].split(":")
                # Four bytes at a time, the least first.
                raw = b"".join(
                    bytes.fromhex(address[i : i + 8])[::-1] for i in range(0, len(address), 8)
                )
                found.add((str(ip_address(raw)), int(port, 16)))
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("web")


@pytest.fixture(scope="module")
def dagster(folder: Path) -> Iterator[tuple[int, int]]:
    """Port and process of Dagster, started as `make dev` does, with small definitions."""
    (folder / "small.py").write_text(DEFINITIONS)
    (folder / "home").mkdir()
    (folder / "home" / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    command = command_of_make_dev()
    port = free_port()
    command[0] = str(Path(sys.executable).with_name("dagster"))
    command[command.index("--port") + 1] = str(port)
    command += ["-f", str(folder / "small.py")]
    log = folder / "dagster.log"
    with running(command, folder, log, DAGSTER_HOME=str(folder / "home")) as pid:
        wait_for(f"http://127.0.0.1:{port}/server_info", log)
        yield port, pid


def test_dagster_listens_on_loopback_only(dagster: tuple[int, int]) -> None:
    port, pid = dagster
    sockets = listening(pid)
    assert ("127.0.0.1", port) in sockets
    assert all(ip_address(address).is_loopback for address, _ in sockets), sockets


def test_what_the_check_looks_at_is_seen(folder: Path) -> None:
    """A server on every address would be found."""
    port = free_port()
    server = [sys.executable, "-m", "http.server", "--bind", "0.0.0.0", str(port)]
    with running(server, folder, folder / "open.log") as pid:
        wait_for(f"http://127.0.0.1:{port}", folder / "open.log")
        assert listening(pid) == {("0.0.0.0", port)}


def test_no_document_unit_or_container_opens_it_to_others() -> None:
    deployed = [path for path in (PROJECT_DIR / "deploy").rglob("*") if path.is_file()]
    started = 0
    for path in (*PROJECT_DIR.glob("docs/**/*.md"), PROJECT_DIR / "Makefile", *deployed):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert "0.0.0.0" not in line, path
            if re.search(r"^ExecStart=.*dagster-webserver|BIN\)/dagster dev", line.strip()):
                started += 1
                assert "--host 127.0.0.1" in line, path
    assert started >= 2  # make dev and the service


@pytest.fixture(scope="module")
def proxy(folder: Path, dagster: tuple[int, int]) -> Iterator[tuple[int, int, Path]]:
    """Ports for HTTP and HTTPS, and the certificate, of nginx with deploy/nginx.conf."""
    if NGINX is None:
        pytest.skip("nginx is not installed (Debian package nginx-light)")
    key, signed = certificate(folder)
    users = folder / "users"
    hashed = subprocess.run(
        ["openssl", "passwd", "-apr1", "-stdin"],
        input=PASSWORD,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    users.write_text(f"{USER}:{hashed}")
    http, https = free_port(), free_port()
    site = (PROJECT_DIR / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    for there, here in (
        ("listen 80;", f"listen 127.0.0.1:{http};"),
        ("listen 443 ssl", f"listen 127.0.0.1:{https} ssl"),
        ("/etc/ssl/certs/dagster.shop.example.pem", str(signed)),
        ("/etc/ssl/private/dagster.shop.example.key", str(key)),
        ("/etc/nginx/warehouse.htpasswd", str(users)),
        ("http://127.0.0.1:3000", f"http://127.0.0.1:{dagster[0]}"),
    ):
        assert site.count(there) == 1, there
        site = site.replace(there, here)
    (folder / "site.conf").write_text(site)
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    user = "user root;\n" if os.getuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user}daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nerror_log stderr;\n"
        f"events {{}}\nhttp {{\naccess_log {folder}/access.log;\n{temporary}"
        f"include {folder}/site.conf;\n}}\n"
    )
    command = [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
    log = folder / "nginx.log"
    with running(command, folder, log):
        wait_for(f"https://localhost:{https}", log)
        yield http, https, signed


def test_the_proxy_asks_for_a_password(proxy: tuple[int, int, Path]) -> None:
    http, https, signed = proxy
    url = f"https://localhost:{https}/server_info"
    ask = {"verify": str(signed), "timeout": 20, "allow_redirects": False}
    assert requests.get(url, **ask).status_code == 401
    assert requests.get(url, auth=(USER, "another"), **ask).status_code == 401
    assert requests.post(f"https://localhost:{https}/graphql", json={}, **ask).status_code == 401
    answer = requests.get(url, auth=(USER, PASSWORD), **ask)
    assert answer.status_code == 200
    assert "dagster_version" in answer.json()
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Server"] == "nginx"  # no version
    plain = requests.get(f"http://localhost:{http}/", **ask)
    assert (plain.status_code, plain.headers["Location"][:8]) == (301, "https://")


def test_the_page_follows_runs_through_the_proxy(proxy: tuple[int, int, Path]) -> None:
    _, https, signed = proxy
    url = f"wss://localhost:{https}/graphql"
    trusted = ssl.create_default_context(cafile=str(signed))
    with pytest.raises(InvalidStatus) as refused:
        connect(url, subprotocols=["graphql-ws"], ssl=trusted, proxy=None)
    assert refused.value.response.status_code == 401
    token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    with connect(
        url,
        subprotocols=["graphql-ws"],
        ssl=trusted,
        proxy=None,
        additional_headers={"Authorization": f"Basic {token}"},
    ) as socket:
        assert socket.response is not None
        assert socket.response.status_code == 101
        socket.send(json.dumps({"type": "connection_init", "payload": {}}))
        assert json.loads(socket.recv(timeout=20))["type"] == "connection_ack"
