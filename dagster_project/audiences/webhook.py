"""Lists sent to a URL: JSON in batches, tried again, and told apart by a key.

A batch has the same `Idempotency-Key` whenever the same list is sent again, so a receiver that
remembers keys takes each batch once, however often a broken connection made us repeat it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import duckdb
import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.util import Retry

from dagster_project.audiences.lists import MEMBERS, Audience
from dagster_project.loopback import is_this_machine

BATCH_MEMBERS = 500
# Seconds to connect, and between two bytes of the answer.
TIMEOUT = (5.0, 30.0)
_TRIES = 6
# Too many, and what a server or what stands before it says when it is down for a moment.
_WORTH_ANOTHER_TRY = (408, 425, 429, 500, 502, 503, 504)
# Waits of 0, 1, 2, 4, 8 s; a server that asks for longer than two minutes is tried another day.
_BACKOFF_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 120


class WrongUrl(ValueError):
    """The URL is not one that a list may be sent to; the message says why."""


class DeliveryError(RuntimeError):
    """A batch did not arrive; the message names it and says what to do."""


@dataclass(frozen=True)
class Batch:
    """A part of a list, ready to be sent.

    Attributes:
        number: from 1.
        of: number of batches of the list.
        body: JSON.
        key: the same for the same audience, day and content.
    """

    number: int
    of: int
    body: bytes
    key: str


@dataclass(frozen=True)
class Patience:
    """How long to try; tests have less of it.

    Attributes:
        timeout: seconds to connect, and between two bytes of the answer.
        backoff: seconds that the waits between two tries begin with and double from.
    """

    timeout: tuple[float, float] = TIMEOUT
    backoff: float = _BACKOFF_SECONDS


class _Bearer(AuthBase):
    """The secret of the setting; a password that `~/.netrc` has for the host is left there."""

    def __init__(self, secret: str | None) -> None:
        self._secret = secret

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._secret is not None:
            request.headers["Authorization"] = f"Bearer {self._secret}"
        return request


def check_url(url: str) -> None:
    """Refuse a URL that would carry people in the open or a password in a command line.

    Raises:
        WrongUrl: it is not https (http is for this machine only), has no host, or a password.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise WrongUrl("the URL cannot be read; write one such as https://host/path") from error
    if not host or parts.scheme not in ("http", "https"):
        raise WrongUrl("the URL must begin with https:// and name a host")
    if parts.username or parts.password:
        raise WrongUrl("the URL holds a password; put the secret into AUDIENCE_WEBHOOK_SECRET")
    if parts.scheme == "http" and not is_this_machine(host):
        raise WrongUrl(
            f"http://{host} would send people in the open; use https:// (http is for this machine)"
        )


def batches(
    connection: duckdb.DuckDBPyConnection, audience: Audience, size: int = BATCH_MEMBERS
) -> Iterator[Batch]:
    """The members of `MEMBERS` in batches, in the order of their ids.

    A body is `{"audience": {...}, "as_of_date": ..., "members": [...]}`. Neither the number of the
    batch nor a time is in it: the key follows the content.
    """
    head = json.dumps(
        {
            "code": audience.code,
            "name_zh": audience.name_zh,
            "name_en": audience.name_en,
            "channel": audience.channel,
            "action_zh": audience.action_zh,
            "action": audience.action,
        },
        ensure_ascii=False,
    )
    found = connection.execute(
        "select cast(to_json(list(m order by m.customer_id)) as varchar) from ("
        "select m, (row_number() over (order by m.customer_id) - 1) // ? as batch "
        f"from {MEMBERS} as m) group by batch order by batch",
        [size],
    ).fetchall()
    for index, (members,) in enumerate(found):
        body = (
            f'{{"audience": {head}, "as_of_date": "{audience.as_of_date}", "members": {members}}}'
        ).encode()
        name = f"{audience.code}|{audience.as_of_date}|".encode()
        yield Batch(index + 1, len(found), body, hashlib.sha256(name + body).hexdigest())


def send(
    url: str, sent: Sequence[Batch], secret: str | None, patience: Patience | None = None
) -> None:
    """Send batches one after the other; a batch that is not taken ends it.

    Args:
        url: as `check_url` allows it.
        sent: the batches.
        secret: sent as bearer token; None for a receiver that asks for none.
        patience: how long to try.

    Raises:
        WrongUrl: see `check_url`.
        DeliveryError: a batch was refused, or did not arrive after several tries. Neither the
            message nor anything else holds a value of a person, the URL's path or the secret.
    """
    check_url(url)
    patience = patience or Patience()
    host = urlsplit(url).hostname
    with requests.Session() as session:
        session.auth = _Bearer(secret)
        if host is not None and is_this_machine(host):
            session.trust_env = False  # no proxy stands between a machine and itself
        session.mount(url.partition(":")[0] + "://", HTTPAdapter(max_retries=_retries(patience)))
        for batch in sent:
            problem = _post(session, url, batch, patience)
            if problem is not None:
                raise DeliveryError(
                    f"batch {batch.number} of {batch.of} did not arrive at {host}: {problem}. "
                    f"{batch.number - 1} arrived. Run the same command again: what has arrived "
                    "carries the same Idempotency-Key / "
                    f"第 {batch.number}/{batch.of} 批未送达，请重新运行同一命令；"
                    "已送达的批次幂等键相同"
                )


def _post(session: requests.Session, url: str, batch: Batch, patience: Patience) -> str | None:
    """Send one batch; returns what went wrong, in words without any value of it."""
    try:
        answer = session.post(
            url,
            data=batch.body,
            headers={
                "Content-Type": "application/json; charset=utf-8",
                "Idempotency-Key": batch.key,
            },
            timeout=patience.timeout,
            # The secret and the people would go wherever the answer points.
            allow_redirects=False,
        )
    except requests.exceptions.RequestException as error:
        # Its text holds the whole URL, which may be a secret itself.
        return f"{type(error).__name__} after {_TRIES} tries"
    if answer.status_code in (401, 403):
        return f"it answers {answer.status_code}; is AUDIENCE_WEBHOOK_SECRET the right one?"
    if answer.is_redirect:
        return f"it answers {answer.status_code}, a redirect; use the URL that it points to"
    if not answer.ok:
        return f"it answers {answer.status_code}"
    return None


def _retries(patience: Patience) -> Retry:
    return Retry(
        total=_TRIES - 1,
        redirect=0,
        status_forcelist=_WORTH_ANOTHER_TRY,
        # A POST is not repeated by itself; this one may be, because of its key.
        allowed_methods=frozenset({"POST"}),
        backoff_factor=patience.backoff,
        backoff_max=_LONGEST_WAIT_SECONDS,
        retry_after_max=_LONGEST_WAIT_SECONDS,
        raise_on_status=False,
    )
