"""Mutations of a warehouse's tables, each of which must trip one rule of `expectations/`.

`mutations.yml` holds those written by hand; the others follow from a rule's type or query. A
mutation is applied inside a transaction that is rolled back, so that each rule meets the data of a
night that was published, and one change.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import sqlalchemy as sa
import yaml

from dagster_project.quality.catalogue import QUERY_TYPE
from dagster_project.quality.expectations import build_suite
from dagster_project.quality.gx_duckdb import DuckDBExecutionEngine, Session, new_context
from dagster_project.quality.results import RuleResult
from dagster_project.quality.suites import Rule, Suite
from dagster_project.quality.validation import validate_table

MUTATIONS_FILE = Path(__file__).with_name("mutations.yml")

RuleName = tuple[str, str]
Row = Mapping[str, Any]

_COPIES = re.compile(r"having count\(\*\) > 1\s*$")


@dataclass(frozen=True)
class Mutation:
    """One change of the data.

    Attributes:
        change: `set`, `duplicate`, `delete`, `insert` or `run`.
        table: whose rows change, `schema.table`.
        values: for `set`, the SQL expression of each column.
        where: which rows may be chosen, as an SQL condition.
        every: all of those rows instead of the first by the table's key.
        rows: for `insert`, the SQL expressions of each row; columns left out are NULL.
        statements: for `run`, SQL.
        names: what a row of the rule's sample must hold, `{column}` standing for a changed row's
            value; without it, the key of a changed row.
        whole: the rule compares totals, so its sample names no row.
        first: SQL that gives a table the rows that the mutation needs; the rule holds after it.
    """

    change: str
    table: str
    values: Mapping[str, str] = field(default_factory=dict)
    where: str = "true"
    every: bool = False
    rows: tuple[Mapping[str, str], ...] = ()
    statements: tuple[str, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    whole: bool = False
    first: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mutations:
    """What `mutations.yml` says.

    Attributes:
        written: the mutations of each rule that has some of its own.
        rows: SQL that gives rows to the tables that the test shops leave empty, by table.
    """

    written: Mapping[RuleName, tuple[Mapping[str, Any], ...]]
    rows: Mapping[str, tuple[Mapping[str, str], ...]]


def load_mutations(path: Path = MUTATIONS_FILE) -> Mutations:
    """Read the file; a rule's mutation is a mapping, or a list of them that must all trip it."""
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    written = {
        (table, rule): tuple(entry) if isinstance(entry, list) else (entry,)
        for table, rules in document["mutations"].items()
        for rule, entry in rules.items()
    }
    rows = {table: tuple(map(_texts, rows)) for table, rows in document["rows"].items()}
    return Mutations(written, rows)


def mutations_of(suite: Suite, rule: Rule, mutations: Mutations) -> tuple[Mutation, ...]:
    """The mutations of one rule: those written for it, for its name in all tables, or derived."""
    for table in (suite.table, "every table"):
        if entries := mutations.written.get((table, rule.name)):
            return tuple(_written(suite, entry) for entry in entries)
    return _derived(suite, rule)


def without_mutation(suites: Sequence[Suite], mutations: Mutations) -> list[RuleName]:
    """Rules that nothing trips: written for none, and of no type from which one follows."""
    return [
        (suite.table, rule.name)
        for suite in suites
        for rule in suite.rules
        if not mutations_of(suite, rule, mutations)
    ]


def without_rule(suites: Sequence[Suite], mutations: Mutations) -> list[RuleName]:
    """Mutations whose rule is gone or was renamed."""
    rules = {(suite.table, rule.name) for suite in suites for rule in suite.rules}
    rules |= {("every table", name) for _, name in rules}
    return [name for name in mutations.written if name not in rules]


def _written(suite: Suite, entry: Mapping[str, Any]) -> Mutation:
    changes = {"set", "duplicate", "delete", "insert", "run"} & entry.keys()
    if len(changes) != 1 or entry.keys() - changes - {
        "in",
        "where",
        "every",
        "names",
        "whole",
        "first",
    }:
        raise ValueError(f"{suite.table}: a mutation is one of set, duplicate …, not {dict(entry)}")
    change = changes.pop()
    said = entry[change]
    return Mutation(
        change=change,
        table=entry.get("in", suite.table),
        values=_texts(said) if change == "set" else {},
        where=said if change in ("duplicate", "delete") else entry.get("where", "true"),
        every=entry.get("every", False),
        rows=tuple(_texts(row) for row in said) if change == "insert" else (),
        statements=tuple(said) if change == "run" else (),
        names=_texts(entry.get("names", {})),
        whole=entry.get("whole", False),
        first=tuple(entry.get("first", ())),
    )


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: "null" if value is None else str(value) for name, value in values.items()}


def _derived(suite: Suite, rule: Rule) -> tuple[Mutation, ...]:
    """What breaks a rule of a built-in type, or a query for copies."""
    kwargs = rule.kwargs
    every = kwargs.get("mostly", 1) < 1
    if rule.type == QUERY_TYPE:
        copies = _COPIES.search(str(kwargs["unexpected_rows_query"]))
        return (Mutation("duplicate", suite.table),) if copies else ()
    broken: list[dict[str, str]] = []
    match rule.type:
        case "expect_column_values_to_not_be_null":
            broken = [{kwargs["column"]: "null"}]
        case "expect_column_values_to_be_between":
            beyond = {"min_value": -1, "max_value": 1}
            broken = [
                {kwargs["column"]: str(kwargs[bound] + step)}
                for bound, step in beyond.items()
                if bound in kwargs
            ]
        case "expect_column_values_to_be_in_set":
            outside = "true" if kwargs["value_set"] == [False] else "'a word of no list'"
            broken = [{kwargs["column"]: outside}]
        case "expect_column_pair_values_a_to_be_greater_than_b":
            broken = [
                {kwargs["column_A"]: "date '2020-01-01'", kwargs["column_B"]: "date '2020-01-02'"}
            ]
    return tuple(Mutation("set", suite.table, values, every=every) for values in broken)


@dataclass(frozen=True)
class Bench:
    """A copy of a work database, open for writing, and Great Expectations on the same connection.

    Attributes:
        session: what the gates run on.
        filled: the tables that have rows.
    """

    session: Session
    filled: frozenset[str]

    def run(self, statement: str) -> list[dict[str, Any]]:
        """Run a statement in the open transaction; returns its rows."""
        found = self.session.engine.execute_query(sa.text(statement.replace(":", "\\:")))
        return [dict(row._mapping) for row in found]

    def check(self, suite: Suite, rule: Rule) -> RuleResult:
        """The outcome of one rule on the data as it stands in the open transaction."""
        built = [pair for pair in build_suite(suite) if pair[0] is rule]
        if suite.table in {asset.name for asset in self.session.datasource.assets}:
            self.session.datasource.delete_asset(suite.table)
        columns = self.session.columns().get(suite.table)
        return validate_table(self.session, suite, built, columns).results[0]


@contextmanager
def open_bench(work_db: Path, copy: Path, tables: Sequence[str]) -> Iterator[Bench]:
    """Copy `tables` of a work database, and what their rules read beside them, and open the copy.

    Views become tables and constraints go: the rules must find what neither has stopped.
    """
    with duckdb.connect(str(copy)) as connection:
        # Under its own name, by which its views call it.
        work = work_db.stem
        connection.execute(f"attach '{work_db}' as {work} (read_only)")
        beside = connection.execute(
            "select schema_name || '.' || table_name from duckdb_tables() where database_name = ? "
            "and schema_name in ('seeds', 'intermediate', 'marts')",
            [work],
        ).fetchall()
        for table in sorted({*tables, *(name for (name,) in beside)}):
            connection.execute(f"create schema if not exists {table.split('.')[0]}")
            connection.execute(f"create table {table} as from {work}.{table}")
        connection.execute(f"detach {work}")
        filled = {
            table
            for table in tables
            if connection.execute(f"select count(*) from (from {table} limit 1)").fetchone() != (0,)
        }
    datasource = new_context().data_sources.add_duckdb(
        "work", connection_string=f"duckdb:///{copy}"
    )
    engine = datasource.get_execution_engine()
    assert isinstance(engine, DuckDBExecutionEngine)
    try:
        yield Bench(Session(datasource=datasource, engine=engine), frozenset(filled))
    finally:
        engine.close()
        datasource.get_engine().dispose()


def toothless(
    bench: Bench, suite: Suite, rule: Rule, mutation: Mutation, rows: Sequence[Mapping[str, str]]
) -> str | None:
    """Why a mutation does not show that its rule bites; None when it does.

    The rule must hold before, fail after by more rows than before and without an error, and its
    sample must name a changed row.

    Args:
        bench: everything done to it is rolled back.
        suite: of the rule's table.
        rule: the rule.
        mutation: what must trip it.
        rows: what is put into the rule's table first.
    """
    with bench.session.engine.get_connection() as connection:
        try:
            for row in rows:
                bench.run(_insert(suite.table, row))
            for statement in mutation.first:
                bench.run(statement)
            before = bench.check(suite, rule)
            changed = _apply(bench, suite, mutation)
            after = bench.check(suite, rule)
        finally:
            connection.rollback()
    if before.error or not before.passed:
        return f"the rule does not hold before: {before.error or before.sample}"
    if not changed and not mutation.names:
        return "the mutation changed no row"
    if after.error:
        return f"the rule could not be computed: {after.error}"
    if after.passed:
        return f"the rule holds although {mutation.change} changed {changed[:1]}"
    if not (after.unexpected_count or 0) > (before.unexpected_count or 0):
        return f"the rule counts {after.unexpected_count} rows, as before"
    if mutation.whole:
        return None
    sample, wanted = json.loads(after.sample), _wanted(suite, mutation, changed)
    if not any(_is_named(row, key) for row in sample for key in wanted):
        return f"the sample {sample[:3]} names none of {wanted[:3]}"
    return None


def _apply(bench: Bench, suite: Suite, mutation: Mutation) -> list[dict[str, Any]]:
    """Change the data; returns the changed rows as they stand then, a deleted one as it was."""
    table = mutation.table
    order = "order by all" if table != suite.table else f"order by {', '.join(suite.key)}, rowid"
    chosen = f"select rowid from {table} where {mutation.where} {order}"
    chosen = f"({chosen}{'' if mutation.every else ' limit 1'})"
    match mutation.change:
        case "set":
            values = ", ".join(f'"{name}" = {value}' for name, value in mutation.values.items())
            return bench.run(f"update {table} set {values} where rowid in {chosen} returning *")
        case "duplicate":
            return bench.run(
                f"insert into {table} from {table} where rowid in {chosen} returning *"
            )
        case "delete":
            return bench.run(f"delete from {table} where rowid in {chosen} returning *")
        case "insert":
            return [row for new in mutation.rows for row in bench.run(_insert(table, new))]
    for statement in mutation.statements:
        bench.run(statement)
    return []


def _insert(table: str, row: Mapping[str, str]) -> str:
    names = ", ".join(f'"{name}"' for name in row)
    return f"insert into {table} ({names}) values ({', '.join(row.values())}) returning *"


def _wanted(suite: Suite, mutation: Mutation, changed: Sequence[Row]) -> list[dict[str, str]]:
    """What a row of the sample may hold: one choice for each changed row."""
    names = mutation.names or {name: f"{{{name}}}" for name in suite.key}
    return [{name: text.format(**row) for name, text in names.items()} for row in changed or [{}]]


def _is_named(sample: Row, wanted: Row) -> bool:
    """Whether a row of a sample agrees with all that it shows of `wanted`, and shows some."""
    shown = sample.keys() & wanted.keys()
    return bool(shown) and all(str(sample[name]) == str(wanted[name]) for name in shown)
