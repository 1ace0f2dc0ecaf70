"""The files for a server are without a fault that their own linters know, and lock what they can.

CI has no systemd to start them with and no registry to build from: they are linted, not run.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dagster_project.settings import PROJECT_DIR

DEPLOY = PROJECT_DIR / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
# Of ten: "exposed" begins at five.
MOST_EXPOSED = 4.0

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def verify(folder: Path, unit: Path, text: str) -> str:
    """What systemd has to say against a unit, its commands replaced by those that are here."""
    here = Path(sys.executable).parent
    copy = folder / unit.name
    copy.write_text(text.replace("/srv/warehouse/.venv/bin", str(here)), encoding="utf-8")
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(copy)],
        capture_output=True,
        text=True,
        check=False,
    )
    return checked.stdout + checked.stderr


@needs_systemd
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_has_nothing_against_a_unit(unit: Path, tmp_path: Path) -> None:
    for service in SERVICES:  # a timer names its service
        verify(tmp_path, service, service.read_text(encoding="utf-8"))
    assert verify(tmp_path, unit, unit.read_text(encoding="utf-8")) == ""


@needs_systemd
def test_systemd_would_say_so(tmp_path: Path) -> None:
    unit = SERVICES[0]
    text = unit.read_text(encoding="utf-8").replace("ProtectSystem=", "ProtectSytem=")
    assert "ProtectSytem" in verify(tmp_path, unit, text)
    text = unit.read_text(encoding="utf-8").replace("/bin/", "/bin/not-")
    assert "not-" in verify(tmp_path, unit, text)


@needs_systemd
@pytest.mark.parametrize("service", SERVICES, ids=lambda unit: unit.name)
def test_a_service_can_do_little_beside_its_work(service: Path) -> None:
    options = ["--offline=true", f"--threshold={MOST_EXPOSED * 10:.0f}"]
    checked = subprocess.run(
        ["systemd-analyze", "security", *options, str(service)], capture_output=True, check=False
    )
    assert checked.returncode == 0, checked.stdout.decode()[-300:]


def test_the_container_file_has_nothing_against_it(tmp_path: Path) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    command = [str(hadolint), str(DEPLOY / "Containerfile")]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout) == (0, "")
    bad = tmp_path / "Containerfile"
    bad.write_text("FROM python\nRUN cd /tmp && apt-get install curl\n", encoding="utf-8")
    assert subprocess.run([str(hadolint), str(bad)], capture_output=True).returncode == 1


def test_everything_that_stays_out_of_git_stays_out_of_the_container() -> None:
    copied = set((PROJECT_DIR / ".dockerignore").read_text(encoding="utf-8").split())
    assert {".env", ".git", ".venv", "warehouse", "build"} <= copied
