"""Great Expectations on DuckDB: an engine, a data source and the metrics that need other SQL.

Import this module only where a gate runs: it pulls in Great Expectations, which costs seconds.

The library has no DuckDB source, and its plain SQL source is not safe here: it reads results
after it has closed the connection, and one comparison then passed on tables that differ.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import sqlalchemy as sa
from great_expectations.datasource.fluent import SQLDatasource
from great_expectations.execution_engine import SqlAlchemyExecutionEngine
from great_expectations.execution_engine.sqlalchemy_batch_data import SqlAlchemyBatchData
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnMapMetricProvider,
    column_condition_partial,
)
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.query_metric_provider import QueryMetricProvider
from great_expectations.validator.metric_configuration import MetricConfiguration
from great_expectations.validator.v1_validator import Validator

from dagster_project.quality.gx_context import new_context

SAMPLE_ROWS = 20


class DuckDBExecutionEngine(SqlAlchemyExecutionEngine):
    """Runs every query of a gate on one connection that stays open until `close`."""

    @contextmanager
    def get_connection(self) -> Iterator[sa.Connection]:
        """Give the one connection; results stay readable because it is not closed here."""
        if self._connection is None:
            self._connection = self.engine.connect()
        yield self._connection

    def execute_query(self, query: Any) -> sa.CursorResult[Any]:
        """Run a query; a failing one must not abort the transaction the next ones use."""
        with self.get_connection() as connection:
            try:
                return connection.execute(query)
            except Exception:
                connection.rollback()
                raise

    def close(self) -> None:
        """Close the connection and its pool, which releases the lock on the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self.engine.dispose()


class DuckDBDatasource(SQLDatasource):
    """Registers itself as `context.data_sources.add_duckdb`."""

    type: Literal["duckdb"] = "duckdb"

    @property
    def execution_engine_type(self) -> type[DuckDBExecutionEngine]:
        """The engine class that runs this source's queries."""
        return DuckDBExecutionEngine


class DuckDBMatchRegex(ColumnMapMetricProvider):
    """The library knows no regular expressions for this dialect."""

    condition_metric_name = "column_values.match_regex"
    condition_value_keys = ("regex",)

    @column_condition_partial(engine=DuckDBExecutionEngine)
    def _duckdb(  # called with the class by the decorator
        cls, column: sa.ColumnClause[str], regex: str, **_: Any
    ) -> sa.ColumnElement[bool]:
        return sa.func.regexp_matches(column, regex)


class DuckDBNotMatchRegex(ColumnMapMetricProvider):
    """The opposite of `DuckDBMatchRegex`."""

    condition_metric_name = "column_values.not_match_regex"
    condition_value_keys = ("regex",)

    @column_condition_partial(engine=DuckDBExecutionEngine)
    def _duckdb(  # called with the class by the decorator
        cls, column: sa.ColumnClause[str], regex: str, **_: Any
    ) -> sa.ColumnElement[bool]:
        return sa.not_(sa.func.regexp_matches(column, regex))


class DuckDBUnexpectedRowCount(QueryMetricProvider):
    """How many rows the query of an `unexpected_rows` rule returns, counted in SQL."""

    metric_name = "unexpected_rows_query.row_count"
    value_keys = ("unexpected_rows_query",)

    @metric_value(engine=DuckDBExecutionEngine)
    def _duckdb(  # called with the class by the decorator
        cls,
        execution_engine: DuckDBExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        **_: Any,
    ) -> int:
        query = _with_table_name(execution_engine, metric_domain_kwargs, metric_value_kwargs)
        counted = sa.text(f"select count(*) from (\n{query}\n) as unexpected")
        return int(execution_engine.execute_query(counted).scalar_one())


class DuckDBUnexpectedRows(QueryMetricProvider):
    """The first rows of a failing query, limited in SQL.

    The library runs the whole query a second time to fetch 200 rows, also when it has just
    counted none; here a rule that holds is one query, and a broken one fetches `SAMPLE_ROWS`.
    """

    metric_name = "unexpected_rows_query.table"
    value_keys = ("unexpected_rows_query",)

    @metric_value(engine=DuckDBExecutionEngine)
    def _duckdb(  # called with the class by the decorator
        cls,
        execution_engine: DuckDBExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],
        **_: Any,
    ) -> list[dict[str, Any]]:
        if metrics["unexpected_rows_query.row_count"] == 0:
            return []
        query = _with_table_name(execution_engine, metric_domain_kwargs, metric_value_kwargs)
        limited = sa.text(f"select * from (\n{query}\n) as unexpected limit {SAMPLE_ROWS}")
        return [row._asdict() for row in execution_engine.execute_query(limited)]

    @classmethod
    def _get_evaluation_dependencies(
        cls, metric: MetricConfiguration, *args: Any, **kwargs: Any
    ) -> dict[str, MetricConfiguration]:
        dependencies = super()._get_evaluation_dependencies(metric, *args, **kwargs)
        dependencies["unexpected_rows_query.row_count"] = MetricConfiguration(
            metric_name="unexpected_rows_query.row_count",
            metric_domain_kwargs=metric.metric_domain_kwargs,
            metric_value_kwargs=metric.metric_value_kwargs,
        )
        return dependencies


def _with_table_name(
    execution_engine: DuckDBExecutionEngine,
    metric_domain_kwargs: dict[str, Any],
    metric_value_kwargs: dict[str, Any],
) -> str:
    """Put the table's name where the query says `{batch}`.

    The library puts a subquery there that has a name of its own unless the query says JOIN, so
    that `from {batch} as o` is right in one rule and a syntax error in the next.
    """
    batch = execution_engine.batch_manager.batch_data_cache[metric_domain_kwargs["batch_id"]]
    assert isinstance(batch, SqlAlchemyBatchData)
    table = sa.table(batch.source_table_name, schema=batch.source_schema_name)
    name = execution_engine.dialect.identifier_preparer.format_table(table)
    return str(metric_value_kwargs["unexpected_rows_query"]).format(batch=name)


@dataclass(frozen=True)
class Session:
    """One ephemeral context on one read-only connection."""

    datasource: DuckDBDatasource
    engine: DuckDBExecutionEngine

    def columns(self) -> dict[str, tuple[str, ...]]:
        """Return the columns of every table and view, by `schema.table` in lower case."""
        rows = self.engine.execute_query(
            sa.text(
                "select lower(table_schema || '.' || table_name) as table_name,"
                " list(column_name order by ordinal_position) as columns"
                " from information_schema.columns where table_catalog = current_database()"
                " group by all"
            )
        )
        return {row.table_name: tuple(row.columns) for row in rows}

    def row_count(self, table: str) -> int:
        """Return the rows of `schema.table`."""
        schema, name = table.split(".")
        query = sa.select(sa.func.count()).select_from(sa.table(name, schema=schema))
        return int(self.engine.execute_query(query).scalar_one())

    def validator(self, table: str) -> Validator:
        """Return what checks all rows of `schema.table`."""
        schema, name = table.split(".")
        with warnings.catch_warnings():
            # The library would rather have the schema in the connection, where DuckDB has none.
            warnings.filterwarnings("ignore", "`schema_name` is deprecated", DeprecationWarning)
            # Without quotes of its own a name is put into the SQL bare, reserved word or not.
            asset = self.datasource.add_table_asset(
                table, table_name=f'"{name}"', schema_name=schema
            )
        return Validator(asset.add_batch_definition_whole_table("all rows"))


@contextmanager
def open_session(
    database: Path, config: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Session]:
    """Open `database` read-only for one gate; its lock is released on the way out.

    Args:
        database: the DuckDB file.
        config: settings that DuckDB is opened with.
    """
    datasource = new_context().data_sources.add_duckdb(
        "work",
        connection_string=f"duckdb:///{database}",
        kwargs={"connect_args": {"read_only": True, "config": dict(config)}},
    )
    engine = datasource.get_execution_engine()
    try:
        yield Session(datasource=datasource, engine=engine)
    finally:
        engine.close()
        datasource.get_engine().dispose()
