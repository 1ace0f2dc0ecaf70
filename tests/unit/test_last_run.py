"""When a night has nothing to do, and each of the reasons that it has."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from dagster_project import last_run
from dagster_project.last_run import LastRun, difference
from dagster_project.quality import suites
from dagster_project.settings import Settings

pytestmark = pytest.mark.engine

BUILT = datetime(2026, 3, 1, 2, 10)


def made_settings(home: Path, **environ: str) -> Settings:
    return Settings.from_env({"WAREHOUSE_DIR": str(home), "PSEUDONYM_KEY": "x" * 20, **environ})


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A warehouse whose last run has published, with small trees in place of the project's."""
    settings = made_settings(tmp_path / "warehouse")
    settings.create_folders()
    for name in ("package", "dbt", "expectations"):
        (tmp_path / name / "inner").mkdir(parents=True)
        (tmp_path / name / "inner" / "file.sql").write_text("a")
    monkeypatch.setattr(suites, "EXPECTATIONS_DIR", tmp_path / "expectations")
    genuine = last_run.decisive_inputs
    monkeypatch.setattr(
        last_run,
        "decisive_inputs",
        lambda settings: genuine(settings, tmp_path / "package", tmp_path / "dbt"),
    )
    (settings.landing_dir / "shop").mkdir()
    (settings.landing_dir / "shop" / "orders.csv").write_text("1")
    (settings.landing_dir / "shop" / "mapping.yml").write_text("entity: orders")
    last_run.begin(settings, "first")
    publish(settings)
    last_run.complete(settings, "first")
    return settings


def publish(settings: Settings, loaded_at: datetime = BUILT - timedelta(minutes=5)) -> None:
    with duckdb.connect(str(settings.work_db)) as connection:
        connection.execute("create or replace table facts as select 1 as x")
    settings.serving_db.unlink(missing_ok=True)
    with duckdb.connect() as connection:
        connection.execute(f"attach '{settings.serving_db}' as served")
        connection.execute("create schema served.marts")
        connection.execute("use served.marts")
        connection.execute("create table mart_status as select ?::timestamp as built_at", [BUILT])
        connection.execute(
            "create table ingested_files as "
            "select 'shop' as source, 'loaded' as status, ?::timestamp as loaded_at",
            [loaded_at],
        )
    settings.parquet_dir.mkdir(exist_ok=True)
    (settings.parquet_dir / "fct_orders.parquet").write_text("rows")
    (settings.reports_dir / "quality").mkdir(exist_ok=True)
    (settings.reports_dir / "quality" / "index.html").write_text("page")


def test_nothing_to_do_when_all_is_as_the_last_run_left_it(settings: Settings) -> None:
    assert last_run.why_run(settings, now=BUILT + timedelta(hours=1)) is None


def test_a_file_that_left_is_no_news_and_a_mapping_that_left_is(settings: Settings) -> None:
    (settings.landing_dir / "shop" / "orders.csv").unlink()
    assert last_run.why_run(settings, now=BUILT) is None
    (settings.landing_dir / "shop" / "mapping.yml").unlink()
    assert last_run.why_run(settings, now=BUILT) == "shop/mapping.yml left the landing folder"


def _same_size_and_time(path: Path) -> None:
    stat = path.stat()
    path.write_text("2")
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def _replaced(path: Path) -> None:
    copy = path.with_name("copy")
    shutil.copy2(path, copy)
    copy.replace(path)


def _insert(settings: Settings) -> None:
    with duckdb.connect(str(settings.work_db)) as connection:
        connection.execute("insert into facts values (2)")


REASONS: dict[str, tuple[Callable[[Settings, Path], object], str]] = {
    "new file": (
        lambda s, _: (s.landing_dir / "new.csv").write_text("1"),
        "new.csv is new or changed in the landing folder",
    ),
    "changed file of the same size and time": (
        lambda s, _: _same_size_and_time(s.landing_dir / "shop" / "orders.csv"),
        "shop/orders.csv is new or changed in the landing folder",
    ),
    "changed mapping": (
        lambda s, _: (s.landing_dir / "shop" / "mapping.yml").write_text("entity: refunds"),
        "shop/mapping.yml is new or changed in the landing folder",
    ),
    "extract of a connection": (
        lambda s, _: (s.landing_dir / "shop" / "0001-extract.parquet").write_text("1"),
        "shop/0001-extract.parquet is new or changed in the landing folder",
    ),
    "changed code": (
        lambda _, p: (p / "package" / "inner" / "file.sql").write_text("b"),
        "the code changed",
    ),
    "new model": (
        lambda _, p: (p / "dbt" / "model.sql").write_text("a"),
        "the dbt project changed",
    ),
    "renamed seed": (
        lambda _, p: (p / "dbt" / "inner" / "file.sql").rename(p / "dbt" / "other.csv"),
        "the dbt project changed",
    ),
    "changed expectation": (
        lambda _, p: (p / "expectations" / "inner" / "file.sql").write_text("b"),
        "the expectations changed",
    ),
    "a run that did not publish": (
        lambda s, _: last_run.begin(s, "second"),
        "there is no earlier run that began and published with this landing folder",
    ),
    "a run for a day of a history": (
        lambda s, _: last_run.give_up(s),
        "there is no earlier run that began and published with this landing folder",
    ),
    "a note that cannot be read": (
        lambda s, _: (s.work_dir / "last_run.json").write_text("{"),
        "there is no earlier run that began and published with this landing folder",
    ),
    "work database written by somebody": (
        lambda s, _: _insert(s),
        "work/warehouse.duckdb is not as the last run left it",
    ),
    "serving file missing": (
        lambda s, _: s.serving_db.unlink(),
        "serving/marts.duckdb is not as the last run left it",
    ),
    "serving file replaced by a copy": (
        lambda s, _: _replaced(s.serving_db),
        "serving/marts.duckdb is not as the last run left it",
    ),
    "Parquet file missing": (
        lambda s, _: (s.parquet_dir / "fct_orders.parquet").unlink(),
        "serving/parquet/fct_orders.parquet is not as the last run left it",
    ),
    "quality pages missing": (
        lambda s, _: shutil.rmtree(s.reports_dir / "quality"),
        "reports/quality/index.html is not as the last run left it",
    ),
}


@pytest.mark.parametrize("case", REASONS)
def test_each_change_makes_a_run(case: str, settings: Settings, tmp_path: Path) -> None:
    change, reason = REASONS[case]
    change(settings, tmp_path)
    assert last_run.why_run(settings, now=BUILT) == reason


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("AS_OF_DATE", "2026-02-01"),
        ("SHOP_TIMEZONE", "UTC"),
        ("IDENTITY_RULE", "strict"),
        ("FRESH_HOURS", "40"),
        ("PUBLISH_PERSONAL", "true"),
        ("PSEUDONYM_KEY", "y" * 20),
    ],
)
def test_each_setting_that_decides_a_table_makes_a_run(
    variable: str, value: str, settings: Settings
) -> None:
    other = made_settings(settings.warehouse_dir, **{variable: value})
    assert last_run.why_run(other, now=BUILT) == "the settings changed"


def test_who_is_told_of_trouble_decides_no_table(settings: Settings) -> None:
    told = made_settings(
        settings.warehouse_dir,
        ALERT_WEBHOOK_URL="https://robot.example/x",
        ALERT_WEBHOOK_KIND="slack",
    )
    assert last_run.why_run(told, now=BUILT) is None


def test_a_run_is_due_when_mart_status_would_call_the_data_late_and_stale(
    settings: Settings,
) -> None:
    # Loaded at 02:05: between 02:00 and the next 31 full hours the statement is "fresh".
    def due(hours: float) -> bool:
        return last_run.why_run(settings, now=BUILT.replace(minute=0) + timedelta(hours=hours)) == (
            "no file came for so long that the freshness in mart_status changes"
        )

    assert not due(30.9)
    assert due(31)
    assert due(61)
    last_run.begin(settings, "late")
    publish(settings, loaded_at=BUILT - timedelta(hours=40))
    last_run.complete(settings, "late")
    assert not due(20.9)  # called late already
    assert due(21)  # 61 hours after 10:00 of the day before last
    last_run.begin(settings, "stale")
    publish(settings, loaded_at=BUILT - timedelta(hours=70))
    last_run.complete(settings, "stale")
    assert not due(10_000)


def test_only_the_run_that_began_last_is_completed(settings: Settings) -> None:
    last_run.begin(settings, "second")
    last_run.complete(settings, "first")
    assert (found := last_run.read(settings)) is not None
    assert (found.run_id, found.published_at) == ("second", None)
    last_run.complete(settings, "second")
    assert last_run.why_run(settings, now=BUILT) is None


def test_a_file_that_came_while_the_run_was_on_is_news_for_the_next(settings: Settings) -> None:
    last_run.begin(settings, "second")
    (settings.landing_dir / "during.csv").write_text("1")
    publish(settings)
    last_run.complete(settings, "second")
    assert last_run.why_run(settings, now=BUILT) == (
        "during.csv is new or changed in the landing folder"
    )


def test_the_installed_libraries_are_part_of_what_decides(settings: Settings) -> None:
    found = last_run.decisive_inputs(settings)
    assert any(name.startswith("duckdb-") for name in last_run._installed())
    before = LastRun("a", found, {}, {}, BUILT)
    upgraded = replace(before, decisive={**found, "installed libraries": "others"})
    assert difference(before, upgraded) == "the installed libraries changed"


def test_the_question_starts_neither_dagster_nor_dbt_nor_great_expectations() -> None:
    heavy = "{'dagster', 'dbt', 'dagster_dbt', 'great_expectations', 'dlt', 'sqlalchemy'}"
    imports = "import sys, dagster_project.cli, dagster_project.serving.summary"
    program = f"{imports}; print(*sorted({heavy} & sys.modules.keys()))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


def test_the_first_run_of_a_warehouse_makes_its_secret_before_it_notes_what_it_stands_on(
    tmp_path: Path,
) -> None:
    settings = Settings.from_env({"WAREHOUSE_DIR": str(tmp_path)})
    settings.create_folders()
    last_run.begin(settings, "first")
    noted = last_run.read(settings)
    assert noted is not None
    assert settings.pseudonym_key_path.is_file()
    assert noted.decisive == last_run.decisive_inputs(settings)
