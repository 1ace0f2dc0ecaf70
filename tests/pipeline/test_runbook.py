"""What the runbook tells a person to do, done."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from dagster_project.cli import main
from dagster_project.ingestion.__main__ import main as ingestion
from dagster_project.ingestion.loader import load_files
from dagster_project.settings import PROJECT_DIR, Settings
from tests.pipeline.conftest import SECRET, Warehouse, in_turn
from tests.pipeline.exports import (
    REPORT_HEADER,
    TAOBAO_ORDER_HEADER,
    as_csv,
    report_rows,
    taobao_order,
    write_text,
)

RUNBOOK = PROJECT_DIR / "docs" / "runbook.md"

# Each command of the runbook → the test that does what it does.
PROVED_BY = {
    "make nightly": "tests/faults/test_faults.py",
    "make rebuild": "tests/unit/test_builds.py::test_everything_can_be_asked_for",
    "make backup": "tests/pipeline/test_runbook.py::test_restored_and_upgraded",
    "make restore": "tests/pipeline/test_runbook.py::test_restored_and_upgraded",
    "make status": "tests/pipeline/test_look_inside.py",
    "make map": "tests/pipeline/test_runbook.py::test_a_renamed_column",
    "make forget": "tests/pipeline/test_forget.py::test_erasing_one_customer",
    "python -m dagster_project.ingestion forget": "tests/unit/ingestion/test_cli.py",
    "python -m dagster_project nightly --partition": "tests/pipeline/test_history.py",
    "rm warehouse/pseudonym.key": "tests/pipeline/test_runbook.py::test_a_new_key",
    "git pull": "tests/pipeline/test_runbook.py::test_restored_and_upgraded",
    "make setup": ".ci/run",
    "install": "tests/unit/test_deploy.py",
    "systemctl": "tests/unit/test_deploy.py",
    "podman": "tests/unit/test_deploy.py",
}
# Plain commands of the system around the steps.
NOT_OURS = ("mv ", "tar ", "rm -f ", "useradd ", "rm warehouse/landing", "0 2 * * * ")


def test_each_command_of_the_runbook_is_proved_by_a_test() -> None:
    text = RUNBOOK.read_text(encoding="utf-8")
    blocks = re.findall(r"^```\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    commands = [line for block in blocks for line in block.splitlines()]
    for command in commands:
        if command.startswith((*NOT_OURS, ".venv/bin/python -c")):
            continue
        assert any(known in command for known in PROVED_BY), f"no test for: {command}"
    for known, proof in PROVED_BY.items():
        assert any(known in command for command in commands), f"not in the runbook: {known}"
        path, _, name = proof.partition("::")
        assert (PROJECT_DIR / path).is_file(), proof
        if name:
            assert f"def {name}(" in (PROJECT_DIR / path).read_text(encoding="utf-8"), proof


@pytest.fixture(scope="module")
def archive(made_shop: Warehouse, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of a published warehouse."""
    path = tmp_path_factory.mktemp("backups") / "shop.tar"
    with pytest.MonkeyPatch.context() as patch, in_turn(made_shop):
        patch.setenv("WAREHOUSE_DIR", str(made_shop.settings.warehouse_dir))
        assert main(["backup", str(path)]) == 0
    return path


@pytest.fixture
def restored(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    """That warehouse in another folder."""
    monkeypatch.setenv("WAREHOUSE_DIR", str(tmp_path / "shop"))
    assert main(["restore", str(archive)]) == 0
    return Warehouse(
        Settings.from_env({"WAREHOUSE_DIR": str(tmp_path / "shop"), "PSEUDONYM_KEY": SECRET})
    )


def test_restored_and_upgraded(made_shop: Warehouse, restored: Warehouse) -> None:
    published = made_shop.hashes()
    assert restored.hashes() == published  # readers have the kept night at once
    with duckdb.connect(str(restored.settings.work_db)) as connection:
        connection.execute("update audit.builds set decided_by = 'the code of an earlier version'")
    night = restored.nightly()
    assert night.success
    assert restored.hashes() == published


def test_a_new_key(new_warehouse: Callable[..., Warehouse]) -> None:
    shop = new_warehouse(IDENTITY_RULE="strict")
    orders = [
        taobao_order(f"{n}", f"买家{n}", "80.00", f"2024-03-{n:02d} 09:00:00") for n in range(1, 21)
    ]
    write_text(shop.landing / "orders.csv", as_csv(TAOBAO_ORDER_HEADER, orders), "gb18030")
    assert shop.nightly().success
    ids = "select customer_id from dim_customers"
    figures = "select sum(orders), sum(net_revenue), sum(new_customers) from growth_daily"
    old, figures_before = {customer for (customer,) in shop.rows(ids)}, shop.rows(figures)
    before = shop.hashes()
    rotated = Warehouse(replace(shop.settings, pseudonym_key="another secret of the tests"))
    assert rotated.nightly().success
    after = rotated.hashes()
    del before["ingested_files"], after["ingested_files"]  # each file was read a second time
    assert {name: row[0] for name, row in after.items()} == {
        name: row[0] for name, row in before.items()
    }
    assert rotated.rows(figures) == figures_before
    assert len(old) == len(orders)
    with rotated.published() as connection:
        columns = connection.execute(
            "select table_name, column_name from duckdb_columns() "
            "where database_name = 'shop' and column_name like '%customer_id'"
        ).fetchall()
        assert ("dim_customers", "customer_id") in columns
        for table, column in columns:
            found = connection.execute(f"select {column} from {table}").fetchall()
            assert not old & {customer for (customer,) in found}, f"{table}.{column}"


def test_a_renamed_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings.from_env({"WAREHOUSE_DIR": str(tmp_path)})
    settings.create_folders()
    renamed = {"订单编号": "交易号"}
    header = [renamed.get(name, name) for name in REPORT_HEADER]
    rows = [{renamed.get(name, name): cell for name, cell in row.items()} for row in report_rows()]
    dropped = write_text(settings.landing_dir / "report.csv", as_csv(header, rows), "gb18030")
    (refused,) = load_files(settings).refused
    assert "订单编号" in refused.refusal.message
    assert not dropped.exists()
    moved = settings.refused_dir / "report.csv"
    monkeypatch.setenv("WAREHOUSE_DIR", str(tmp_path))
    assert ingestion(["map", str(moved), "--write"]) == 0
    again = settings.landing_dir / "own"
    again.mkdir()
    for path in (moved, moved.with_name("mapping.yml")):
        path.rename(again / path.name)
    report = load_files(settings)
    assert not report.refused
    (loaded,) = report.loaded
    assert (loaded.rows, loaded.rows_with_issues) == (len(rows), 0)
