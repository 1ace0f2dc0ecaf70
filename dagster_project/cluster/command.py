"""`python -m dagster_project cluster`: code server, daemon and web server."""

from __future__ import annotations

import os
from functools import partial

from rich.console import Console

from dagster_project.cluster.foreman import PartError, run_together
from dagster_project.cluster.instance import open_storage, prepare
from dagster_project.cluster.parts import Part, code_server, daemon, web_server
from dagster_project.settings import PROJECT_DIR, Settings, SettingsError

_READY = "ready: http://127.0.0.1:{port} · Ctrl-C ends all three"


def run(settings: Settings, console: Console, part: str | None, listen: str) -> int:
    """Run all parts on the loopback until Ctrl-C, or become one of them.

    Args:
        settings: with the URL of Dagster's database.
        console: what happens is said there.
        part: one of `PARTS`, for a machine or container of its own; None for all three.
        listen: the address that one part listens on.

    Returns:
        0 after Ctrl-C, 1 when a part could not be kept up. Does not return with `part`.

    Raises:
        SettingsError: there is no URL, or no database behind it.
    """
    if settings.cluster.postgres_url is None:
        raise SettingsError(
            "DAGSTER_POSTGRES_URL is not set: the parts meet in a PostgreSQL database, such as "
            "postgresql://dagster@127.0.0.1/dagster (docs/cluster.md)"
        )
    prepare(settings)
    open_storage(settings)
    if part is not None:
        _become(_one(settings, part, listen))
    say = partial(console.print, highlight=False, markup=False, soft_wrap=True)
    parts = [code_server(settings), daemon(settings), web_server(settings)]
    try:
        run_together(parts, say, lambda: say(_READY.format(port=settings.cluster.web_port)))
    except PartError as error:
        console.print("[red]error:[/red]", str(error), highlight=False, soft_wrap=True)
        return 1
    return 0


def _one(settings: Settings, part: str, listen: str) -> Part:
    if part == "daemon":
        return daemon(settings)
    return (code_server if part == "code" else web_server)(settings, listen)


def _become(part: Part) -> None:
    # No shell and no parent in between: signals reach the part itself.
    os.chdir(PROJECT_DIR)
    os.execv(part.command[0], part.command)
