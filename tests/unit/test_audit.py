"""The audit of the lock finds what it is for."""

from __future__ import annotations

import re

import pytest

from tools.audit import ADVISORIES, LICENCES, LOCKS, allowed, licence_page, locked, vulnerable

_LOCKED = "\n".join(lock.read_text(encoding="utf-8") for lock in LOCKS)

OLD = """
requests==2.19.0 \\
    --hash=sha256:00
Py_YAML[extra]==5.3 ; python_version < "4"
    # via something==1.0
Py_YAML==6.0 ; python_version >= "4"
"""
KNOWN = {
    "requests": [
        {"id": "GHSA-1", "v": "<2.20.0", "advisory": "sends a password on"},
        {"id": "GHSA-2", "v": ">=2.30,<2.31", "advisory": "another"},
    ],
    "py.yaml": [{"id": "GHSA-3", "v": "<=5.3", "advisory": "runs code"}],
    "absent": [{"id": "GHSA-4", "v": "<9", "advisory": "not here"}],
}


def test_a_version_that_an_advisory_speaks_of_is_found() -> None:
    pins = locked(OLD)
    assert pins == {"requests": {"2.19.0"}, "py-yaml": {"5.3", "6.0"}}
    assert [(f.package, f.version, f.advisory) for f in vulnerable(pins, KNOWN)] == [
        ("py-yaml", "5.3", "GHSA-3"),
        ("requests", "2.19.0", "GHSA-1"),
    ]
    assert vulnerable({"requests": {"2.20.0"}, "py-yaml": {"5.4"}}, KNOWN) == []


def test_the_lock_is_read_whole_and_names_no_index() -> None:
    text = _LOCKED
    pins = locked(text)
    assert sum(map(len, pins.values())) == len(re.findall(r"^\S+==", text, re.MULTILINE)) > 150
    assert pins["duckdb"] == {"1.5.5"}
    assert text.count("--hash=sha256:") > len(pins)
    assert "://" not in text
    (pin,) = locked(ADVISORIES.read_text(encoding="utf-8"))
    assert pin not in pins  # read as data, never installed


@pytest.mark.parametrize(
    ("licence", "may"),
    [
        ("MIT", True),
        ("MIT License", True),
        ("Apache Software License; BSD License", True),
        ("BSD-3-Clause AND 0BSD AND MIT AND Zlib AND CC0-1.0", True),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", True),
        ("Mozilla Public License 2.0 (MPL 2.0)", True),
        ("LGPL-3.0-only", True),
        ("GPL-3.0", False),
        ("GNU General Public License v3 (GPLv3)", False),
        ("MIT AND GPL-3.0", False),
        ("MIT License; GNU General Public License (GPL)", False),
        ("GPL-3.0 OR MIT", True),
        ("AGPL-3.0-only", False),
        ("SSPL-1.0", False),
        ("UNKNOWN", False),
        ("Proprietary", False),
        ("", False),
    ],
)
def test_which_licences_are_allowed(licence: str, may: bool) -> None:
    assert allowed("some-package", licence) == may


def test_the_page_lists_the_lock() -> None:
    assert "| a | MIT |\n| b | BSD |\n" in licence_page({"b": "BSD", "a": "MIT"})
    listed = set(re.findall(r"^\| ([a-z0-9-]+) \|", LICENCES.read_text("utf-8"), re.MULTILINE))
    pins = set(locked(_LOCKED))
    assert listed <= pins
    # The others are for another system or another Python.
    assert len(pins - listed) < 15
