"""Telling whoever is to hear of it, once. Nothing here ever fails a night."""

from __future__ import annotations

import fcntl
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from dagster_project.alerts import memory, shell_night
from dagster_project.alerts.memory import Said, occasion
from dagster_project.alerts.message import Message, Places, test_message, write_message
from dagster_project.alerts.observe import observe
from dagster_project.alerts.observed import Observed
from dagster_project.alerts.shell_night import ShellNight
from dagster_project.alerts.troubles import Trouble, find_troubles
from dagster_project.settings import AlertSettings, Settings
from dagster_project.work_lock import WorkDatabaseBusyError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    import dagster as dg

    from dagster_project.alerts.send import Patience

Say = Callable[[str], None]
# Takes a message; returns why it did not arrive.
Receiver = Callable[[Message, datetime], str | None]


@dataclass(frozen=True)
class Told:
    """What came of a look.

    Attributes:
        delivered: receivers that took a message.
        failed: receivers that did not; they are tried again at the next look.
    """

    delivered: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


def tell(
    settings: Settings,
    now: datetime,
    say: Say,
    instance: dg.DagsterInstance | None = None,
    patience: Patience | None = None,
) -> Told:
    """Look at the warehouse and tell each receiver what it does not know yet.

    Safe to call as often as one likes, from a shell and from Dagster at once. A receiver that does
    not take its message is tried again at the next call, as long as the trouble is there.

    Args:
        settings: where everything lives, and who is told.
        now: the moment, with a zone.
        say: gets a line for the log on what was told and what could not be.
        instance: Dagster's; None when Dagster itself could not be started.
        patience: how long to try.
    """
    if not settings.alerts.anybody:
        return Told()
    try:
        with _one_at_a_time(settings):
            observed = observe(settings, now, instance)
            if observed is None:
                say("alerts: a run is on; what it leaves is looked at when it has ended")
                return Told()
            return _deliver(settings, observed, say, patience)
    except Exception as error:  # whatever it is, the night's own outcome stands
        say(f"alerts: could not look at the warehouse: {type(error).__name__}: {error}")
        return Told(failed=("look",))


def _deliver(settings: Settings, observed: Observed, say: Say, patience: Patience | None) -> Told:
    troubles = find_troubles(observed, settings.fresh_hours)
    path = settings.alerts_dir / "said.json"
    said = memory.read(path)
    delivered, failed = [], []
    for name, receive in receivers(settings.alerts, patience).items():
        why = occasion(said.get(name), troubles, observed.now)
        if why is None:
            continue
        before = said[name].keys if name in said else frozenset()
        message = write_message(
            why, troubles, before, observed, places(settings), settings.shop_timezone
        )
        problem = receive(message, observed.now)
        if problem is None:
            said[name] = Said(_keys(troubles), observed.now)
            # After each: a kill between two receivers must not tell the first one twice.
            memory.write(path, said)
            delivered.append(name)
            say(f"alerts: told {name} ({why}): {message.title.en}")
        else:
            failed.append(name)
            say(f"alerts: {name} did not take the message: {problem}; it is tried again next time")
    return Told(tuple(delivered), tuple(failed))


def send_test(
    settings: Settings, now: datetime, say: Say, patience: Patience | None = None
) -> bool:
    """Send a test message to every receiver; returns whether all took it."""
    message = test_message(places(settings), now, settings.shop_timezone)
    everybody = True
    for name, receive in receivers(settings.alerts, patience).items():
        problem = receive(message, now)
        say(f"{name}: {'sent' if problem is None else problem}")
        everybody = everybody and problem is None
    return everybody


def receivers(alerts: AlertSettings, patience: Patience | None) -> Mapping[str, Receiver]:
    """Who is told, by the name under which it is remembered."""
    # Most nights have nothing to tell, and need none of what sends.
    from dagster_project.alerts.send import Patience, send_email, send_webhook

    patience = patience or Patience()
    found: dict[str, Receiver] = {}
    if alerts.webhook_url is not None:
        found[alerts.webhook_kind] = partial(send_webhook, alerts, patience)
    if alerts.email_to:
        found["email"] = partial(send_email, alerts, patience)
    return found


def places(settings: Settings) -> Places:
    """Where a reader of the message looks next."""
    return Places(
        host=socket.gethostname(),
        warehouse=settings.warehouse_dir,
        quality=settings.reports_dir / "quality" / "index.html",
        refused=settings.refused_dir,
    )


@contextmanager
def told_of_night(settings: Settings, say: Say) -> Iterator[Callable[[], None]]:
    """Around a night from a shell: at its end, however it ends, tell what it left.

    Yields what is called when the warehouse is this night's own. A night that is killed from then
    on leaves its note unfinished, and the next look finds it. One that finds another at work leaves
    the telling to that.
    """
    if not settings.alerts.anybody:
        yield lambda: None
        return
    began = datetime.now(UTC)
    try:
        yield lambda: _note(settings, ShellNight(began, ended=False, error=None))
    except WorkDatabaseBusyError:
        raise
    except Exception as error:
        _note(settings, ShellNight(began, ended=True, error=type(error).__name__))
        _tell_with_history(settings, say)
        raise
    except BaseException:  # somebody pressed Ctrl-C, and knows it
        _note(settings, ShellNight(began, ended=True, error=None))
        raise
    _note(settings, ShellNight(began, ended=True, error=None))
    _tell_with_history(settings, say)


def _note(settings: Settings, night: ShellNight) -> None:
    with suppress(OSError):  # a full disk stops the night where it writes tables, not here
        shell_night.write(settings, night)


def _tell_with_history(settings: Settings, say: Say) -> None:
    with _history() as instance:
        tell(settings, datetime.now(UTC), say, instance)


def _history() -> AbstractContextManager[dg.DagsterInstance | None]:
    """Dagster's history; None when Dagster is what does not start."""
    try:
        import dagster as dg

        return dg.DagsterInstance.get()
    except Exception:  # the message says that the night broke off, and why
        return nullcontext()


def _keys(troubles: tuple[Trouble, ...]) -> frozenset[str]:
    return frozenset(trouble.key for trouble in troubles)


@contextmanager
def _one_at_a_time(settings: Settings) -> Iterator[None]:
    """The shell and Dagster's sensors may look in the same moment; one tells, the other waits."""
    settings.alerts_dir.mkdir(0o700, parents=True, exist_ok=True)
    with (settings.alerts_dir / "lock").open("a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
