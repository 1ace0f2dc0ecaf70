"""Turning the rules of a suite into Great Expectations objects.

Import this module only where a gate runs: it pulls in Great Expectations.
"""

from __future__ import annotations

from great_expectations.compatibility import pydantic
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.registry import get_expectation_impl

from dagster_project.quality.catalogue import QUERY_TYPE
from dagster_project.quality.suites import Rule, Suite, SuiteError


def build_suite(suite: Suite) -> tuple[tuple[Rule, Expectation], ...]:
    """Pair every rule with its expectation, checking `kwargs` against the library's model.

    Raises:
        SuiteError: an argument is unknown, missing or of the wrong type.
    """
    return tuple((rule, _build(suite, rule)) for rule in suite.rules)


def _build(suite: Suite, rule: Rule) -> Expectation:
    where = f"{suite.path}: rule {rule.name!r}"
    query = rule.kwargs.get("unexpected_rows_query")
    if rule.type == QUERY_TYPE and "{batch}" not in str(query):
        # The library only prints a line about it and then checks whatever the query reads.
        raise SuiteError(f"{where}: the query must read {{batch}}, the table of the suite")
    try:
        return get_expectation_impl(rule.type)(
            **rule.kwargs,
            severity=rule.severity,
            # Results come back in another order: they are matched by this name.
            meta={"rule": rule.name},
        )
    except (pydantic.ValidationError, TypeError, ValueError) as error:
        raise SuiteError(f"{where}: kwargs not accepted: {error}") from error
