"""Lists to a URL, against a server on this machine that fails, dawdles and forgets to answer."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import duckdb
import pytest

from dagster_project.audiences.lists import MEMBERS, Audience
from dagster_project.audiences.webhook import (
    Batch,
    DeliveryError,
    Patience,
    WrongUrl,
    batches,
    check_url,
    send,
)

SECRET = "a bearer token of the tests"
HASTY = Patience(timeout=(1.0, 0.3), backoff=0.01)
WELCOME = Audience(
    code="welcome",
    name_zh="新客欢迎",
    name_en="Welcome",
    action_zh="欢迎",
    action="Welcome them",
    channel=None,
    as_of_date=date(2024, 6, 30),
    customers=5,
    holdout_customers=0,
    missing_inputs=None,
)


@dataclass
class Receiver:
    """A tool that takes lists.

    Attributes:
        requests: headers and body of each request that came in whole.
        answers: what to do with the next requests; afterwards 200. A status, `hang` (takes it and
            answers too late) or `cut` (takes it and closes the line).
        taken: idempotency key → members, each key once.
    """

    url: str = ""
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int | str] = field(default_factory=list)
    taken: dict[str, list[str]] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.paths.append(self.path)
            state.requests.append((dict(self.headers), body))
            answer = state.answers.pop(0) if state.answers else 200
            if answer in (200, "hang", "cut"):
                members = [m["customer_id"] for m in json.loads(body)["members"]]
                state.taken.setdefault(self.headers["Idempotency-Key"], members)
            if answer == "hang":
                time.sleep(0.8)
                answer = 200
            if answer == "cut":
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            self.send_response(int(answer))
            if answer == 302:
                self.send_header("Location", "/elsewhere")
            if answer == 429:
                self.send_header("Retry-After", "0")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

        def handle(self) -> None:
            # Who waited for the answer may have gone.
            with suppress(BrokenPipeError, ConnectionResetError):
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    state.url = f"http://127.0.0.1:{server.server_port}/hook/of-the-shop?token=in-the-url"
    yield state
    server.shutdown()
    server.server_close()


@pytest.fixture
def list_of() -> Callable[..., list[Batch]]:
    """Batches of two of a list of customers."""

    def make(*customers: str, audience: Audience = WELCOME) -> list[Batch]:
        with duckdb.connect() as connection:
            connection.execute(
                f"create table {MEMBERS} "
                "(customer_id varchar, email_key varchar, reason_zh varchar)"
            )
            for customer in customers:
                connection.execute(
                    f"insert into {MEMBERS} values (?, ?, ?)",
                    [customer, f"hash of {customer}", '买了“围巾 "A"”'],
                )
            return list(batches(connection, audience, size=2))

    return make


def test_a_list_arrives_in_batches_whole_and_once(
    receiver: Receiver, list_of: Callable[..., list[Batch]]
) -> None:
    sent = list_of("e", "d", "c", "b", "a")
    assert [(b.number, b.of) for b in sent] == [(1, 3), (2, 3), (3, 3)]
    send(receiver.url, sent, SECRET, HASTY)
    assert list(receiver.taken.values()) == [["a", "b"], ["c", "d"], ["e"]]
    headers, body = receiver.requests[0]
    assert headers["Authorization"] == f"Bearer {SECRET}"
    assert headers["Content-Type"].startswith("application/json")
    document = json.loads(body)
    assert document["as_of_date"] == "2024-06-30"
    assert document["audience"]["code"] == "welcome"
    assert document["members"][0] == {
        "customer_id": "a",
        "email_key": "hash of a",
        "reason_zh": '买了“围巾 "A"”',
    }


def test_the_key_follows_audience_day_and_content(list_of: Callable[..., list[Batch]]) -> None:
    keys = [b.key for b in list_of("a", "b", "c")]
    assert len(set(keys)) == 2
    assert keys == [b.key for b in list_of("c", "b", "a")]
    # Who comes later changes the batch they are in, and no other.
    first, second = (b.key for b in list_of("a", "b", "c", "d"))
    assert first == keys[0]
    assert second != keys[1]
    another_day = Audience(**{**WELCOME.__dict__, "as_of_date": date(2024, 7, 1)})
    another = Audience(**{**WELCOME.__dict__, "code": "vip"})
    for other in (another_day, another):
        assert not set(keys) & {b.key for b in list_of("a", "b", "c", audience=other)}


@pytest.mark.parametrize("answer", [500, 503, 429, 408, "hang", "cut"])
def test_what_fails_is_repeated_with_the_same_key(
    receiver: Receiver, list_of: Callable[..., list[Batch]], answer: int | str
) -> None:
    receiver.answers = [answer, answer]
    sent = list_of("a", "b", "c")
    send(receiver.url, sent, None, HASTY)
    keys = [headers["Idempotency-Key"] for headers, _ in receiver.requests]
    assert keys == [sent[0].key] * 3 + [sent[1].key]
    # Whoever remembers keys has each member once, also where the answer got lost.
    assert list(receiver.taken.values()) == [["a", "b"], ["c"]]
    assert "Authorization" not in receiver.requests[0][0]


def test_what_goes_on_failing_says_how_far_it_came_and_nothing_of_anybody(
    receiver: Receiver, list_of: Callable[..., list[Batch]], caplog: pytest.LogCaptureFixture
) -> None:
    receiver.answers = [200, *[500] * 6]
    with caplog.at_level(logging.DEBUG), pytest.raises(DeliveryError) as raised:
        send(receiver.url, list_of("alice@mail.example", "bob", "carl"), SECRET, HASTY)
    assert len(receiver.requests) == 7
    message = str(raised.value)
    assert message.startswith(
        "batch 2 of 2 did not arrive at 127.0.0.1: it answers 500. 1 arrived."
    )
    assert "Run the same command again" in message
    shown = message + caplog.text
    for hidden in ("alice", "bob", "carl", "hash of", SECRET):
        assert hidden not in shown
    assert "in-the-url" not in message
    assert raised.value.__cause__ is None


def test_a_second_run_finishes_what_the_first_began(
    receiver: Receiver, list_of: Callable[..., list[Batch]]
) -> None:
    sent = list_of("a", "b", "c", "d", "e")
    receiver.answers = [200, *["cut"] * 6]
    with pytest.raises(DeliveryError, match="batch 2 of 3"):
        send(receiver.url, sent, None, HASTY)
    send(receiver.url, sent, None, HASTY)
    assert list(receiver.taken.values()) == [["a", "b"], ["c", "d"], ["e"]]


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (401, "AUDIENCE_WEBHOOK_SECRET"),
        (403, "AUDIENCE_WEBHOOK_SECRET"),
        (404, "404"),
        (302, "redirect"),
    ],
)
def test_what_no_patience_mends_is_not_repeated(
    receiver: Receiver, list_of: Callable[..., list[Batch]], status: int, says: str
) -> None:
    receiver.answers = [status]
    with pytest.raises(DeliveryError, match=says):
        send(receiver.url, list_of("a"), SECRET, HASTY)
    # Nobody was led elsewhere with the secret and the people.
    assert len(receiver.paths) == 1


def test_nobody_listens(list_of: Callable[..., list[Batch]]) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/secret-path"
    with pytest.raises(DeliveryError, match="ConnectionError after 6 tries") as raised:
        send(url, list_of("a"), SECRET, HASTY)
    assert "secret-path" not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/x",
        "ftp://shop.example",
        "https://",
        "shop.example",
        "https://u:p@h/x",
        "http://127.0.0.1.evil.example/",
        "https://host:port/",
        "https://[::1/",
        "",
    ],
)
def test_only_safe_urls_are_taken(url: str, list_of: Callable[..., list[Batch]]) -> None:
    with pytest.raises(WrongUrl):
        check_url(url)
    with pytest.raises(WrongUrl):
        send(url, list_of("a"), SECRET, HASTY)


@pytest.mark.parametrize(
    "url",
    ["https://shop.example/x", "http://localhost:8080/x", "http://127.0.0.1/", "http://[::1]:1/"],
)
def test_https_and_this_machine_are_fine(url: str) -> None:
    check_url(url)


def test_an_empty_list_asks_nobody(receiver: Receiver, list_of: Callable[..., list[Batch]]) -> None:
    assert list_of() == []
    send(receiver.url, [], SECRET, HASTY)
    assert receiver.requests == []
