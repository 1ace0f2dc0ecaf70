"""A night with nothing new ends at the landing folder, in the job and from the shell."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

import dagster as dg
import pytest

from dagster_project import last_run
from dagster_project.automation.names import LANDING_KEY, PUBLISHED_KEY
from dagster_project.cli import main
from tests.pipeline.conftest import SECRET, Warehouse
from tests.pipeline.exports import REPORT_HEADER, as_csv, report_rows, write_text


@pytest.fixture(scope="module")
def shop(new_warehouse: Callable[..., Warehouse]) -> Warehouse:
    warehouse = new_warehouse()
    write_text(warehouse.landing / "report.csv", as_csv(REPORT_HEADER, report_rows()), "gb18030")
    assert warehouse.nightly().success
    return warehouse


def _bytes(shop: Warehouse) -> str:
    return sha256(shop.settings.serving_db.read_bytes()).hexdigest()


def _started(result: dg.ExecuteInProcessResult) -> set[str]:
    started = dg.DagsterEventType.STEP_START
    return {e.step_key for e in result.all_events if e.event_type == started and e.step_key}


@pytest.mark.engine
def test_the_job_ends_at_the_landing_folder_and_confirms_both_ends(shop: Warehouse) -> None:
    before = _bytes(shop)

    result = shop.nightly()

    assert result.success
    assert _started(result) == {"landing__files"}
    events = result.get_asset_materialization_events()
    assert {event.asset_key for event in events} == {LANDING_KEY, PUBLISHED_KEY}
    assert all(
        event.materialization.metadata["nothing_new"] == dg.BoolMetadataValue(True)
        for event in events
    )
    assert _bytes(shop) == before


def test_the_shell_says_so_and_tells_dagster(
    shop: Warehouse, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = _bytes(shop)
    home = shop.settings.warehouse_dir
    monkeypatch.setenv("WAREHOUSE_DIR", str(home))
    monkeypatch.setenv("PSEUDONYM_KEY", SECRET)
    monkeypatch.setenv("DAGSTER_HOME", str(shop.settings.dagster_home))

    assert main(["nightly"]) == 0

    printed = capsys.readouterr()
    assert "nothing new since the run that published at" in " ".join(printed.err.split())
    assert "Published marts" in printed.out
    assert _bytes(shop) == before
    with dg.DagsterInstance.get() as instance:
        assert not instance.get_runs()
        for key in (LANDING_KEY, PUBLISHED_KEY):
            event = instance.get_latest_materialization_event(key)
            assert event is not None and event.asset_materialization is not None
            assert event.asset_materialization.metadata["nothing_new"].value is True


def test_a_backfilled_day_is_built_and_so_is_the_next_night(
    shop: Warehouse,
) -> None:
    assert "serving__marts" in _started(shop.nightly(partition="2024-03-10"))
    assert last_run.read(shop.settings) is None
    result = shop.nightly()
    assert "serving__marts" in _started(result)
    assert _started(shop.nightly()) == {"landing__files"}


def test_a_new_file_is_built(shop: Warehouse) -> None:
    write_text(shop.landing / "again.csv", as_csv(REPORT_HEADER, report_rows()[:9]), "gb18030")
    assert shop.nightly().success
    files = shop.rows("select source_file from ingested_files order by 1")
    assert files == [("again.csv",), ("report.csv",)]
