"""A warehouse of its own for each test, and small helpers to drop files and read tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from dagster_project.ingestion.loader import LoadReport, load_files
from dagster_project.settings import Settings

ORDER_HEADER = [
    "订单编号",
    "买家会员名",
    "总金额",
    "订单状态",
    "收货地址 ",
    "订单创建时间",
    "订单备注",
]
ORDER_ROWS = [
    ["1001", "小明", "86.5", "交易成功", "浙江省 杭州市 文一路(310000)", "2019-03-11 10:05:06", ""],
    ["1002", "阿𠮷", "¥1,299.00", "等待付款", "上海 上海市", "2019-03-12 00:00:00", "刷单"],
]  # fmt: skip


@dataclass(frozen=True)
class Warehouse:
    """Settings with the few things tests do to a warehouse."""

    settings: Settings

    @property
    def landing(self) -> Path:
        return self.settings.landing_dir

    def drop(self, name: str, content: bytes) -> Path:
        path = self.landing / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def drop_orders(self, name: str = "orders.csv", rows: Sequence[Sequence[str]] = ORDER_ROWS):
        return self.drop(name, csv_bytes(ORDER_HEADER, rows))

    def load(self, **options: object) -> LoadReport:
        return load_files(self.settings, **options)  # type: ignore[arg-type]

    def query(self, sql: str) -> list[tuple]:
        with duckdb.connect(str(self.settings.work_db), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def contents(self) -> dict[str, list[tuple]]:
        """Every raw table, to compare before and after."""
        names = self.query(
            "select table_name from duckdb_tables() where schema_name = 'raw' order by 1"
        )
        return {name: self.query(f"select * from raw.{name} order by all") for (name,) in names}


def csv_bytes(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    encoding: str = "utf-8",
    delimiter: str = ",",
) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue().encode(encoding)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    settings = Settings.from_env({"WAREHOUSE_DIR": str(tmp_path / "warehouse")})
    settings.create_folders()
    return Warehouse(settings)
