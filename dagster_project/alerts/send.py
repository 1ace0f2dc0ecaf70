"""Delivering a message: a few tries, short waits, and no word of an error that holds a secret."""

from __future__ import annotations

import json
import smtplib
import ssl
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from dagster_project.alerts.message import Message
from dagster_project.alerts.receivers import email_of, problem_of_answer, webhook_request
from dagster_project.loopback import is_this_machine
from dagster_project.settings import AlertSettings

_TRIES = 3
# More than any answer of a robot; what is longer is not read.
_LONGEST_ANSWER = 10_000


@dataclass(frozen=True)
class Patience:
    """How long to try; tests have less of it.

    Attributes:
        timeout: seconds to connect, and between two bytes of the answer.
        backoff: seconds that the waits between two tries begin with and double from.
    """

    timeout: tuple[float, float] = (5.0, 15.0)
    backoff: float = 1.0


def send_webhook(
    alerts: AlertSettings, patience: Patience, message: Message, now: datetime
) -> str | None:
    """Post a message to the robot.

    Args:
        alerts: with a `webhook_url`.
        patience: how long to try.
        message: what to say.
        now: for the signature.

    Returns:
        Why it did not arrive, without the URL, the secret or the answer; None when it did.
    """
    assert alerts.webhook_url is not None
    url, body = webhook_request(
        alerts.webhook_kind, alerts.webhook_url, alerts.webhook_secret, message, now
    )
    # What was read by nobody may be sent again: not after an answer that was cut off.
    retries = Retry(
        total=_TRIES - 1,
        read=0,
        redirect=0,
        status_forcelist=(429, 500, 502, 503, 504),
        allowed_methods=frozenset({"POST"}),
        backoff_factor=patience.backoff,
        respect_retry_after_header=False,
        raise_on_status=False,
    )
    with requests.Session() as session:
        # Nothing of ~/.netrc is for the robot.
        session.auth = lambda request: request
        if is_this_machine(urlsplit(url).hostname or ""):
            session.trust_env = False  # no proxy stands between a machine and itself
        session.mount(url.partition(":")[0] + "://", HTTPAdapter(max_retries=retries))
        try:
            with session.post(
                url,
                data=json.dumps(body, ensure_ascii=False).encode(),
                headers={"Content-Type": "application/json; charset=utf-8"},
                timeout=patience.timeout,
                allow_redirects=False,
                stream=True,
            ) as answer:
                text = next(answer.iter_content(_LONGEST_ANSWER), b"")
                return problem_of_answer(
                    alerts.webhook_kind, answer.status_code, text.decode(errors="replace")
                )
        except (requests.exceptions.RequestException, OSError) as error:
            # Its text holds the URL, which is a secret.
            return type(error).__name__


def send_email(
    alerts: AlertSettings, patience: Patience, message: Message, now: datetime
) -> str | None:
    """Hand a message to the mail server.

    Args:
        alerts: with `email_to`.
        patience: how long to wait.
        message: what to say.
        now: the date of the mail.

    Returns:
        Why it was not taken, without a text of the server; None when it was taken for everybody.
    """
    email = email_of(message, alerts.email_from, alerts.email_to, now)
    seconds = max(patience.timeout)
    try:
        if alerts.smtp_security == "ssl":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                alerts.smtp_host,
                alerts.smtp_port,
                timeout=seconds,
                context=ssl.create_default_context(),
            )
        else:
            server = smtplib.SMTP(alerts.smtp_host, alerts.smtp_port, timeout=seconds)
        with server:
            if alerts.smtp_security == "starttls":
                server.starttls(context=ssl.create_default_context())
            if alerts.smtp_user is not None and alerts.smtp_password is not None:
                server.login(alerts.smtp_user, alerts.smtp_password)
            refused = server.send_message(email)
    except smtplib.SMTPAuthenticationError as error:
        return f"the mail server does not take SMTP_USER and SMTP_PASSWORD ({error.smtp_code})"
    except (smtplib.SMTPException, OSError) as error:
        code = getattr(error, "smtp_code", None)
        return type(error).__name__ + (f" ({code})" if code else "")
    return f"it refuses {len(refused)} of {len(alerts.email_to)} addresses" if refused else None
