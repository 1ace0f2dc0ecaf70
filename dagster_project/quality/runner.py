"""Running the suites of one gate on the work database.

Great Expectations is imported inside `run_gate`: importing it costs seconds of CPU that no
other step should pay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project.quality.results import RuleResult
from dagster_project.quality.suites import GATES, Suite

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from dagster_project.quality.validation import Session, TableOutcome


def run_gate(
    database: Path,
    suites: Sequence[Suite],
    gate: str,
    run_id: str,
    checked_at: datetime,
    *,
    keep_in: Path | None = None,
    config: Mapping[str, str] | None = None,
    spark: SparkSession | None = None,
) -> list[RuleResult]:
    """Check every rule of `gate` and return one result per rule, in the order of the suites.

    A rule that cannot be computed (no such table or column, broken SQL) is a failed rule with
    its `error`. The database is opened read-only and its lock released before returning.

    Args:
        database: the DuckDB file; no other connection to it may be open, in this process either.
        suites: all suites; those of other gates are left out.
        gate: one of `suites.GATES`.
        run_id: names the run in the kept results.
        checked_at: shop-local time of the check, for the kept results.
        config: what DuckDB is opened with, such as `Settings.duckdb_config`.
        spark: checks the tables that it holds, instead of those of the database.
        keep_in: folder that receives `<gate>.json`, from which `data_docs.build` makes pages.

    Raises:
        ValueError: `gate` is unknown.
        SuiteError: a rule's `kwargs` are not accepted; nothing has been checked then.
        FileNotFoundError: there is no database.
    """
    if gate not in GATES:
        raise ValueError(f"gate {gate!r} is none of {', '.join(GATES)}")
    if not database.is_file():
        raise FileNotFoundError(f"no work database at {database}")
    chosen = [suite for suite in suites if suite.gate == gate]

    from dagster_project.quality import kept, validation
    from dagster_project.quality.expectations import build_suite

    # All of them first: a mistake in the last suite must not show after minutes of checking.
    built = [(suite, build_suite(suite)) for suite in chosen]
    with _open(database, config or {}, spark) as session:
        columns = session.columns()
        outcomes: list[TableOutcome] = [
            validation.validate_table(session, suite, rules, columns.get(suite.table.lower()))
            for suite, rules in built
        ]
    if keep_in is not None:
        kept.write(keep_in / f"{gate}.json", gate, run_id, checked_at, outcomes)
    return [result for outcome in outcomes for result in outcome.results]


def _open(
    database: Path, config: Mapping[str, str], spark: SparkSession | None
) -> AbstractContextManager[Session]:
    if spark is not None:
        from dagster_project.quality.gx_spark import open_spark_session

        return nullcontext(open_spark_session(spark))
    from dagster_project.quality.gx_duckdb import open_session

    return open_session(database, config)
