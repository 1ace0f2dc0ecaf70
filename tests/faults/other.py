"""Faults that are no kills: full disks, unreadable folders, broken files, a dead server, clocks."""

from __future__ import annotations

import os
import pwd
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from dagster_project.ingestion.ledger import read_ledger
from dagster_project.settings import Settings
from tests.faults import points
from tests.faults.child import Ended, call
from tests.faults.place import Place, environ_of
from tests.faults.state import last_step
from tests.faults.trials import Trial, recovered, stage_of, struck
from tests.pipeline.hashes import RUN_LOG_COLUMNS, RUN_LOG_TABLES
from tests.postgres_server import Postgres, running

_DISK = "400m"
_FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
# Half a minute later one hour of local time begins for the second time.
_ZONE, _CLOCKS_GO_BACK = "Europe/Berlin", datetime(2027, 10, 31, 0, 59, 30, tzinfo=UTC)


class CannotTry(RuntimeError):
    """This machine cannot do the fault; the message says what is missing."""


def errors(output: str) -> str:
    """What a night tells the person who reads it: its errors and what to do."""
    # Dagster's log may end within a line when its own disk is full.
    _, found, rest = output.partition("error: ")
    return "\n".join(rest.splitlines()[:8]) if found else ""


# --- a full disk


def disk_full(place: Place) -> list[Trial]:
    """A small file system that is full at several places of the night."""
    with _small_disk(place.home):
        place.evening()
        first = [_full(place, kilobytes, None) for kilobytes in (64, 8_000, 24_000)]
        trials = recovered(place, first, "by itself, once there is room")
        place.begin_at("publish")
        last = [_full(place, kilobytes, "publish") for kilobytes in (512, 8_000)]
        return trials + recovered(place, last, "by itself, once there is room", at="publish")


def _full(place: Place, kilobytes: int, at: str | None) -> Trial:
    filler = place.home / "filler"

    def strike() -> tuple[bool, Ended]:
        free = shutil.disk_usage(place.home).free - kilobytes * 1024
        with filler.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, free)
        try:
            ended = place.night(at=at)
        finally:
            filler.unlink()
        return ended.status > 0, ended

    trial = struck(place, "disk full", "", f"{kilobytes:,} KB left", strike, errors)
    if "The disk is full" not in trial.said and at is None:
        raise AssertionError(f"nobody said that the disk is full: {trial.said}")
    where = stage_of(last_step(place.settings.dagster_home)) if kilobytes > 64 else "landing"
    return Trial(**{**trial.as_dict(), "where": where})


@contextmanager
def _small_disk(folder: Path) -> Iterator[None]:
    """Mount a tmpfs there for a while."""
    folder.mkdir(parents=True, exist_ok=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={_DISK}", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        raise CannotTry(f"no file system can be mounted here: {mounted.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


# --- files that cannot be read


def unreadable(place: Place) -> list[Trial]:
    """Folders of another user, a file cut while it is read, a broken work database; then a night.

    None of these runs gets far, so one night after all of them shows that nothing stayed.
    """
    if os.getuid() != 0:
        raise CannotTry("the process must be root to become another user")
    place.evening()
    subprocess.run(["chown", "-R", "nobody", place.home], check=True)
    landing = place.settings.landing_dir
    trials = [_unreadable(place, folder) for folder in (landing, landing / "orders")]
    trials.append(_cut(place))
    place.land()
    work, half = place.settings.work_db, place.settings.work_db.stat().st_size // 2
    noise = random.Random(1).randbytes(8192)
    for detail, strike in {
        "cut in half": lambda: os.truncate(work, half),
        "random bytes at its head": lambda: _overwrite(work, noise),
        "empty": lambda: os.truncate(work, 0),
    }.items():
        trials.append(_broken_work_database(place, detail, strike))
        shutil.copy2(place.snapshot_home("first") / "work" / work.name, work)
    done = (
        *("a person gives the right to read",) * 2,
        "by itself, once the file is whole",
        *("a person puts the file from the backup in its place",) * 3,
    )
    ended = recovered(place, trials)
    return [replace(trial, next_run=text) for trial, text in zip(ended, done, strict=True)]


def _unreadable(place: Place, folder: Path) -> Trial:
    def strike() -> tuple[bool, Ended]:
        os.chown(folder, 0, 0)
        folder.chmod(0o700)
        try:
            ended = place.night(_become_nobody)
        finally:
            folder.chmod(0o755)
        said = str(folder) in ended.output and "check its permissions" in ended.output
        return ended.status == 2 and said, ended

    name = folder.relative_to(place.home).as_posix()
    return struck(place, "folder unreadable", "landing", f"{name}/ of another user", strike, errors)


def _become_nobody() -> None:
    nobody = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)


def _cut(place: Place) -> Trial:
    """Between the look at the landing folder and the reading of the file half of it goes."""
    file = place.new_file()

    def arm() -> None:
        from dagster_project.ingestion import loader

        keep = loader.keep_raw_copy

        def cut_first(path: Path, *arguments: Any) -> bool:
            os.truncate(path, path.stat().st_size // 2)
            return keep(path, *arguments)

        loader.keep_raw_copy = cut_first
        # What the rest of a night does without a new file is shown elsewhere.
        points.at_event("STEP_SUCCESS", "ingest_mapped")

    def strike() -> tuple[bool, Ended]:
        ended = place.night(arm)
        loaded = call(lambda: [e.source_file for e in read_ledger(place.settings.work_db)])
        name = file.relative_to(place.settings.landing_dir).as_posix()
        return ended.killed and name not in loaded, ended

    return struck(place, "file cut while it is read", "ingest", file.name, strike)


def _broken_work_database(place: Place, detail: str, strike: Callable[[], object]) -> Trial:
    def broken() -> tuple[bool, Ended]:
        strike()
        ended = place.night()
        said = str(place.settings.work_db) in ended.output and "backup" in ended.output
        return ended.status == 2 and said, ended

    return struck(place, "work database broken", "landing", detail, broken, errors)


def broken_serving(place: Place) -> list[Trial]:
    """A published database that cannot be read any more is replaced by the next publish."""
    trials = []
    noise = random.Random(2).randbytes(8192)
    served = place.settings.serving_db
    for detail, strike in {
        "cut in half": lambda: os.truncate(served, served.stat().st_size // 2),
        "random bytes at its head": lambda: _overwrite(served, noise),
        "deleted": served.unlink,
    }.items():
        place.begin_at("publish")
        strike()
        trial = Trial("published database broken", "publish", detail, True, "broken")
        trials += recovered(place, [trial], at="publish")
    return trials


def _overwrite(path: Path, data: bytes) -> None:
    with path.open("r+b") as file:
        file.write(data)


# --- PostgreSQL


def postgres(place: Place) -> list[Trial]:
    """The server dies while the marts are loaded, indexed, and before they are swapped."""
    trials = []
    with running(Path("/tmp") / f"pg-faults-{os.getpid()}") as server:
        settings = replace(place.settings, postgres_url=server.url)
        place.restore("first")
        call(partial(_publish_to_postgres, settings))
        old = call(partial(_in_postgres, server.url))
        for detail, name in {
            "while tables are described": "_describe",
            "before the indexes": "_index",
            "before the schemas are swapped": "_swap",
        }.items():
            place.begin_at("publish")
            trial = _server_killed(place, server, detail, name)
            server.start()
            found = call(partial(_in_postgres, server.url))
            trial = replace(trial, database="old" if found == old else "mixture")
            arm = partial(_publish_there_too, server.url)
            (trial,) = recovered(place, [trial], at="publish", arm=arm)
            new = call(partial(_in_postgres, server.url))
            call(partial(_publish_to_postgres, settings))
            expected = call(partial(_in_postgres, server.url))
            trials.append(replace(trial, equal=trial.equal and new == expected != old))
            place.restore("first")
            call(partial(_publish_to_postgres, settings))
    return trials


def _server_killed(place: Place, server: Postgres, detail: str, name: str) -> Trial:
    def arm() -> None:
        _publish_there_too(server.url)
        from dagster_project.serving import postgres as target

        function = getattr(target, name)

        def killed_first(*arguments: Any) -> Any:
            os.killpg(server.pid, signal.SIGKILL)
            return function(*arguments)

        setattr(target, name, killed_first)

    def strike() -> tuple[bool, Ended]:
        ended = place.night(arm, at="publish")
        server.kill()
        return ended.status == 1 and "marts in PostgreSQL stay as they were" in ended.output, ended

    return struck(place, "PostgreSQL killed", "publish", detail, strike)


def _publish_there_too(url: str) -> None:
    """Have this process read its settings anew, with PostgreSQL among them."""
    os.environ["SERVING_POSTGRES_URL"] = url
    sys.modules.pop("dagster_project.definitions")


def _publish_to_postgres(settings: Settings) -> None:
    from dagster_project.serving.postgres import publish_to_postgres
    from dagster_project.transformation.project import (
        load_project,
        published_tables,
        read_manifest,
    )

    publish_to_postgres(settings, published_tables(read_manifest(load_project(settings))))


def _in_postgres(url: str) -> dict[str, tuple[int, str]]:
    """Rows and content of every table of schema `marts`, but for logs of runs."""
    import psycopg
    from psycopg import sql

    with psycopg.connect(url) as connection:
        names = connection.execute(
            "select table_name, string_agg(quote_ident(column_name), ', ' order by "
            "ordinal_position) filter (where column_name <> all(%s)) from "
            "information_schema.columns where table_schema = 'marts' group by table_name",
            [list(set().union(*RUN_LOG_COLUMNS.values()))],
        ).fetchall()
        found = {}
        for name, columns in names:
            if name not in RUN_LOG_TABLES:
                query = sql.SQL(
                    "select count(*), md5(coalesce(string_agg(r::text, '|' order by r::text), '')) "
                    "from (select {} from marts.{}) as r"
                ).format(sql.SQL(columns), sql.Identifier(name))
                found[name] = connection.execute(query).fetchone()
        return found


# --- two at once


def two_at_once(place: Place) -> list[Trial]:
    """Two nights start together, and a third while the first is at work."""
    place.evening()
    ended: list[Ended] = []

    def strike() -> tuple[bool, Ended]:
        both = [place.start(log=f"night-{name}") for name in "ab"]
        for child in both:
            child.wait_for_output("dbt builds staging")
        third = place.night()
        ended.extend(child.wait() for child in both)
        turned_away = [one for one in (*ended, third) if one.status == 2]
        well = [one for one in ended if one.status == 0]
        said = all("another run (process" in one.output for one in turned_away)
        return len(well) == 1 and len(turned_away) == 2 and said, turned_away[0]

    trial = struck(place, "two nights at once", "whole night", "three started", strike, errors)
    return recovered(place, [trial])


# --- clocks


def clocks(place: Place) -> list[Trial]:
    """The clock jumps ahead within a night, and later back, in a zone with summer time."""
    if not Path(_FAKETIME).exists():
        raise CannotTry("libfaketime is not installed (Debian package faketime)")
    place.evening()
    clock = place.folder / "clock"
    clock.write_text("+0", encoding="ascii")
    ahead = (_CLOCKS_GO_BACK - datetime.now(UTC)).total_seconds()

    def strike() -> tuple[bool, Ended]:
        child = place.start(partial(_with_clock, clock, place.home))
        child.wait_for_output("dbt builds staging")
        clock.write_text(f"+{ahead:.0f}", encoding="ascii")
        child.wait_for_output("dbt builds the marts")
        clock.write_text("-366d", encoding="ascii")
        ended = child.wait()
        said = f"{_CLOCKS_GO_BACK.year}-" in ended.output
        return ended.status == 0 and said, ended

    detail = f"to {_CLOCKS_GO_BACK:%F %R} in {_ZONE}, then to a year ago"
    trial = struck(place, "clock jumps", "dbt facts, dbt marts", detail, strike)
    return recovered(place, [trial])


def _with_clock(clock: Path, home: Path) -> None:
    """Become `make nightly` in a process whose clock reads what the file says."""
    environ = {
        **os.environ,
        **environ_of(home),
        "TZ": _ZONE,
        "LD_PRELOAD": _FAKETIME,
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
    }
    os.execve(sys.executable, [sys.executable, "-m", "dagster_project", "nightly"], environ)
