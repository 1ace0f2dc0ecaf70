"""What two warehouses must have in common: row count and content of every published table."""

from __future__ import annotations

import duckdb

# What a run writes about itself; everything else must be the same whenever it is run.
RUN_LOG_COLUMNS = {"ingested_files": {"exported_at", "loaded_at"}, "mart_status": {"built_at"}}
RUN_LOG_TABLES = {"quality_results"}

# Rows and content.
TableHash = tuple[int, int | None]


def table_hash(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    relation: str | None = None,
) -> TableHash:
    """Row count and content hash of a table, whatever the order of its rows.

    Args:
        connection: where it can be read.
        table: its published name.
        relation: where it is read from, such as a Parquet file; default: the table.
    """
    relation = relation or table
    columns = [
        name
        for name, *_ in connection.execute(f"describe select * from {relation}").fetchall()
        if name not in RUN_LOG_COLUMNS.get(table, set())
    ]
    row = connection.execute(
        "select count(*), bit_xor(md5_number(to_json(r)::varchar)) "
        f"from (select {', '.join(columns)} from {relation}) as r"
    ).fetchone()
    assert row is not None
    return row[0], row[1]


def table_hashes(connection: duckdb.DuckDBPyConnection) -> dict[str, TableHash]:
    """`table_hash` of every table of the default schema, but for logs of runs."""
    names = [name for (name,) in connection.execute("show tables").fetchall()]
    return {name: table_hash(connection, name) for name in names if name not in RUN_LOG_TABLES}
