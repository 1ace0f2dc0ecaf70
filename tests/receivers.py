"""Receivers of alerts on this machine: a robot of a chat, and a mail server."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

DINGTALK_OK = (200, '{"errcode":0,"errmsg":"ok"}')
# What a robot says of a wrong signature, with status 200.
DINGTALK_REFUSES = (200, '{"errcode":310000,"errmsg":"sign not match"}')


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@dataclass
class Robot:
    """A chat's robot.

    Attributes:
        answers: status and text of the next answers; the last one is repeated.
        received: path and JSON body of each request.
    """

    answers: list[tuple[int, str]] = field(default_factory=lambda: [DINGTALK_OK])
    received: list[tuple[str, Any]] = field(default_factory=list)
    url: str = ""

    @property
    def texts(self) -> list[str]:
        """What stands in each message, for a robot of DingTalk."""
        return [body["text"]["content"] for _, body in self.received]


@contextmanager
def robot() -> Iterator[Robot]:
    """A robot that listens on a free port."""
    state = Robot()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.received.append((self.path, json.loads(body)))
            status, text = state.answers.pop(0) if len(state.answers) > 1 else state.answers[0]
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}/robot/send?access_token=tok3n"
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class MailServer:
    """A mail server.

    Attributes:
        received: the mails, with their receivers.
        refused: addresses that it does not know.
    """

    port: int
    received: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Called by aiosmtpd for each receiver."""
        if address in self.refused:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        """Called by aiosmtpd with each mail."""
        mail = message_from_bytes(bytes(envelope.content or b""), policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.received.append((list(envelope.rcpt_tos), mail))
        return "250 OK"


def certificate(folder: Path) -> tuple[Path, Path]:
    """A key and a certificate of this machine, signed by itself."""
    key, signed = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
            *("-keyout", key, "-out", signed),
        ],
        check=True,
        capture_output=True,
    )
    return key, signed


@contextmanager
def mail_server(
    login: tuple[str, str] | None = None,
    tls: tuple[Path, Path] | None = None,
    implicit: bool = False,
) -> Iterator[MailServer]:
    """A mail server on a free port.

    Args:
        login: user and password that it asks for.
        tls: key and certificate; None for a server without encryption.
        implicit: it speaks TLS from the first byte, as on port 465.
    """
    state = MailServer(free_port())
    context = None
    if tls is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(tls[1], tls[0])

    def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        given = (data.login.decode(), data.password.decode())
        return AuthResult(success=given == login, handled=False)

    options: dict[str, Any] = {}
    if login is not None:
        options = {"authenticator": check, "auth_required": True}
        options["auth_require_tls"] = tls is not None and not implicit
    controller = Controller(
        state,
        hostname="127.0.0.1",
        port=state.port,
        ssl_context=context if implicit else None,
        tls_context=None if implicit else context,
        **options,
    )
    controller.start()
    try:
        yield state
    finally:
        controller.stop()
