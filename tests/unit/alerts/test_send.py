"""Delivery to servers on this machine: what arrives, and what is said of what does not."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dagster_project.alerts.message import Message
from dagster_project.alerts.send import Patience, send_email, send_webhook
from dagster_project.alerts.troubles import Text
from dagster_project.settings import AlertSettings
from tests.receivers import (
    DINGTALK_OK,
    DINGTALK_REFUSES,
    Robot,
    certificate,
    free_port,
    mail_server,
    robot,
)

NOW = datetime(2026, 11, 29, 18, 5, tzinfo=UTC)
MESSAGE = Message(Text("标题", "Title"), Text("正文", "Body"))
QUICK = Patience((0.5, 0.5), 0.01)
PASSWORD = "mail-passw0rd"


@pytest.fixture
def dingtalk() -> Iterator[Robot]:
    with robot() as state:
        yield state


def webhook(url: str, secret: str | None = "SECabc") -> AlertSettings:
    return AlertSettings(webhook_url=url, webhook_kind="dingtalk", webhook_secret=secret)


def test_a_message_arrives_signed(dingtalk: Robot) -> None:
    assert send_webhook(webhook(dingtalk.url), QUICK, MESSAGE, NOW) is None
    ((path, body),) = dingtalk.received
    assert "access_token=tok3n&timestamp=1795975500000&sign=" in path
    assert body["text"]["content"] == "标题\n\n正文\n\nTitle\n\nBody"


def test_an_answer_of_200_may_be_a_refusal(dingtalk: Robot) -> None:
    dingtalk.answers = [DINGTALK_REFUSES]
    problem = send_webhook(webhook(dingtalk.url), QUICK, MESSAGE, NOW)
    assert problem is not None
    assert "310000" in problem
    assert "ALERT_WEBHOOK_SECRET" in problem
    assert len(dingtalk.received) == 1


def test_a_moment_of_trouble_is_sat_out_and_a_redirect_is_not_followed(dingtalk: Robot) -> None:
    dingtalk.answers = [(503, ""), (502, ""), DINGTALK_OK]
    assert send_webhook(webhook(dingtalk.url), QUICK, MESSAGE, NOW) is None
    assert len(dingtalk.received) == 3
    dingtalk.answers = [(302, "")]
    assert send_webhook(webhook(dingtalk.url), QUICK, MESSAGE, NOW) == "it answers 302"
    assert len(dingtalk.received) == 4


def test_a_robot_that_is_down_is_named_without_its_url() -> None:
    url = f"http://127.0.0.1:{free_port()}/send?access_token=tok3n"
    assert send_webhook(webhook(url), QUICK, MESSAGE, NOW) == "ConnectionError"


def test_a_robot_that_never_answers_does_not_hold_the_night_up() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/send?access_token=tok3n"
        began = time.perf_counter()
        problem = send_webhook(webhook(url), QUICK, MESSAGE, NOW)
        assert problem in ("ReadTimeout", "ConnectionError")
        assert time.perf_counter() - began < 5


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificate(tmp_path_factory.mktemp("tls"))


def email(port: int, security: str, user: str | None = "robot@shop.cn") -> AlertSettings:
    return AlertSettings(
        email_to=("a@shop.cn", "b@shop.cn"),
        email_from="robot@shop.cn",
        smtp_host="127.0.0.1",
        smtp_port=port,
        smtp_user=user,
        smtp_password=PASSWORD if user else None,
        smtp_security=security,
    )


@pytest.mark.parametrize("security", ["starttls", "ssl"])
def test_a_mail_is_handed_over_encrypted_and_logged_in(
    security: str, tls: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    login = ("robot@shop.cn", PASSWORD)
    with mail_server(login, tls, implicit=security == "ssl") as server:
        # A certificate that nobody vouches for is no server of ours.
        problem = send_email(email(server.port, security), QUICK, MESSAGE, NOW)
        assert problem == "SSLCertVerificationError"
        monkeypatch.setenv("SSL_CERT_FILE", str(tls[1]))
        assert send_email(email(server.port, security), QUICK, MESSAGE, NOW) is None
        ((to, mail),) = server.received
    assert to == ["a@shop.cn", "b@shop.cn"]
    assert mail["Subject"] == "标题 / Title"
    assert mail.get_content().splitlines() == ["正文", "", "Body"]


def test_a_server_without_encryption_gets_no_password() -> None:
    with mail_server() as server:
        assert send_email(email(server.port, "starttls"), QUICK, MESSAGE, NOW) == (
            "SMTPNotSupportedError"
        )
        assert server.received == []
        # One on this machine may be spoken to plainly when the setting says so.
        assert send_email(email(server.port, "none", user=None), QUICK, MESSAGE, NOW) is None
        assert len(server.received) == 1


def test_what_a_mail_server_refuses_is_said_without_its_words(
    tls: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tls[1]))
    with mail_server(("robot@shop.cn", "another"), tls) as server:
        problem = send_email(email(server.port, "starttls"), QUICK, MESSAGE, NOW)
        assert problem == "the mail server does not take SMTP_USER and SMTP_PASSWORD (535)"
    with mail_server() as server:
        server.refused = {"b@shop.cn"}
        problem = send_email(email(server.port, "none", user=None), QUICK, MESSAGE, NOW)
        assert problem == "it refuses 1 of 2 addresses"
        server.refused = {"a@shop.cn", "b@shop.cn"}
        problem = send_email(email(server.port, "none", user=None), QUICK, MESSAGE, NOW)
        assert problem == "SMTPRecipientsRefused"
    problem = send_email(email(free_port(), "none", user=None), QUICK, MESSAGE, NOW)
    assert problem == "ConnectionRefusedError"
