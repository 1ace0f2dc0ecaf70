"""The comparison of two engines sees what only one of them has: value, type, row, table."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from tests.spark.parity import Compared, compare

ORDERS = "select 'a' as id, 1.5::double as amount union all select 'b', 2.5"


def published(path: Path, **tables: str) -> Path:
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts")
        for name, query in tables.items():
            connection.execute(f"create table marts.{name} as {query}")
    return path


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (f"from ({ORDERS}) order by id desc", Compared("orders", (2, 2), ())),
        (
            ORDERS.replace("1.5", "1.5000000000000002"),
            Compared("orders", (2, 2), ("amount (1 values)",)),
        ),
        (
            ORDERS.replace("2.5", "1.5").replace("1.5::", "2.5::"),
            Compared("orders", (2, 2), ("the rows",)),
        ),
        (
            ORDERS.replace("double", "float"),
            Compared("orders", (2, 2), ("amount (DOUBLE, FLOAT)",)),
        ),
    ],
)
def test_compare(other: str, found: Compared, tmp_path: Path) -> None:
    first = published(tmp_path / "first.duckdb", orders=ORDERS)
    second = published(tmp_path / "second.duckdb", orders=other)
    assert compare(first, second) == [found]
    assert found.is_equal == (found.differs == ())


def test_a_table_or_a_row_of_one_engine_only(tmp_path: Path) -> None:
    first = published(tmp_path / "first.duckdb", orders=ORDERS, more="select 1 as a")
    second = published(tmp_path / "second.duckdb", orders=ORDERS.partition(" union")[0])
    more, orders = compare(first, second)
    assert (more.table, more.is_equal) == ("more", False)
    assert (orders.rows, orders.is_equal) == ((2, 1), False)
