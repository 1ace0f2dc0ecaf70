"""Names and texts that would break out of SQL, YAML or the landing folder, if anything let them."""

from __future__ import annotations

import csv
import json
import os
import stat
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from dagster_project.audiences.files import FORMULA_STARTS
from dagster_project.connections.files import ConnectionFileError, read_connection
from dagster_project.ingestion.templates import write_templates
from dagster_project.owner_yaml import DEEPEST, LONGEST, NotPlainError, read_plain

from .conftest import Warehouse, csv_bytes
from .test_loading import xlsx_bytes
from .test_refusals import zip_bytes

DROP = "'; drop table raw.ingested_files; --"
HEADER = ["单\"号'; drop schema raw cascade; --", "time)", "amount'", 'ti"tle', "state\\"]
ROW = [DROP, "2024-03-11 10:05:06", "86.50", f'{DROP} "$1" {{{{x}}}} %s ?', "paid"]
NAMES = (
    "o'brien; drop table x.csv",
    'a"b" [1] *.csv',
    "{a,b}?.csv",
    "$(touch pwned).csv",
    "-rf 100%.csv",
)


def mapping(**more: str) -> bytes:
    columns = dict(
        zip(("order_id", "ordered_at", "gross_amount", "product_id", "status"), HEADER, strict=True)
    )
    document = {"entity": "order_lines", "columns": columns, **more}
    return yaml.safe_dump(document, allow_unicode=True).encode()


def table_of(kind: str, folder: Path) -> bytes:
    if kind == "csv":
        return csv_bytes(HEADER, [ROW])
    if kind == "xlsx":
        return xlsx_bytes((DROP[:31].replace(":", "").replace("/", ""), [HEADER, ROW]))
    if kind == "jsonl":
        return json.dumps(dict(zip(HEADER, ROW, strict=True)), ensure_ascii=False).encode()
    path = folder / "hostile.parquet"
    with duckdb.connect() as connection:
        names = ", ".join('"' + name.replace('"', '""') + '"' for name in HEADER)
        marks = ", ".join("?" for _ in ROW)
        connection.execute(f"create table t as select * from (values ({marks})) as t({names})", ROW)
        connection.execute(f"copy t to '{path}' (format parquet)")
    return path.read_bytes()


@pytest.mark.parametrize("kind", ["csv", "xlsx", "jsonl", "parquet"])
def test_headers_values_and_names_are_never_sql(
    kind: str, warehouse: Warehouse, tmp_path: Path
) -> None:
    folder = "it's; drop schema raw"
    warehouse.drop(f"{folder}/mapping.yml", mapping())
    warehouse.drop(f"{folder}/{NAMES[0][:-4]}.{kind}", table_of(kind, tmp_path))
    warehouse.load()
    assert warehouse.query("select order_id, product_id, source from raw.mapped_order_lines") == [
        (ROW[0].removeprefix("'"), ROW[3].removeprefix("'"), folder)  # a spreadsheet's text mark
    ]
    assert warehouse.query("select status from raw.ingested_files") == [("loaded",)]


def test_a_files_name_stands_for_that_file_alone(warehouse: Warehouse) -> None:
    warehouse.drop("mapping.yml", mapping(source="shop"))
    for number, name in enumerate(NAMES):
        warehouse.drop(name, csv_bytes(HEADER, [[str(number), *ROW[1:]]]))
    warehouse.load()
    found = warehouse.query(
        "select source_file, order_id from raw.mapped_order_lines "
        "inner join raw.ingested_files on file_id = _file_id order by order_id"
    )
    assert found == [(name, str(number)) for number, name in enumerate(NAMES)]
    assert not Path("pwned").exists()


def test_a_link_out_of_the_landing_folder_is_refused_unread(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    secret = tmp_path / "outside.csv"
    secret.write_bytes(csv_bytes(HEADER, [["hunter2", *ROW[1:]]]))
    warehouse.drop("shop/mapping.yml", mapping())
    for name in ("shop/link.csv", "shop/another.csv"):
        (warehouse.landing / name).symlink_to(secret)
    (warehouse.landing / "shop" / "up.csv").symlink_to("../../../outside.csv")
    (warehouse.landing / "folder").symlink_to(tmp_path)
    warehouse.drop("shop/good.csv", csv_bytes(HEADER, [ROW]))
    warehouse.drop("shop/.kept/other.csv", csv_bytes(HEADER, [["2", *ROW[1:]]]))
    (warehouse.landing / "shop" / "inside.csv").symlink_to(".kept/other.csv")
    report = warehouse.load()
    assert {one.refusal.code for one in report.refused} == {"leads_outside"}
    assert sorted(one.relative for one in report.refused) == [
        "shop/another.csv", "shop/link.csv", "shop/up.csv"
    ]  # fmt: skip
    assert sorted(file.relative for file in report.loaded) == ["shop/good.csv", "shop/inside.csv"]
    assert warehouse.query(
        "select count(*), count(distinct sha256) from raw.ingested_files where status = 'refused'"
    ) == [(3, 1)]
    reason = (warehouse.settings.refused_dir / "shop" / "link.csv.reason.txt").read_text()
    assert "Drop the file itself" in reason
    assert secret.is_file()
    assert len(list(warehouse.settings.raw_dir.rglob("*.csv"))) == 2  # the good ones


def test_a_mapping_that_is_a_link_out_of_the_landing_folder_is_refused(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    (tmp_path / "mapping.yml").write_bytes(mapping())
    warehouse.drop("shop/data.csv", csv_bytes(HEADER, [ROW]))
    (warehouse.landing / "shop" / "mapping.yml").symlink_to(tmp_path / "mapping.yml")
    (refused,) = warehouse.load().refused
    assert refused.refusal.code == "wrong_mapping"
    assert "a link to a place outside landing" in refused.refusal.en


# No key of a mapping is a path, so that one in any of them is either unknown or a plain text.
@pytest.mark.parametrize("path", ["../../outside.csv", "/etc/passwd", "..\\outside.csv"])
@pytest.mark.parametrize("key", ["file", "include", "path", "delimiter", "entity", "timezone"])
def test_a_path_in_a_mapping_is_refused(key: str, path: str, warehouse: Warehouse) -> None:
    warehouse.drop("shop/mapping.yml", mapping(**{key: path}))
    warehouse.drop("shop/data.csv", csv_bytes(HEADER, [ROW]))
    (refused,) = warehouse.load().refused
    assert refused.refusal.code == "wrong_mapping"


def test_a_path_as_the_name_of_a_source_stays_a_name(warehouse: Warehouse) -> None:
    before = set(warehouse.settings.warehouse_dir.parent.rglob("*"))
    warehouse.drop("shop/mapping.yml", mapping(source="../../outside", shop="/etc"))
    warehouse.drop("shop/data.csv", csv_bytes(HEADER, [ROW]))
    warehouse.load()
    assert warehouse.query("select source, shop from raw.mapped_order_lines") == [
        ("../../outside", "/etc")
    ]
    home = warehouse.settings.warehouse_dir
    new = {path for path in home.parent.rglob("*") if path not in before}
    assert all(path.is_relative_to(home) for path in new)


CALLS = "!!python/object/apply:os.system ['touch pwned']"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n"
    for old, new in zip("abcdefghijk", "bcdefghijkl", strict=True)
)
HOSTILE_YAML = {
    "object": (f"entity: {CALLS}\ncolumns: {{order_id: a}}\n", "line 1 has a tag"),
    "object in a column": (f"entity: orders\ncolumns:\n  order_id: {CALLS}\n", "line 3 has a tag"),
    "plain tag": ("entity: !!str orders\ncolumns: {order_id: a}\n", "has a tag"),
    "billion laughs": (BOMB + "entity: *l\n", "line 1 has an anchor"),
    "deep": ("entity: " + "[" * 50_000, f"nested more than {DEEPEST} deep"),
    "deep mapping": ("entity: " + "{a: " * 5_000, f"nested more than {DEEPEST} deep"),
    "long": ("# " + "x" * LONGEST + "\nentity: orders\n", "1,000,000 characters"),
    "broken": ("entity: [", "its YAML is broken"),
}


@pytest.mark.parametrize("case", HOSTILE_YAML)
def test_hostile_yaml_is_refused_at_once_with_its_line(case: str, warehouse: Warehouse) -> None:
    text, said = HOSTILE_YAML[case]
    warehouse.drop("shop/mapping.yml", text.encode())
    warehouse.drop("shop/data.csv", csv_bytes(HEADER, [ROW]))
    (refused,) = warehouse.load().refused
    assert refused.refusal.code == "wrong_mapping"
    assert said in refused.refusal.en
    assert len(refused.refusal.en) < 1000
    assert not Path("pwned").exists()
    path = warehouse.settings.warehouse_dir / "shop.yml"
    path.write_text(text)
    with pytest.raises(ConnectionFileError) as raised:
        read_connection(path)
    assert said in str(raised.value)
    assert len(str(raised.value)) < 1000


@pytest.mark.parametrize("loader", [yaml.BaseLoader, yaml.SafeLoader])
def test_plain_yaml_is_read_as_it_always_was(loader: Any) -> None:
    text = "a: [1, no, {b: 'x'}]\n# a comment\nc: |\n  long & *text !!str\n"
    assert read_plain(text, loader) == yaml.load(text, Loader=loader)
    with pytest.raises(NotPlainError, match="line 2"):
        read_plain("a: 1\nb: &x 2\n", loader)


def test_xml_that_unfolds_or_reads_files_makes_no_workbook(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    laughs = "".join(
        f'<!ENTITY {new} "{f"&{old};" * 10}">'
        for old, new in zip("abcdefghi", "bcdefghij", strict=True)
    )
    secret = tmp_path / "secret.txt"
    secret.write_text("hunter2")
    documents = {
        "laughs": f'<!DOCTYPE w [<!ENTITY a "lol">{laughs}]><w>&j;</w>',
        "reads": f'<!DOCTYPE w [<!ENTITY a SYSTEM "file://{secret}">]><w>&a;</w>',
    }
    for name, document in documents.items():
        entries = {"xl/workbook.xml": document.encode(), "xl/_rels/workbook.xml.rels": b"<r/>"}
        warehouse.drop(f"{name}.xlsx", zip_bytes(entries))
    # Nothing of a workbook is unpacked to disk, so the names in it lead nowhere.
    warehouse.drop("up.xlsx", zip_bytes({"../../../outside.txt": b"x", "/etc/outside": b"x"}))
    report = warehouse.load()
    assert [one.refusal.code for one in report.refused] == ["not_a_workbook"] * 3
    assert not any("hunter2" in one.refusal.message for one in report.refused)
    assert not list(tmp_path.rglob("outside*"))


def test_no_cell_of_a_template_begins_like_a_formula(tmp_path: Path) -> None:
    templates = [path for path, _ in write_templates(tmp_path) if path.suffix == ".csv"]
    assert len(templates) >= 14
    for path in templates:
        with path.open(encoding="utf-8-sig", newline="") as file:
            header, *rows = csv.reader(file)
        assert rows
        for cell in (*header, *(cell for row in rows for cell in row)):
            assert cell[:1] not in tuple(FORMULA_STARTS), path


def test_personal_files_are_for_the_account_that_runs_the_warehouse(warehouse: Warehouse) -> None:
    warehouse.drop_orders()
    warehouse.load()
    settings = warehouse.settings

    def mode(path: Path) -> int:
        return stat.S_IMODE(path.stat().st_mode)

    for folder in (settings.raw_dir, settings.refused_dir, settings.work_dir):
        assert mode(folder) == 0o700, folder
    assert mode(settings.dagster_home) == 0o700
    assert mode(settings.landing_dir) & 0o007 == 0
    assert mode(settings.pseudonym_key_path) == 0o600
    # Whoever reads the marts reads them through the warehouse's folder.
    assert os.access(settings.serving_dir, os.R_OK | os.X_OK)
    settings.raw_dir.chmod(0o750)
    settings.create_folders()
    assert mode(settings.raw_dir) == 0o750  # an owner's choice stays
