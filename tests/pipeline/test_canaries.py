"""Every personal cell and every secret holds a canary.

None of a person may leave the raw layer, and none of a secret may be written anywhere: not when a
night goes well, and not when one fails.
"""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import duckdb
import openpyxl
import pytest

from dagster_project.ingestion.formats import load_formats
from dagster_project.ingestion.inspect import PlannedTable, inspect_file, landing_files
from dagster_project.ingestion.tables import personal_table
from dagster_project.privacy.trace import search
from dagster_project.sql_text import sql_literal
from tests.pipeline.conftest import Warehouse
from tests.pipeline.every_format import TAOBAO_LINES, TAOBAO_REFUNDS, drop_everything
from tests.pipeline.exports import TAOBAO_LINE_HEADER, TAOBAO_REFUND_HEADER, as_csv, write_text
from tests.receivers import DINGTALK_OK, DINGTALK_REFUSES, free_port, robot

# Nothing else in the test's warehouse holds these.
WORD, PHONE = "canary", "13987650"
PLACES_OF_THE_RAW_LAYER = ("landing/", "raw/", "refused/", "work/warehouse.duckdb: raw.")


def canaries() -> Iterator[int]:
    yield from range(1000)


def plant(planned: PlannedTable, cells: list[str], numbers: Iterator[int]) -> list[str]:
    """A record with a canary in each personal cell and in each that the warehouse does not read.

    The cell's own text stays in front: flags and provinces are read from it.
    """
    kinds: dict[int, set[str]] = {}
    personal: set[int] = set()
    for bound in planned.binding.columns:
        for position in bound.positions:
            kinds.setdefault(position, set()).add(bound.column.kind)
            if bound.column.personal:
                personal.add(position)
    planted = list(cells)
    for position, cell in enumerate(cells):
        if position in kinds and position not in personal:
            continue
        number = next(numbers)
        if "phone_key" in kinds.get(position, ()):
            planted[position] = f"{PHONE}{number:03d}"
        elif "email_key" in kinds.get(position, ()):
            planted[position] = f"{WORD}{number}@mail.cn"
        else:
            planted[position] = f"{cell}{WORD}{number}"
    return planted


def plant_file(path: Path, landing: Path, numbers: Iterator[int]) -> set[str]:
    """Plant a file's canaries; returns the personal tables that they must arrive in."""
    with duckdb.connect(":memory:") as connection:
        file = inspect_file(path, path.relative_to(landing).as_posix(), landing, connection)
    assert file.refusal is None, file.refusal
    arrive = {
        personal_table(planned.binding.format)
        for planned in file.tables
        if any(bound.column.personal and bound.positions for bound in planned.binding.columns)
    }
    if path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        for planned in file.tables:
            for row in book[planned.table.sheet or ""].iter_rows(min_row=2):
                values = [str(cell.value or "") for cell in row]
                for cell, value in zip(row, plant(planned, values, numbers), strict=True):
                    cell.value = value or None
        book.save(path)
        return arrive
    (planned,) = file.tables
    encoding = planned.table.encoding or "utf-8"
    header, *rows = csv.reader(io.StringIO(path.read_bytes().decode(encoding), newline=""))
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(plant(planned, row, numbers) for row in rows)
    if planned.binding.format.personal_columns:
        text.write(f'"{WORD}{next(numbers)},{PHONE}{next(numbers):03d},never closed\r\n')
    path.write_bytes(text.getvalue().encode(encoding))
    return arrive


# One word in each, so that one search finds any of them.
HUSH = "hushhush"
SECRETS = {
    "PSEUDONYM_KEY": f"{HUSH}-of-the-hashes",
    "AUDIENCE_WEBHOOK_SECRET": f"{HUSH}-of-the-lists",
    "ALERT_WEBHOOK_SECRET": f"{HUSH}-of-the-robot",
    "SMTP_PASSWORD": f"{HUSH}-of-the-mails",
    "SHOP_DB_PASSWORD": f"{HUSH}-of-the-database",
    "SHOP_API_TOKEN": f"{HUSH}-of-the-api",
}
POSTGRES_PASSWORD = f"{HUSH}-of-the-marts"
DATABASE = """kind: postgres
host: 127.0.0.1
port: {port}
database: shop
user: reader
password: ${{SHOP_DB_PASSWORD}}
resources:
  orders:
    table: orders
    entity: orders
    columns: {{order_id: no, ordered_at: at, gross_amount: total}}
"""
API = """kind: rest
base_url: http://127.0.0.1:{port}/v1
auth: {{type: api_key, api_key: "${{SHOP_API_TOKEN}}", name: key, location: query}}
resources:
  orders:
    path: orders
    paginator: {{type: single_page}}
    data_selector: $
    entity: orders
    columns: {{order_id: no, ordered_at: at, gross_amount: total}}
"""
# Names and a title that would be SQL, if anything took them for it.
HOSTILE_FOLDER = "o'brien\"; drop schema marts cascade; --"
HOSTILE_TITLE = "x'; drop table marts.fct_orders; --"
HOSTILE_MAPPING = """
entity: order_lines
columns:
  order_id: "no'; drop table raw.ingested_files; --"
  ordered_at: 'at"'
  product_id: sku
  gross_amount: amount;
  product_title: "title')"
"""
HOSTILE_LINES = (
    'no\'; drop table raw.ingested_files; --,"at""",sku,amount;,title\')\r\n'
    f"h'1,2024-01-05 10:00:00,S;1,10.00,{HOSTILE_TITLE}\r\n"
)


@dataclass
class Nights:
    """What was seen of a night that went well and of one that failed.

    Attributes:
        warehouse: that both ran on.
        arrive: the personal tables that hold canaries.
        printed: what each command printed, on either stream.
        told: messages that the robot got.
    """

    warehouse: Warehouse
    arrive: set[str]
    printed: dict[str, str] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)


def drop_hostile(landing: Path) -> None:
    folder = landing / HOSTILE_FOLDER
    folder.mkdir()
    (folder / "mapping.yml").write_text(HOSTILE_MAPPING)
    (folder / "lines'; --.csv").write_text(HOSTILE_LINES)


def drop_headerless(landing: Path, numbers: Iterator[int]) -> None:
    """An export whose header is missing is refused, and its reason quotes the first row."""
    cells = f"{WORD}{next(numbers)},{PHONE}{next(numbers):03d},{WORD}{next(numbers)}@mail.cn"
    write_text(landing / "headerless.csv", f"1001,{cells}\r\n")


@pytest.fixture(scope="module")
def nights(new_warehouse: Callable[..., Warehouse]) -> Nights:
    warehouse = new_warehouse()
    drop_everything(warehouse.landing)
    # The personal columns that only some of these exports have.
    taobao = warehouse.landing / "taobao"
    refund_header = [*TAOBAO_REFUND_HEADER, "买家会员名", "买家退款说明"]
    write_text(taobao / "refunds.csv", as_csv(refund_header, TAOBAO_REFUNDS), "gb18030")
    write_text(taobao / "lines.csv", as_csv([*TAOBAO_LINE_HEADER, "备注"], TAOBAO_LINES))
    numbers = canaries()
    arrive: set[str] = set()
    for path in list(landing_files(warehouse.landing)):
        if path.parent.name != "behaviour":  # no header, and nothing personal
            arrive |= plant_file(path, warehouse.landing, numbers)
    drop_hostile(warehouse.landing)
    drop_headerless(warehouse.landing, numbers)
    nowhere = free_port()
    if find_spec("dlt") is not None:
        warehouse.settings.connections_dir.mkdir()
        for name, text in (("database", DATABASE), ("api", API)):
            path = warehouse.settings.connections_dir / f"{name}.yml"
            path.write_text(text.format(port=nowhere))
    found = Nights(warehouse, arrive)
    # As from a shell: with Dagster's own storage and logs below the warehouse.
    environment = {
        **os.environ,
        "WAREHOUSE_DIR": str(warehouse.settings.warehouse_dir),
        "DAGSTER_HOME": str(warehouse.settings.dagster_home),
        "RUNTIME__REQUEST_BACKOFF_FACTOR": "0.01",
        **SECRETS,
        "ALERT_WEBHOOK_KIND": "dingtalk",
        "ALERT_EMAIL_TO": "owner@shop.cn",
        "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": str(nowhere),
        "SMTP_USER": "robot@shop.cn",
    }

    def run(name: str, *arguments: str, ends_with: int = 0) -> None:
        command = [sys.executable, "-m", "dagster_project", *arguments]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True)
        found.printed[name] = ran.stdout + ran.stderr
        assert ran.returncode == ends_with, found.printed[name]

    with robot() as dingtalk:
        environment["ALERT_WEBHOOK_URL"] = f"{dingtalk.url}{HUSH}"
        run("night", "nightly")
        # Nobody listens any more: neither a database for the marts, nor the robot.
        environment["SERVING_POSTGRES_URL"] = (
            f"postgresql://shop:{POSTGRES_PASSWORD}@127.0.0.1:{nowhere}/shop"
        )
        dingtalk.answers = [DINGTALK_REFUSES]
        run("failed night", "nightly", ends_with=1)
        dingtalk.answers = [DINGTALK_OK]
        run("alert", "alert", ends_with=1)  # the mail server is still away
        found.told = dingtalk.texts
    run("list", "audience", "welcome", "--to", f"http://127.0.0.1:{nowhere}/{HUSH}", ends_with=2)
    environment["SMTP_SECURITY"] = HUSH[:4]
    run("wrong setting", "status", ends_with=2)
    return found


def test_no_canary_leaves_the_raw_layer(nights: Nights) -> None:
    shop, arrive = nights.warehouse, nights.arrive
    trace = search(shop.settings.warehouse_dir, [WORD, PHONE], [], [])
    names = {path.relative_to(shop.settings.warehouse_dir).parts[0] for path in files(shop)}
    assert names >= {"alerts", "dagster", "refused", "reports", "serving", "work"}
    assert trace.tables > 200
    raw = [place for place in trace.found if place.startswith(PLACES_OF_THE_RAW_LAYER)]
    # The database's bytes hold the raw tables too; its tables are searched one by one.
    assert set(trace.found) - set(raw) == {"work/warehouse.duckdb"}
    # They did arrive: in the personal table of every format that has one, and as broken rows.
    assert arrive == {personal_table(f) for f in load_formats() if f.personal_columns}
    for table in arrive:
        assert any(f": raw.{table}." in place for place in raw), table
    assert any(": raw.unreadable_rows.raw_text" in place for place in raw)
    assert any(place.startswith("refused/headerless.csv.reason.txt") for place in raw)
    # Below the raw layer hashes stand in their place.
    assert shop.value("select count(*) from dim_customers where length(customer_id) >= 32") > 0


def test_what_is_printed_and_told_names_nobody(nights: Nights) -> None:
    assert set(nights.printed) == {"night", "failed night", "alert", "list", "wrong setting"}
    for name, text in (*nights.printed.items(), *enumerate(nights.told)):
        assert WORD not in text, name
        assert PHONE not in text, name


def test_the_places_that_are_searched_hold_what_they_are_searched_for(nights: Nights) -> None:
    """The published files, the dashboard, the pages of the rules and Dagster's log are there."""
    settings = nights.warehouse.settings
    assert settings.serving_db.stat().st_size > 100_000
    assert len(list(settings.parquet_dir.glob("*.parquet"))) > 50
    assert settings.dashboard_path.stat().st_size > 1_000_000
    assert (settings.reports_dir / "quality" / "index.html").is_file()
    logs = [p for p in settings.dagster_home.rglob("*.db") if p.stat().st_size > 500_000]
    assert len(logs) >= 2, "an event log for each night"


def test_no_secret_is_written_printed_or_told(nights: Nights) -> None:
    trace = search(nights.warehouse.settings.warehouse_dir, [HUSH], [], [])
    assert trace.tables > 200
    assert list(trace.found) == []
    for name, text in (*nights.printed.items(), *enumerate(nights.told)):
        assert HUSH not in text, name
    # What had the secrets did fail, and said so.
    assert "dingtalk did not take the message" in nights.printed["failed night"]
    assert "email did not take the message" in nights.printed["night"]
    assert "did not arrive" in nights.printed["list"]
    assert "SMTP_SECURITY" in nights.printed["wrong setting"]


def test_one_message_tells_of_each_night(nights: Nights) -> None:
    first, refused_by_the_robot, second = nights.told
    assert "refused: headerless.csv" in first
    if find_spec("dlt") is not None:
        assert "connections.database.orders breaks connection_reached" in first
        assert "connections.api.orders breaks connection_reached" in first
    assert "step serving__marts failed" in second
    assert "夜间任务失败" in second
    assert refused_by_the_robot == second


def test_what_bi_tools_open_cannot_be_written(nights: Nights) -> None:
    before = nights.warehouse.settings.serving_db.read_bytes()
    with nights.warehouse.published() as connection:
        for attempt in (
            "delete from fct_orders",
            "update fct_orders set net_amount = 0",
            "create table mine as select 1 as x",
            "drop table fct_orders",
        ):
            with pytest.raises(duckdb.Error, match="read-only"):
                connection.execute(attempt)
    assert nights.warehouse.settings.serving_db.read_bytes() == before


def test_text_that_looks_like_sql_arrives_as_text(nights: Nights) -> None:
    shop = nights.warehouse
    assert shop.rows(
        "select source_file, status from ingested_files where source_file like 'o''brien%'"
    ) == [(f"{HOSTILE_FOLDER}/lines'; --.csv", "loaded")]
    titled = f"select count(*) from dim_products where title = {sql_literal(HOSTILE_TITLE)}"
    assert shop.value(titled) == 1
    assert shop.value("select count(*) from fct_orders where order_id like '%h''1'") == 1


def files(shop: Warehouse) -> list[Path]:
    return [path for path in shop.settings.warehouse_dir.rglob("*") if path.is_file()]
