"""Reading `expectations/<table>.yml` into suites, refusing everything that is not understood.

Great Expectations drops a misspelt expectation type or severity with a line in the log, and a
rule that silently never runs is worse than none: here every surprise is an error that names the
file and the rule. Reading needs no Great Expectations; the arguments of a rule (`kwargs`) are
checked by the library's own models when the gate is built (`expectations.build_suite`).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dagster_project.quality.catalogue import canonical_type, needed_arguments
from dagster_project.settings import PROJECT_DIR

EXPECTATIONS_DIR = PROJECT_DIR / "expectations"

GATES = ("raw", "facts", "marts")
KINDS = ("duplicates", "missing", "outliers", "validity", "reconciliation")
SEVERITIES = ("critical", "warning", "info")

_SUITE_KEYS = {"table", "gate", "owner", "key", "rules"}
_RULE_KEYS = {"name", "kind", "type", "severity", "reason", "kwargs"}
# Set by the runner, or not verified on DuckDB (row conditions: write the query instead).
_RESERVED_KWARGS = {
    "batch_id",
    "catch_exceptions",
    "condition_parser",
    "description",
    "id",
    "meta",
    "notes",
    "result_format",
    "row_condition",
    "severity",
    "windows",
}


class SuiteError(ValueError):
    """A suite file cannot be used as written; the message names the file and the rule."""


@dataclass(frozen=True)
class Rule:
    """One thing that must hold for a table.

    Attributes:
        name: unique within the table.
        kind: one of `KINDS`.
        type: the expectation type in the library's snake case.
        severity: one of `SEVERITIES`; critical stops what comes after the gate.
        reason: why the rule is there and what to do when it fails.
        kwargs: arguments of the expectation.
    """

    name: str
    kind: str
    type: str
    severity: str
    reason: str
    kwargs: Mapping[str, Any]


@dataclass(frozen=True)
class Suite:
    """The rules of one table.

    Attributes:
        path: file the suite was read from.
        table: `schema.table` in the work database.
        gate: one of `GATES`.
        owner: who answers for the table.
        key: columns that name a failing row in samples; never personal data.
        rules: in the order of the file.
    """

    path: Path
    table: str
    gate: str
    owner: str
    key: tuple[str, ...]
    rules: tuple[Rule, ...]


def load_suites(folder: Path) -> tuple[Suite, ...]:
    """Read every `*.yml` of `folder`, in the order of the file names.

    Raises:
        SuiteError: the folder is missing or holds no suite, a file is not as described in
            `expectations/README.md`, or two files name the same table.
    """
    paths = sorted(folder.glob("*.yml")) if folder.is_dir() else []
    if not paths:
        raise SuiteError(f"{folder}: no suites found (*.yml); a gate without rules checks nothing")
    suites = tuple(load_suite(path) for path in paths)
    seen: dict[str, Path] = {}
    for suite in suites:
        if suite.table in seen:
            raise SuiteError(f"{suite.path}: {suite.table} already has {seen[suite.table].name}")
        seen[suite.table] = suite.path
    return suites


def load_suite(path: Path) -> Suite:
    """Read one suite file.

    Raises:
        SuiteError: the file is not as described in `expectations/README.md`.
    """
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeyLoader)
    except yaml.YAMLError as error:
        raise SuiteError(f"{path}: not readable as YAML: {error}") from error
    where = str(path)
    fields = _mapping(document, _SUITE_KEYS, _SUITE_KEYS, where)
    table = _text(fields, "table", where)
    if table.count(".") != 1 or not all(table.split(".")):
        raise SuiteError(f"{where}: table {table!r} must be schema.table")
    written = fields["rules"]
    if not isinstance(written, list) or not written:
        raise SuiteError(f"{where}: rules must be a list with at least one rule")
    rules: list[Rule] = []
    for number, entry in enumerate(written, start=1):
        rule = _rule(entry, where, number)
        if any(rule.name == other.name for other in rules):
            raise SuiteError(f"{where}: rule {rule.name!r} is there twice")
        rules.append(rule)
    return Suite(
        path=path,
        table=table,
        gate=_one_of(fields, "gate", GATES, where),
        owner=_text(fields, "owner", where),
        key=_names(fields, "key", where),
        rules=tuple(rules),
    )


def _rule(entry: object, where: str, number: int) -> Rule:
    name = entry.get("name") if isinstance(entry, dict) else None
    where = f"{where}: rule {name!r}" if name else f"{where}: rule number {number}"
    fields = _mapping(entry, _RULE_KEYS, _RULE_KEYS - {"kwargs"}, where)
    written_type = _text(fields, "type", where)
    expectation_type = canonical_type(written_type)
    if expectation_type is None:
        raise SuiteError(
            f"{where}: {written_type!r} is not an expectation type verified on DuckDB "
            "(see expectations/README.md); write it as a query with unexpected_rows"
        )
    kwargs = fields.get("kwargs", {})
    if not isinstance(kwargs, dict):
        raise SuiteError(f"{where}: kwargs must be a mapping")
    _check_kwargs(kwargs, expectation_type, where)
    return Rule(
        name=_text(fields, "name", where),
        kind=_one_of(fields, "kind", KINDS, where),
        type=expectation_type,
        severity=_one_of(fields, "severity", SEVERITIES, where),
        reason=" ".join(_text(fields, "reason", where).split()),
        kwargs=kwargs,
    )


def _check_kwargs(kwargs: Mapping[str, object], expectation_type: str, where: str) -> None:
    """Refuse what the library accepts although the rule could then never fail."""
    reserved = sorted(_RESERVED_KWARGS & kwargs.keys())
    if reserved:
        raise SuiteError(f"{where}: {', '.join(reserved)} cannot be set in kwargs")
    needed = needed_arguments(expectation_type)
    if needed and not kwargs.keys() & set(needed):
        raise SuiteError(f"{where}: kwargs need {' or '.join(needed)}")
    for name, value in kwargs.items():
        # NOT IN a list with a NULL is never true in SQL.
        if value is None or value == [] or (isinstance(value, list) and None in value):
            raise SuiteError(f"{where}: {name} must not be empty or hold a null")
    if kwargs.get("mostly") == 0:
        raise SuiteError(f"{where}: mostly 0 lets every row through")


def _mapping(
    value: object, allowed: set[str], required: set[str], where: str
) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise SuiteError(f"{where}: must be a mapping of {', '.join(sorted(allowed))}")
    unknown = sorted(str(key) for key in value.keys() - allowed)
    if unknown:
        raise SuiteError(f"{where}: unknown key {', '.join(unknown)}")
    missing = sorted(required - value.keys())
    if missing:
        raise SuiteError(f"{where}: {', '.join(missing)} missing")
    return value


def _text(fields: Mapping[str, object], key: str, where: str) -> str:
    value = fields[key]
    if not isinstance(value, str) or not value.strip():
        raise SuiteError(f"{where}: {key} must be a text, not {value!r}")
    return value.strip()


def _one_of(fields: Mapping[str, object], key: str, allowed: tuple[str, ...], where: str) -> str:
    value = _text(fields, key, where)
    if value not in allowed:
        raise SuiteError(f"{where}: {key} {value!r} is none of {', '.join(allowed)}")
    return value


def _names(fields: Mapping[str, object], key: str, where: str) -> tuple[str, ...]:
    value = fields[key]
    if not isinstance(value, list) or not value or not all(isinstance(n, str) for n in value):
        raise SuiteError(f"{where}: {key} must be a list of column names")
    return tuple(value)


# In C: each start of the web UI and each run reads 74 of these files.
class _UniqueKeyLoader(yaml.CSafeLoader):
    """YAML keeps the last of two equal keys, which would lose a whole list of rules unseen."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} is there twice", node.start_mark
                )
        return super().construct_mapping(node, deep)
