"""The command line says what it did and fails when it should."""

from __future__ import annotations

import pytest

from dagster_project.ingestion import sample
from dagster_project.ingestion.__main__ import main

from .conftest import Warehouse


@pytest.fixture
def cli(warehouse: Warehouse, monkeypatch, capsys):
    monkeypatch.setenv("WAREHOUSE_DIR", str(warehouse.settings.warehouse_dir))

    def run(*arguments: str) -> tuple[int, str, str]:
        status = main(arguments)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


def test_load_and_forget(cli, warehouse: Warehouse):
    warehouse.drop_orders()
    status, out, err = cli("load")
    assert status == 0 and "1 loaded" in out and "orders.csv" in err
    assert "1 skipped" in cli("load", "--source", "taobao")[1]
    status, out, _ = cli("forget", "orders.csv")
    assert status == 0 and "still lies in the landing folder" in out
    status, _, err = cli("forget", "orders.csv")
    assert status == 1 and "no rows of orders.csv" in err


def test_load_fails_when_a_file_is_refused(cli, warehouse: Warehouse):
    warehouse.drop("x.pdf", b"%PDF")
    status, out, _ = cli("load")
    assert status == 1 and "refused x.pdf" in out


def test_inspect(cli, warehouse: Warehouse, tmp_path):
    path = warehouse.drop_orders()
    status, out, _ = cli("inspect", str(path))
    assert status == 0
    for text in ("taobao_orders", "utf-8", "买家会员名", "(missing)", "not used: -"):
        assert text in out
    assert not warehouse.settings.work_db.exists()
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    status, out, _ = cli("inspect", str(other))
    assert status == 1 and "would be refused" in out
    assert cli("inspect", str(tmp_path / "none.csv"))[0] == 2


def test_sample_fills_an_empty_landing_folder_only(
    cli, warehouse: Warehouse, monkeypatch, tmp_path
):
    package = tmp_path / "package"
    (package / "data").mkdir(parents=True)
    for name in sample.SAMPLE_FILES:
        (package / "data" / name).write_bytes(b"x")
    spec = type("Spec", (), {"origin": str(package / "__init__.py")})
    monkeypatch.setattr(sample, "find_spec", lambda name: spec)
    status, out, _ = cli("sample")
    assert status == 0 and "complete_journey/transactions.parquet" in out
    assert "nothing was put" in cli("sample")[1]


def test_sample_missing_says_how_to_install_it(cli, monkeypatch):
    monkeypatch.setattr(sample, "find_spec", lambda name: None)
    status, _, err = cli("sample")
    assert status == 2 and "pip install" in err


def test_templates(cli, warehouse: Warehouse):
    folder = warehouse.settings.templates_dir
    status, out, _ = cli("templates")
    assert status == 0 and f"written {folder / 'orders.csv'}" in out
    (folder / "orders.csv").write_text("mine")
    status, out, _ = cli("templates")
    assert status == 0 and f"kept {folder / 'orders.csv'}" in out
    assert f"unchanged {folder / 'customers.csv'}" in out


def test_map_proposes_and_writes_only_when_asked(cli, warehouse: Warehouse):
    content = "Bestellnummer;Bestelldatum;Gesamtbetrag\nB1;25.03.2024;1.299,00 €\n"
    path = warehouse.drop("shop/export.csv", content.encode())
    status, out, _ = cli("map", str(path))
    assert status == 0 and 'decimal: ","' in out and "1299.0000" in out
    assert "nothing was written" in out and not (path.parent / "mapping.yml").exists()
    status, out, _ = cli("map", str(path), "--write")
    assert status == 0 and (path.parent / "mapping.yml").exists()
    assert "is known already" in cli("map", str(path))[1]
    assert cli("load")[0] == 0
    assert warehouse.query("select source, gross_amount from raw.mapped_orders") == [("shop", 1299)]


def test_map_says_why_it_cannot_help(cli, warehouse: Warehouse):
    assert cli("map", "nowhere.csv")[0] == 2
    path = warehouse.drop("x.pdf", b"%PDF")
    status, out, _ = cli("map", str(path))
    assert status == 1 and ".pdf" in out
    path = warehouse.drop("shop/a.csv", b"colour,size\nred,M\n")
    status, out, err = cli("map", str(path), "--entity", "orders", "--write")
    assert status == 1 and "would be refused" in out and "complete it by hand" in err
