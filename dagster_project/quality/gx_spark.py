"""Great Expectations on Spark: the same rules on tables that a cluster holds.

Import this module only where a gate runs: it pulls in Great Expectations and Spark.
"""

from __future__ import annotations

from dataclasses import dataclass

from great_expectations.datasource.fluent import SparkDatasource
from great_expectations.validator.v1_validator import Validator
from pyspark.sql import SparkSession

from dagster_project.quality.gx_context import new_context


@dataclass(frozen=True)
class SparkGateSession:
    """One ephemeral context on Spark's tables."""

    datasource: SparkDatasource
    spark: SparkSession

    def columns(self) -> dict[str, tuple[str, ...]]:
        """Return the columns of every table and view, by `schema.table` in lower case."""
        found = {}
        for (schema,) in self.spark.sql("show databases").collect():
            for table in self.spark.catalog.listTables(schema):
                if not table.isTemporary:
                    name = f"{schema}.{table.name}".lower()
                    found[name] = tuple(self.spark.table(name).columns)
        return found

    def row_count(self, table: str) -> int:
        """Return the rows of `schema.table`."""
        return self.spark.table(table).count()

    def validator(self, table: str) -> Validator:
        """Return what checks all rows of `schema.table`."""
        asset = self.datasource.add_dataframe_asset(table)
        return Validator(
            asset.add_batch_definition_whole_dataframe("all rows"),
            batch_parameters={"dataframe": self.spark.table(table)},
        )


def open_spark_session(spark: SparkSession) -> SparkGateSession:
    """A session of a gate; it opens nothing that has to be closed."""
    # A table that a rule reads once need not be kept in memory.
    datasource = new_context().data_sources.add_spark("work", persist=False)
    return SparkGateSession(datasource, spark)
