"""What a gate hands on: one result per rule."""

from __future__ import annotations

import json
from dataclasses import dataclass

# A key may hold what a shop wrote, of any length.
LONGEST_VALUE = 60


@dataclass(frozen=True)
class RuleResult:
    """The outcome of one rule in one run.

    Attributes:
        table_name: `schema.table`.
        gate, rule, kind, severity, owner, reason: as written in the suite.
        passed: False also when the rule could not be computed (see `error`).
        observed_value: the figure a table or column rule saw, or the number of rows a query
            rule returned, as text of at most 500 characters; None for row rules.
        element_count: rows of the table; None when it could not be read.
        unexpected_count: rows that break the rule (row rules) or rows the query returned; None
            for rules on one figure and for rules that could not be computed.
        unexpected_share: `unexpected_count` over the rows looked at, 0–1. Row rules other than
            missing-value rules do not look at NULLs. None where a share has no meaning, as when
            a query returns more rows than the table has.
        sample: JSON list of at most 20 objects naming failing rows: the suite's key columns, and
            for query rules also what the query computes. No other column of the table.
        error: why the rule could not be computed, None when it could.
    """

    table_name: str
    gate: str
    rule: str
    kind: str
    severity: str
    owner: str
    reason: str
    passed: bool
    observed_value: str | None
    element_count: int | None
    unexpected_count: int | None
    unexpected_share: float | None
    sample: str
    error: str | None


def row_names(sample: str, limit: int) -> tuple[str, ...]:
    """The first failing rows of a sample, each as `column=value, column=value`.

    Args:
        sample: as in `RuleResult.sample`.
        limit: so many rows at most.
    """
    rows = json.loads(sample)[:limit]
    return tuple(
        ", ".join(f"{name}={str(value)[:LONGEST_VALUE]}" for name, value in row.items())
        for row in rows
    )


def named_rows(sample: str, limit: int = 3) -> str:
    """`row_names` in one line, with a `…` for the other rows of the sample; empty without rows."""
    names = row_names(sample, limit + 1)
    return "; ".join([*names[:limit], "…"] if len(names) > limit else names)
