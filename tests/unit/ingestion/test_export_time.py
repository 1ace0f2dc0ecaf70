"""When a file was exported, from its name or its time."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dagster_project.ingestion.export_time import export_time

ZONE = "Asia/Shanghai"
MODIFIED = datetime(2024, 6, 1, 4, 0, 0, tzinfo=UTC).timestamp()
MODIFIED_IN_THE_SHOP = datetime(2024, 6, 1, 12, 0, 0)


@pytest.mark.parametrize(
    ("relative", "expected"),
    [
        ("ExportOrderList201907011230.csv", datetime(2019, 7, 1, 12, 30)),
        ("ExportOrderList20190701123059.csv", datetime(2019, 7, 1, 12, 30, 59)),
        ("orders_export_2024-03-05.csv", datetime(2024, 3, 5)),
        ("orders 2024-03-05 18-30-10.xlsx", datetime(2024, 3, 5, 18, 30, 10)),
        ("订单2024年3月5日.csv", datetime(2024, 3, 5)),
        ("orders_20240301_20240305.csv", datetime(2024, 3, 5)),
        ("2024-03-05/orders.csv", datetime(2024, 3, 5)),
        ("2024-03-05/orders_2024-03-07.csv", datetime(2024, 3, 7)),
        ("orders.csv", MODIFIED_IN_THE_SHOP),
        ("orders_20241345.csv", MODIFIED_IN_THE_SHOP),  # no date: month 13
        ("20190312345678901.csv", MODIFIED_IN_THE_SHOP),  # an order number
        ("shop2024.csv", MODIFIED_IN_THE_SHOP),
        ("plan_2024-12-31.csv", MODIFIED_IN_THE_SHOP),  # a period that lies ahead
    ],
)
def test_export_time(relative: str, expected: datetime) -> None:
    assert export_time(relative, MODIFIED, ZONE) == expected
