"""The three processes that Dagster is made of, and how each is started."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from dagster_project.cluster.instance import DEFINITIONS, workspace_path
from dagster_project.settings import PROJECT_DIR, Settings

LOOPBACK = "127.0.0.1"
# As they are named on the command line.
PARTS = ("code", "daemon", "web")
# What deploy/Containerfile builds.
IMAGE = "warehouse:0.1.0"


@dataclass(frozen=True)
class Part:
    """A process of its own.

    Attributes:
        name: as people call it.
        command: to start it with, in the project's folder.
        address: where it listens, host and port; None for one that only asks others.
    """

    name: str
    command: tuple[str, ...]
    address: tuple[str, int] | None = None


def code_server(settings: Settings, listen: str = LOOPBACK) -> Part:
    """Loads the definitions, evaluates sensors, and runs the jobs in processes of its own.

    Args:
        settings: of the warehouse.
        listen: the address it listens on. Whoever reaches it can run code as its account.
    """
    port = settings.cluster.code_port
    where = ("--host", listen, "--port", str(port))
    what = ("--module-name", DEFINITIONS, "--working-directory", str(PROJECT_DIR))
    command = (_program("dagster"), "api", "grpc", *where, *what, "--location-name", DEFINITIONS)
    return Part("code server", command, (listen, port))


def daemon(settings: Settings) -> Part:
    """The schedule, the sensors' clock, the queue, and the watch over runs that died."""
    return Part("daemon", (_program("dagster-daemon"), "run", *_workspace(settings)))


def web_server(settings: Settings, listen: str = LOOPBACK) -> Part:
    """The web UI.

    Args:
        settings: of the warehouse.
        listen: the address it listens on. It asks nobody who they are.
    """
    port = settings.cluster.web_port
    where = ("--host", listen, "--port", str(port))
    command = (_program("dagster-webserver"), *where, *_workspace(settings))
    return Part("web server", command, (listen, port))


def _workspace(settings: Settings) -> tuple[str, ...]:
    return ("--workspace", str(workspace_path(settings)))


def _program(name: str) -> str:
    # Beside this interpreter, also when the virtual environment was not activated.
    return str(Path(sys.executable).with_name(name))
