"""Each file that cannot be read is moved aside with a reason, and stops nothing else."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from dagster_project.ingestion import inspect, readers
from dagster_project.ingestion.inspect import inspect_landing
from dagster_project.ingestion.loader import refuse_unreadable

from .conftest import ORDER_HEADER, ORDER_ROWS, Warehouse, csv_bytes
from .test_loading import parquet_bytes, xlsx_bytes


def zip_bytes(entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


BAD = b"\xff\xff"


def broken_tail(content: bytes) -> bytes:
    """Valid for more than the first megabyte, then a byte that is no UTF-8."""
    filler = ",".join(ORDER_ROWS[0]).encode() + b"\n"
    return content + filler * 12_000 + b"9," + BAD + b",1,a,b,2019-03-11,\n"


WORKBOOK = xlsx_bytes(("a", [ORDER_HEADER, *ORDER_ROWS]))
ORDERS = csv_bytes(ORDER_HEADER, ORDER_ROWS)
LATE = broken_tail(ORDERS)
ENCRYPTED = bytes.fromhex("D0CF11E0A1B11AE1") + b"\0" * 600
WIDE = csv_bytes([f"c{i}" for i in range(2_001)], [])
UNKNOWN = csv_bytes(["订单编号", "总金额", "x"], [["1", "2", "3"]])
CASES = [
    ("unknown.csv", UNKNOWN, "unknown_header", ["taobao_orders", "订单创建时间", "表头无法识别"]),
    ("nothing.csv", b"a,b\n1,2\n", "unknown_header", ["a, b", "mapping.yml"]),
    ("empty.csv", b"", "empty_file", ["0 bytes", "0 字节"]),
    ("blank.csv", b"  \n \n", "empty_file", ["no header"]),
    ("encoding.csv", ORDERS[:-20] + b"\xff\xff\xff\n", "broken_encoding", ["byte"]),
    ("late.csv", LATE, "broken_encoding", [f"byte {LATE.index(BAD) + 1} "]),
    ("password.xlsx", ENCRYPTED, "password_protected", ["密码"]),
    ("nozip.xlsx", b"<html>login</html>", "not_a_workbook", ["no workbook"]),
    ("other.xlsx", zip_bytes({"a.txt": b"x"}), "not_a_workbook", []),
    ("cut.xlsx", WORKBOOK[: len(WORKBOOK) // 2], "not_a_workbook", []),
    ("bomb.xlsx", zip_bytes({"xl/workbook.xml": b"0" * (70 << 20)}), "zip_bomb", ["70 MB"]),
    ("wide.csv", WIDE, "too_many_columns", ["2001", "2000"]),
    ("long.csv", b"a," * 600_000, "header_too_long", []),
    ("broken.jsonl", b'{"Invoice": 1}\n{"Invoice": \n', "broken_json", ["JSON"]),
    ("list.json", b"[1, 2]", "not_a_record", ["Record 1"]),
    ("utf16.json", '{"a": 1}'.encode("utf-16"), "json_encoding", ["UTF-8"]),
    ("paper.pdf", b"%PDF-1.7", "unsupported_ending", [".pdf", "xlsx or CSV"]),
    ("old.xls", b"\xd0\xcf\x11\xe0", "unsupported_ending", [".xls", "CSV"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "content", "code", "named"), CASES, ids=[c[0] for c in CASES])
def test_refused_with_a_reason(warehouse, name, content, code, named):
    warehouse.drop_orders("good.csv")
    path = warehouse.drop(f"shop/{name}", content)
    report = warehouse.load()
    assert [file.refusal.code for file in report.refused] == [code]
    assert [file.relative for file in report.loaded] == ["good.csv"]
    assert not path.exists()
    moved = warehouse.settings.refused_dir / "shop" / name
    assert moved.read_bytes() == content
    reason = moved.with_name(f"{name}.reason.txt").read_text("utf-8-sig")
    for text in (f"shop/{name}", *named):
        assert text in reason
    assert warehouse.query(
        "select source_file, rows from raw.ingested_files where status = 'refused'"
    ) == [(f"shop/{name}", 0)]
    kept = [path for path in warehouse.settings.raw_dir.rglob("*") if path.is_file()]
    assert len(kept) == 1  # a refused file is not among the accepted ones


def test_what_a_file_says_stands_beside_it_and_nowhere_else(warehouse: Warehouse):
    """A header is missing, so the first row of customers stands in its place."""
    row = "1001,张三,13711112222,zhang@mail.cn"
    lines = f"{row}\n1002,李四,13722223333,li@mail.cn\n"
    warehouse.drop("shop/nohead.csv", lines.encode())
    warehouse.drop("mine/nohead.csv", lines.encode() + b"1003,,,\n")
    warehouse.drop(
        "mine/mapping.yml",
        b"entity: orders\ncolumns: {order_id: a, ordered_at: b, gross_amount: c}",
    )
    warehouse.drop("shop/broken.jsonl", b'{"Invoice": 1}\n{"Invoice": 13711112222 zhang@mail.cn')
    template = "order_id,ordered_at,gross_amount,13711112222,zhang@mail.cn\n1,2,3,4,5\n"
    warehouse.drop("shop/template.csv", template.encode())
    refused = warehouse.load().refused
    assert {one.refusal.code for one in refused} == {
        "unknown_header", "wrong_mapping", "broken_json", "unfinished_template"
    }  # fmt: skip
    messages = warehouse.query("select message from raw.ingested_files where status = 'refused'")
    assert len(messages) == 4
    for (message,) in messages:
        assert "…" in message
        for text in ("张三", "13711112222", "zhang@mail.cn"):
            assert text not in message
    for name in ("shop/nohead.csv", "mine/nohead.csv"):
        reason = warehouse.settings.refused_dir / f"{name}.reason.txt"
        assert row.replace(",", ", ") in reason.read_text("utf-8-sig")


def test_truncated_parquet(warehouse: Warehouse, tmp_path: Path):
    content = parquet_bytes(tmp_path)
    warehouse.drop("cut.parquet", content[: len(content) // 2])
    assert [file.refusal.code for file in warehouse.load().refused] == ["broken_parquet"]


def test_refused_again_without_growing_the_ledger(warehouse: Warehouse):
    for name in ("a.csv", "b.csv", "a.csv"):
        warehouse.drop(name, b"a,b\n1,2\n")
        assert len(warehouse.load().refused) == 1
    assert warehouse.query("select count(*) from raw.ingested_files") == [(1,)]


def test_a_changed_file_that_cannot_be_read_keeps_the_earlier_rows(warehouse: Warehouse):
    warehouse.drop_orders()
    warehouse.load()
    warehouse.drop("orders.csv", b"")
    assert len(warehouse.load().refused) == 1
    assert warehouse.query("select count(*) from raw.taobao_orders") == [(2,)]


def test_a_missing_extension_is_our_fault_not_the_files(monkeypatch):
    monkeypatch.setattr(readers, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match="duckdb-extension-excel"):
        readers.excel_extension()


def test_a_file_mended_after_the_plan_is_not_refused(warehouse: Warehouse):
    warehouse.drop("orders.csv", b"")
    plan = inspect_landing(warehouse.settings)
    warehouse.drop_orders()
    assert refuse_unreadable(warehouse.settings, plan).refused == ()
    assert len(warehouse.load().loaded) == 1


def test_a_file_that_may_not_be_opened_stops_nothing(warehouse: Warehouse, monkeypatch):
    locked = warehouse.drop_orders("locked.csv", [])
    warehouse.drop_orders("good.csv")
    hash_file = inspect.hash_file

    def refuse_locked(path: Path) -> tuple[str, int]:
        if path == locked:
            raise PermissionError(path)
        return hash_file(path)

    monkeypatch.setattr(inspect, "hash_file", refuse_locked)
    report = warehouse.load()
    assert [file.refusal.code for file in report.refused] == ["not_allowed"]
    assert [file.relative for file in report.loaded] == ["good.csv"]
