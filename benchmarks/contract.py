"""What every implementation of the night must publish, and how two results are compared.

A result is a folder with one Parquet file (or folder of Parquet files) per table. Tables may have
more columns than are named here; these must be equal. A fingerprint is the number of rows and the
sum of the rows' hashes, so the order of rows does not matter and a row that stands twice counts
twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

# How a value is written before it is hashed: exact decimals, doubles to six places, the rest as is.
_FORMS = {
    "text": "cast({c} as varchar)",
    "whole": "cast(cast({c} as bigint) as varchar)",
    # Half a cent goes up as in the warehouse, also where a double lies a hair below it.
    "money": "cast(cast(cast({c} as decimal(28, 9)) as decimal(18, 2)) as varchar)",
    "price": "cast(cast(round(cast({c} as double), 4) as decimal(18, 4)) as varchar)",
    "double": "cast(cast(round(cast({c} as double), 6) as decimal(18, 6)) as varchar)",
    "date": "cast(cast({c} as date) as varchar)",
    "moment": "cast(cast({c} as timestamp) as varchar)",
    "truth": "cast(cast({c} as boolean) as varchar)",
}

# Table → column → kind of its values.
TABLES: dict[str, dict[str, str]] = {
    "row_dispositions": {
        "order_id": "text",
        "line_id": "text",
        "disposition": "text",
        "amount": "money",
    },
    "fct_orders": {
        "order_id": "text",
        "shop": "text",
        "customer_id": "text",
        "ordered_at": "moment",
        "order_date": "date",
        "status": "text",
        "is_purchase": "truth",
        "purchase_number": "whole",
        "gross_amount": "money",
        "discount_amount": "money",
        "freight_amount": "money",
        "paid_amount": "money",
        "refunded_amount": "money",
        "net_amount": "money",
        "item_count": "whole",
        "is_outlier": "truth",
    },
    "fct_order_items": {
        "order_item_id": "text",
        "order_id": "text",
        "line_number": "whole",
        "product_id": "text",
        "quantity": "price",
        "unit_price": "price",
        "gross_amount": "money",
        "discount_amount": "money",
        "net_amount": "money",
        "is_outlier": "truth",
    },
    "dim_products": {
        "product_id": "text",
        "title": "text",
        "category": "text",
        "list_price": "money",
    },
    "dim_customers": {
        "customer_id": "text",
        "first_order_at": "moment",
        "first_purchase_at": "moment",
        "last_purchase_at": "moment",
    },
    "customer_rfm": {
        "as_of_date": "date",
        "customer_id": "text",
        "recency_days": "whole",
        "frequency": "whole",
        "monetary": "money",
        "r_score": "whole",
        "f_score": "whole",
        "m_score": "whole",
        "rfm_score": "text",
        "segment": "text",
        "value_class": "text",
        "frequency_class": "text",
        "average_order_value": "money",
    },
    "customer_lifecycle": {
        "as_of_date": "date",
        "customer_id": "text",
        "state": "text",
        "state_since": "date",
        "previous_state": "text",
        "purchases": "whole",
        "first_purchase_date": "date",
        "last_purchase_date": "date",
        "days_since_last_purchase": "whole",
        "median_interval_days": "double",
        "cycle_state": "text",
    },
    "customer_value_quadrant": {
        "as_of_date": "date",
        "customer_id": "text",
        "monetary": "money",
        "frequency": "whole",
        "amount_threshold": "double",
        "frequency_threshold": "double",
        "amount_level": "text",
        "frequency_level": "text",
        "quadrant": "text",
    },
    "customer_tags": {"customer_id": "text", "tag_code": "text", "tag_value": "text"},
}

TAGS_TABLE = "customer_tags"
# The warehouse has many more tags; these are everybody's part of the work.
TAG_CODES = ("rfm_segment", "value_class", "frequency_class", "value_quadrant", "lifecycle_state")

# The warehouse's own tables say some of it in other words; they are known by a column.
_WAREHOUSE_COLUMNS = {"row_dispositions": "raw", TAGS_TABLE: "rule_version"}
_WAREHOUSE_ROWS = {
    "row_dispositions": "(select *, json_extract_string(raw, 'source_order_id') as order_id, "
    "json_extract_string(raw, 'line_id') as line_id from {rows})",
    TAGS_TABLE: "(select * from {rows} where tag_code in " + repr(TAG_CODES) + ")",
}


@dataclass(frozen=True)
class Fingerprint:
    """Rows of a table, and the sum of their hashes."""

    rows: int
    content: str


def fingerprints(folder: Path) -> dict[str, Fingerprint]:
    """The fingerprint of each table that stands in `folder`.

    Raises:
        ValueError: a table has no rows; equal nothing proves nothing.
        duckdb.Error: a file lacks a column of the contract.
    """
    found = {}
    with duckdb.connect() as connection:
        for table, columns in TABLES.items():
            files = _files(folder, table)
            if not files:
                continue
            rows = f"read_parquet('{files}')"
            names = {row[0] for row in connection.sql(f"describe from {rows}").fetchall()}
            if _WAREHOUSE_COLUMNS.get(table, "") in names:
                rows = _WAREHOUSE_ROWS[table].format(rows=rows)
            found[table] = _fingerprint(connection, table, rows, columns)
    return found


def _files(folder: Path, table: str) -> Path | None:
    if (folder / f"{table}.parquet").is_dir():
        return folder / f"{table}.parquet" / "*.parquet"
    return folder / f"{table}.parquet" if (folder / f"{table}.parquet").is_file() else None


def _fingerprint(
    connection: duckdb.DuckDBPyConnection, table: str, rows: str, columns: dict[str, str]
) -> Fingerprint:
    texts = ", ".join(
        f"coalesce({_FORMS[kind].format(c=name)}, '∅')" for name, kind in columns.items()
    )
    result = connection.sql(
        f"select count(*), sum(cast(md5_number_lower(concat_ws(chr(31), {texts})) as hugeint) "
        f"% 1152921504606846976) from {rows}"
    ).fetchone()
    if result is None or not result[0]:
        raise ValueError(f"{table} has no rows")
    return Fingerprint(int(result[0]), str(result[1]))


def differences(
    expected: dict[str, Fingerprint], found: dict[str, Fingerprint], tables: frozenset[str]
) -> list[str]:
    """Which of `tables` differ or are missing; empty when all are equal."""
    return [
        f"{table}: expected {expected.get(table)}, found {found.get(table)}"
        for table in sorted(tables)
        if expected.get(table) is None or expected.get(table) != found.get(table)
    ]
