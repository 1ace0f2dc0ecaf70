"""What a load leaves and replaces when files stay, move, change, vanish, or it is interrupted."""

from __future__ import annotations

import hashlib

import duckdb
import pytest

from dagster_project.ingestion import formats, inspect, ledger, loader, tables
from dagster_project.ingestion.inspect import LandingError, inspect_landing
from dagster_project.ingestion.loader import forget, load_files, load_source, refuse_unreadable

from .conftest import ORDER_ROWS, Warehouse

pytestmark = pytest.mark.engine

STATUSES = "select source_file, status, rows from raw.ingested_files order by file_id"


def test_loading_twice_changes_nothing(warehouse: Warehouse):
    warehouse.drop_orders()
    warehouse.load()
    before = warehouse.contents()
    report = warehouse.load()
    assert [file.relative for file in report.skipped] == ["orders.csv"]
    assert warehouse.contents() == before


def test_renaming_changes_nothing(warehouse: Warehouse):
    path = warehouse.drop_orders()
    warehouse.load()
    before = warehouse.contents()
    path.rename(path.with_name("renamed.csv"))
    assert len(warehouse.load().skipped) == 1
    assert warehouse.contents() == before


def test_one_content_under_two_names_loads_once(warehouse: Warehouse):
    warehouse.drop_orders("a.csv")
    warehouse.drop_orders("b.csv")
    report = warehouse.load()
    assert [file.relative for file in report.loaded] == ["a.csv"]
    assert [file.relative for file in report.skipped] == ["b.csv"]
    assert warehouse.query(STATUSES) == [("a.csv", "loaded", 2)]


def test_a_changed_file_replaces_its_rows(warehouse: Warehouse):
    warehouse.drop_orders()
    warehouse.load()
    warehouse.drop_orders(rows=[["2001", *ORDER_ROWS[0][1:]]])
    report = warehouse.load()
    assert report.loaded[0].replaced
    assert warehouse.query("select order_id from raw.taobao_orders") == [("2001",)]
    assert warehouse.query("select count(*) from raw.taobao_orders_personal") == [(1,)]
    assert warehouse.query(STATUSES) == [("orders.csv", "replaced", 2), ("orders.csv", "loaded", 1)]
    warehouse.drop_orders()
    warehouse.load()
    assert warehouse.query("select order_id from raw.taobao_orders order by 1") == [
        ("1001",), ("1002",)
    ]  # fmt: skip


def test_a_new_file_under_the_name_of_a_renamed_one_replaces_nothing(warehouse: Warehouse):
    path = warehouse.drop_orders()
    warehouse.load()
    path.rename(path.with_name("january.csv"))
    warehouse.drop_orders(rows=[["2001", *ORDER_ROWS[0][1:]]])
    warehouse.load()
    assert warehouse.query("select count(*) from raw.taobao_orders") == [(3,)]


def test_a_removed_file_stays_until_it_is_forgotten(warehouse: Warehouse):
    path = warehouse.drop_orders("sub/orders.csv")
    warehouse.load()
    path.unlink()
    warehouse.load()
    assert warehouse.query("select count(*) from raw.taobao_orders") == [(2,)]
    assert forget(warehouse.settings, "sub/orders.csv") == 1
    assert forget(warehouse.settings, "sub/orders.csv") == 0
    for table in ("taobao_orders", "taobao_orders_personal", "unreadable_rows"):
        assert warehouse.query(f"select count(*) from raw.{table}") == [(0,)]
    assert warehouse.query(STATUSES) == [("sub/orders.csv", "forgotten", 2)]
    assert [path for path in warehouse.settings.raw_dir.rglob("*") if path.is_file()] == []


def test_an_interrupted_load_leaves_the_file_whole_or_not_at_all(warehouse, monkeypatch):
    warehouse.drop_orders()
    warehouse.load()
    before = warehouse.contents()
    warehouse.drop_orders(rows=[["2001", *ORDER_ROWS[0][1:]]])
    monkeypatch.setattr(ledger, "insert", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        warehouse.load()
    assert warehouse.contents() == before
    monkeypatch.undo()
    (warehouse.settings.work_dir / "load_0.utf8").write_bytes(b"left by a killed load")
    warehouse.load()
    assert warehouse.query("select order_id from raw.taobao_orders") == [("2001",)]
    assert [path.name for path in warehouse.settings.work_dir.iterdir()] == ["warehouse.duckdb"]


def test_the_raw_copy_is_the_file(warehouse: Warehouse):
    content = warehouse.drop_orders().read_bytes()
    warehouse.load()
    digest = hashlib.sha256(content).hexdigest()
    copy = warehouse.settings.raw_dir / digest[:2] / f"{digest}.csv"
    assert copy.read_bytes() == content
    assert warehouse.query("select sha256, bytes from raw.ingested_files") == [
        (digest, len(content))
    ]


def changed_formats(monkeypatch, old: str, new: str) -> None:
    """Let every module see the orders format with one text replaced."""
    source = formats.files(formats.__name__).joinpath("taobao_orders.yml").read_text("utf-8")
    assert old in source
    changed = formats.parse_format(source.replace(old, new), "taobao_orders.yml")
    others = tuple(f for f in formats.load_formats() if f.name != changed.name)
    for module in (formats, inspect, tables):
        monkeypatch.setattr(module, "load_formats", lambda: (*others, changed))


@pytest.mark.parametrize("removed", [False, True])
def test_a_changed_format_reads_its_files_again(warehouse, monkeypatch, removed):
    path = warehouse.drop_orders()
    warehouse.load()
    if removed:
        path.unlink()
    changed_formats(
        monkeypatch,
        "status_text: {headers: [订单状态], kind: status}",
        "status_text: {headers: [订单状态], kind: status}\n"
        "  note: {headers: [订单备注], kind: text}",
    )
    report = warehouse.load()
    assert [file.replaced for file in report.loaded] == [True]
    assert warehouse.query("select note from raw.taobao_orders order by order_id") == [
        (None,), ("刷单",)
    ]  # fmt: skip
    assert warehouse.query(STATUSES) == [("orders.csv", "replaced", 2), ("orders.csv", "loaded", 2)]
    assert warehouse.load().loaded == ()


def test_sources_of_one_plan_share_a_batch(warehouse: Warehouse):
    warehouse.drop_orders("b.csv")
    warehouse.drop("a.csv", b"Invoice,StockCode,Quantity,InvoiceDate,Price\n1,S,1,2011-01-01,2\n")
    warehouse.drop("c.pdf", b"%PDF")
    plan = inspect_landing(warehouse.settings)
    assert plan.sources == ("online_retail", "taobao")
    refused = refuse_unreadable(warehouse.settings, plan)
    assert [file.relative for file in refused.refused] == ["c.pdf"]
    assert len(load_source(warehouse.settings, plan, "taobao").loaded) == 1
    assert warehouse.query("select count(*) from raw.online_retail") == [(0,)]
    report = load_source(warehouse.settings, plan, "online_retail")
    assert (report.rows, report.refused) == (1, ())
    ids = "select file_id, batch_id, source_file from raw.ingested_files order by 1"
    assert warehouse.query(ids) == [
        (1, 1, "a.csv"), (2, 1, "b.csv"), (3, 1, "c.pdf")
    ]  # fmt: skip
    assert inspect_landing(warehouse.settings).batch_id == 2


def test_inspecting_writes_nothing(warehouse: Warehouse):
    warehouse.drop_orders()
    warehouse.drop("x.pdf", b"%PDF")
    plan = inspect_landing(warehouse.settings)
    assert [file.relative for file in plan.refused] == ["x.pdf"]
    assert not warehouse.settings.work_db.exists()
    assert (warehouse.landing / "x.pdf").exists()


def test_a_file_that_changes_after_it_was_planned_waits(warehouse: Warehouse):
    warehouse.drop_orders()
    plan = inspect_landing(warehouse.settings)
    warehouse.drop_orders(rows=[])
    report = load_files(warehouse.settings, plan)
    assert "changed while it was read" in report.skipped[0].reason


def test_a_missing_landing_folder_is_said_clearly(warehouse: Warehouse):
    warehouse.landing.rmdir()
    with pytest.raises(LandingError, match=r"landing folder .* does not exist"):
        warehouse.load()


def test_progress_names_the_file(warehouse: Warehouse):
    warehouse.drop_orders()
    lines: list[str] = []
    warehouse.load(on_progress=lines.append)
    assert len(lines) == 2 and all("orders.csv" in line for line in lines)


def test_tables_are_created_once_and_keep_rows(warehouse: Warehouse):
    warehouse.drop_orders()
    warehouse.load()
    before = warehouse.contents()
    with duckdb.connect(str(warehouse.settings.work_db)) as connection:
        loader.ensure_tables(connection)
    assert warehouse.contents() == before


def test_a_file_overwritten_with_loaded_content_gives_its_rows_up(warehouse: Warehouse):
    warehouse.drop_orders("a.csv")
    other = [["2001", *ORDER_ROWS[0][1:]]]
    warehouse.drop_orders("b.csv", other)
    warehouse.load()
    warehouse.drop_orders("a.csv", other)
    assert warehouse.load().loaded == ()
    assert warehouse.query("select order_id from raw.taobao_orders") == [("2001",)]
    assert warehouse.query(STATUSES) == [("a.csv", "replaced", 2), ("b.csv", "loaded", 1)]


def test_a_changed_file_that_breaks_while_it_is_read_keeps_the_earlier_rows(warehouse: Warehouse):
    path = warehouse.drop_orders()
    warehouse.load()
    filler = path.read_bytes().splitlines(keepends=True)[1] * 15_000
    path.write_bytes(path.read_bytes() + filler + b"9,\xff\xff,1,a,b,2019-03-11,\n")
    assert len(warehouse.load().refused) == 1
    assert warehouse.query("select count(*) from raw.taobao_orders") == [(2,)]
    copies = [path for path in warehouse.settings.raw_dir.rglob("*") if path.is_file()]
    assert len(copies) == 1


def test_a_ledger_of_an_older_release_is_read_and_kept(warehouse):
    warehouse.drop_orders()
    warehouse.load()
    with duckdb.connect(str(warehouse.settings.work_db)) as connection:
        connection.execute("alter table raw.ingested_files drop column exported_at")
    assert [file.reason for file in warehouse.load().skipped] == ["this content is loaded already"]
    assert warehouse.query("select status from raw.ingested_files") == [("loaded",)]
