"""Validating one table and reading the library's results.

Import this module only where a gate runs: it pulls in Great Expectations.

Figures and query rules need one query each. Row rules run twice at most: first all of them in
one aggregate query that only says pass or fail, then the failed ones again with counts and the
first failing keys, limited in SQL. No table is ever pulled into memory.
"""

from __future__ import annotations

import html
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from great_expectations.core import ExpectationSuite, ExpectationValidationResult
from great_expectations.expectations.expectation import Expectation
from great_expectations.validator.v1_validator import Validator

from dagster_project.quality.catalogue import QUERY_TYPE, ROW_TYPES
from dagster_project.quality.gx_duckdb import SAMPLE_ROWS
from dagster_project.quality.results import RuleResult
from dagster_project.quality.suites import Rule, Suite

_TEXT_LIMIT = 500

BuiltRule = tuple[Rule, Expectation]


class Session(Protocol):
    """Where the tables of a gate are read, by whatever engine."""

    def columns(self) -> dict[str, tuple[str, ...]]:
        """Return the columns of every table and view, by `schema.table` in lower case."""

    def row_count(self, table: str) -> int:
        """Return the rows of `schema.table`."""

    def validator(self, table: str) -> Validator:
        """Return what checks all rows of `schema.table`."""


@dataclass(frozen=True)
class TableOutcome:
    """One table's results: ours, and the library's own for its pages.

    `validations` stand in the order of `results` and hold no values of the checked columns.
    """

    suite: Suite
    results: tuple[RuleResult, ...]
    validations: tuple[ExpectationValidationResult, ...]


def validate_table(
    session: Session,
    suite: Suite,
    rules: Sequence[BuiltRule],
    columns: tuple[str, ...] | None,
) -> TableOutcome:
    """Check all rules of one suite; `columns` is None when the table does not exist."""
    obstacle = _obstacle(suite, columns)
    validations: dict[str, ExpectationValidationResult] = {}
    row_count: int | None = None
    if obstacle is None:
        try:
            row_count = session.row_count(suite.table)
            validations = _run(session, suite, rules)
        except Exception as error:  # whatever stops a table's checks is each rule's failure
            obstacle = f"{type(error).__name__}: {_error_text(str(error))}"
    results: list[RuleResult] = []
    kept: list[ExpectationValidationResult] = []
    for rule, expectation in rules:
        validation = validations.get(rule.name)
        error = obstacle if validation is None else _exception_text(validation)
        if validation is None and error is None:
            error = "Great Expectations returned no result for this rule"
        result = _read(suite, rule, validation, row_count, error, columns or ())
        results.append(result)
        kept.append(_for_pages(expectation, validation, result))
    return TableOutcome(suite=suite, results=tuple(results), validations=tuple(kept))


def _obstacle(suite: Suite, columns: tuple[str, ...] | None) -> str | None:
    if columns is None:
        return f"table {suite.table} does not exist in the work database"
    known = {name.lower() for name in columns}
    absent = [name for name in suite.key if name.lower() not in known]
    if absent:
        return f"key column {', '.join(absent)} is not in {suite.table}: correct the suite's key"
    return None


def _run(
    session: Session, suite: Suite, rules: Sequence[BuiltRule]
) -> dict[str, ExpectationValidationResult]:
    # The library keeps its reader per table: only the detail asked for changes between calls.
    validator = session.validator(suite.table)
    detailed = {
        "result_format": "SUMMARY",
        "partial_unexpected_count": SAMPLE_ROWS,
        "unexpected_index_column_names": list(suite.key),
        "exclude_unexpected_values": True,
        "return_unexpected_index_query": False,
    }

    def run(
        chosen: Iterable[BuiltRule], result_format: str | dict[str, Any]
    ) -> dict[str, ExpectationValidationResult]:
        expectations = [expectation for _, expectation in chosen]
        if not expectations:
            return {}
        validator.result_format = result_format
        batch = ExpectationSuite(name=suite.table, expectations=expectations)
        if len(batch.expectations) != len(expectations):
            raise RuntimeError(
                f"{len(expectations)} rules written, {len(batch.expectations)} taken over"
            )
        outcome = validator.validate_expectation_suite(batch)
        return {result.expectation_config.meta["rule"]: result for result in outcome.results}

    yes_or_no = [built for built in rules if _holds_for_every_row(built[0])]
    found = run(yes_or_no, "BOOLEAN_ONLY")
    broken = {
        name
        for name, result in found.items()
        if not result.success and _exception_text(result) is None
    }
    in_detail = [
        built
        for built in rules
        if built[0].name in broken
        or (built[0].type != QUERY_TYPE and not _holds_for_every_row(built[0]))
    ]
    found |= run(in_detail, detailed)
    found |= run([built for built in rules if built[0].type == QUERY_TYPE], "COMPLETE")
    return found


def _holds_for_every_row(rule: Rule) -> bool:
    """Whether passing means that no row breaks the rule, so that a count of 0 is known."""
    return rule.type in ROW_TYPES and rule.kwargs.get("mostly", 1) == 1


def _read(
    suite: Suite,
    rule: Rule,
    validation: ExpectationValidationResult | None,
    row_count: int | None,
    error: str | None,
    columns: tuple[str, ...],
) -> RuleResult:
    observed: str | None = None
    count: int | None = None
    share: float | None = None
    sample: list[dict[str, Any]] = []
    if validation is not None and error is None:
        found: Mapping[str, Any] = validation.result
        # The library's list of values would show a row rule's column, whatever it holds.
        observed = None if rule.type in ROW_TYPES else _observed(found)
        if rule.type == QUERY_TYPE:
            count = int(found["observed_value"])
            share = _query_share(count, row_count)
            sample = _query_sample(suite, columns, found["details"]["unexpected_rows"])
        elif rule.type in ROW_TYPES and found:
            count = int(found["unexpected_count"] or 0)
            share = (
                None if found["unexpected_percent"] is None else found["unexpected_percent"] / 100
            )
            sample = _key_sample(found.get("partial_unexpected_index_list") or [])
        elif rule.type in ROW_TYPES:
            count, share = 0, 0.0
    return RuleResult(
        table_name=suite.table,
        gate=suite.gate,
        rule=rule.name,
        kind=rule.kind,
        severity=rule.severity,
        owner=suite.owner,
        reason=rule.reason,
        passed=error is None and validation is not None and bool(validation.success),
        observed_value=observed,
        element_count=row_count,
        unexpected_count=count,
        unexpected_share=share,
        sample=_json(sample),
        error=error,
    )


def _json(sample: Sequence[Mapping[str, Any]]) -> str:
    """Write a sample so that every reader of JSON takes it: there is no NaN in JSON."""
    plain = [
        {
            name: str(value) if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in row.items()
        }
        for row in sample
    ]
    return json.dumps(plain, ensure_ascii=False, default=str)


def _observed(found: Mapping[str, Any]) -> str | None:
    """Return the figure a rule saw; rules on distinct values list the wrong or absent ones."""
    if found.get("observed_value") is not None:
        return _short(found["observed_value"])
    for listed in ("unexpected", "missing"):
        if values := found.get(f"partial_{listed}_list"):
            return _short(f"{listed}: {json.dumps(values, ensure_ascii=False, default=str)}")
    return None


def _query_share(count: int, row_count: int | None) -> float | None:
    if count == 0:
        return 0.0
    if not row_count or count > row_count:
        return None
    return count / row_count


def _query_sample(
    suite: Suite, columns: tuple[str, ...], rows: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Keep the key and what the query computes: other columns may hold personal data."""
    hidden = {name.lower() for name in columns} - {name.lower() for name in suite.key}
    return [
        {name: value for name, value in row.items() if name.lower() not in hidden}
        for row in rows[:SAMPLE_ROWS]
    ]


def _key_sample(index: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Turn the library's `[{column: [values]}]` into one object per failing row."""
    return [
        dict(zip(columns, values, strict=True))
        for columns in index
        for values in zip(*columns.values(), strict=True)
    ]


def _exception_text(validation: ExpectationValidationResult) -> str | None:
    """Return why a rule could not be computed; the library nests it by metric, or not."""
    info: Mapping[str, Any] = validation.exception_info or {}
    nested = [info] if "raised_exception" in info else list(info.values())
    raised = [entry for entry in nested if entry.get("raised_exception")]
    if not raised:
        return None
    # One failure is listed once for every metric that needed it.
    return " | ".join(
        dict.fromkeys(_error_text(str(entry["exception_message"])) for entry in raised)
    )


def _error_text(message: str) -> str:
    """Return what went wrong, without the query and without values of the data.

    Errors are stored and shown like samples, and DuckDB quotes the value it could not read.
    """
    text = re.split(r"\n\[SQL:|\n\(Background on", message, maxsplit=1)[0].strip()
    if re.search(r"(?:Conversion|Invalid Input|Out of Range) Error", text):
        text = re.sub(r"""['"].*['"]""", "'…'", text, flags=re.DOTALL)
    return text


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _TEXT_LIMIT else text[: _TEXT_LIMIT - 1] + "…"


def _for_pages(
    expectation: Expectation,
    validation: ExpectationValidationResult | None,
    result: RuleResult,
) -> ExpectationValidationResult:
    """Return what the pages show: no values of the data but the sample, and that as text."""
    found: dict[str, Any] = {}
    if result.observed_value is not None:
        found["observed_value"] = html.escape(result.observed_value)
    elif result.unexpected_count is not None:
        share = result.unexpected_share
        found = {
            "element_count": result.element_count,
            "unexpected_count": result.unexpected_count,
            "unexpected_percent": None if share is None else share * 100,
        }
    words = f"{result.severity}: {result.rule}. {result.reason}"
    if result.sample != "[]":
        words += f" First rows: {result.sample}"
    config = expectation.configuration
    # The library's pages know neither severity nor reason: both stand in place of its wording,
    # which its suite page keeps. The pages take every text for HTML.
    config.description = html.escape(words)
    return ExpectationValidationResult(
        success=result.passed,
        expectation_config=config,
        result=found,
        exception_info={
            "raised_exception": result.error is not None,
            "exception_message": result.error and html.escape(result.error),
            "exception_traceback": "",
        },
    )
