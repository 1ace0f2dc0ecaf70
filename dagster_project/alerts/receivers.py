"""Bodies, signatures and answers of the services that a message goes to: pure.

DingTalk: https://open.dingtalk.com/document/robots/custom-robot-access
Feishu: https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot
Slack: https://api.slack.com/messaging/webhooks
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from dagster_project.alerts.message import Message, one_text

# DingTalk and Feishu take 20,000 bytes a message; a Chinese character has three, and six in JSON
# that escapes it, which this one does not.
_MOST_BYTES = 15_000

# What the services answer with status 200 when they did not take the message.
_HINTS = {
    ("dingtalk", 310000): "the robot's security setting refused it: check ALERT_WEBHOOK_SECRET, "
    "its keywords and its IP addresses",
    ("dingtalk", 300001): "the token in ALERT_WEBHOOK_URL is wrong",
    ("dingtalk", 130101): "more than 20 messages a minute",
    ("feishu", 19021): "check ALERT_WEBHOOK_SECRET and this machine's clock",
    ("feishu", 19022): "this machine's IP address is not on the robot's list",
    ("feishu", 19024): "the message holds none of the robot's keywords",
    ("feishu", 9499): "it calls the message malformed or too frequent",
}


def webhook_request(
    kind: str, url: str, secret: str | None, message: Message, now: datetime
) -> tuple[str, dict[str, Any]]:
    """The URL and the JSON body of one message.

    Args:
        kind: one of `settings.WEBHOOK_KINDS`.
        url: of the robot.
        secret: signs the message, where the kind has signatures; None for robots without one.
        message: what to say.
        now: with a zone; signatures hold for an hour.
    """
    return _REQUESTS[kind](url, secret, message, now)


def _dingtalk(
    url: str, secret: str | None, message: Message, now: datetime
) -> tuple[str, dict[str, Any]]:
    if secret is not None:
        milliseconds = str(int(now.timestamp() * 1000))
        sign = _hmac(secret, f"{milliseconds}\n{secret}")
        url = _with_query(url, {"timestamp": milliseconds, "sign": sign})
    # Not markdown: the name of a file is no mark-up.
    return url, {"msgtype": "text", "text": {"content": _both_languages(message)}}


def _feishu(
    url: str, secret: str | None, message: Message, now: datetime
) -> tuple[str, dict[str, Any]]:
    # Not `text`, in which the name of a file could call everybody (<at user_id="all">).
    # Each reader sees the language of their own Feishu.
    post = {
        language: {"title": title, "content": [[{"tag": "text", "text": _cut(body)}]]}
        for language, title, body in (
            ("zh_cn", message.title.zh, message.body.zh),
            ("en_us", message.title.en, message.body.en),
        )
    }
    body: dict[str, Any] = {"msg_type": "post", "content": {"post": post}}
    if secret is not None:
        seconds = str(int(now.timestamp()))
        body |= {"timestamp": seconds, "sign": _hmac(f"{seconds}\n{secret}", "")}
    return url, body


def _slack(
    url: str, secret: str | None, message: Message, now: datetime
) -> tuple[str, dict[str, Any]]:
    text = _both_languages(message)
    for sign, code in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(sign, code)
    return url, {"text": text, "mrkdwn": False}


_REQUESTS: Mapping[
    str, Callable[[str, str | None, Message, datetime], tuple[str, dict[str, Any]]]
] = {"dingtalk": _dingtalk, "feishu": _feishu, "slack": _slack}


def problem_of_answer(kind: str, status: int, text: str) -> str | None:
    """Why a service did not take the message; None when it did.

    All three say it in the body, DingTalk and Feishu with status 200.

    Args:
        kind: one of `settings.WEBHOOK_KINDS`.
        status: of HTTP.
        text: the answer's body; nothing of it is repeated but a number.
    """
    if status != 200:
        return f"it answers {status}"
    if kind == "slack":
        return None if text.strip() == "ok" else "its answer is not “ok”"
    try:
        answer = json.loads(text)
        code = next(answer[name] for name in ("errcode", "code", "StatusCode") if name in answer)
        code = int(code)
    except (ValueError, TypeError, StopIteration):
        return "its answer is not the one of a robot; check ALERT_WEBHOOK_URL"
    if code == 0:
        return None
    hint = _HINTS.get((kind, code))
    return f"it answers with code {code}" + (f": {hint}" if hint else "")


def email_of(message: Message, sender: str, to: tuple[str, ...], now: datetime) -> EmailMessage:
    """The message as an e-mail of plain text.

    Args:
        message: what to say.
        sender, to: addresses.
        now: with a zone.
    """
    email = EmailMessage()
    email["Subject"] = f"{message.title.zh} / {message.title.en}"
    email["From"] = sender
    email["To"] = ", ".join(to)
    email["Date"] = format_datetime(now)
    email["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    # So that no out-of-office message comes back.
    email["Auto-Submitted"] = "auto-generated"
    email.set_content(_cut(one_text((message.body.zh, message.body.en))))
    return email


def _both_languages(message: Message) -> str:
    zh, en = (message.title.zh, message.body.zh), (message.title.en, message.body.en)
    return _cut(one_text((*zh, *en)))


def _cut(text: str) -> str:
    raw = text.encode()
    if len(raw) <= _MOST_BYTES:
        return text
    return raw[:_MOST_BYTES].decode(errors="ignore") + "\n…"


def _hmac(key: str, text: str) -> str:
    return base64.b64encode(hmac.digest(key.encode(), text.encode(), hashlib.sha256)).decode()


def _with_query(url: str, more: Mapping[str, str]) -> str:
    parts = urlsplit(url)
    query = urlencode([*parse_qsl(parts.query, keep_blank_values=True), *more.items()])
    return urlunsplit(parts._replace(query=query))
