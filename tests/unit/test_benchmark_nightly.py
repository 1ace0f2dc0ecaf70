"""All ways to do the night give the warehouse's figures; how fast they are, no test can know."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from benchmarks.contract import TABLES, TAGS_TABLE, Fingerprint, differences, fingerprints
from benchmarks.nightly import _CORE, IMPLEMENTATIONS, PEERS_PYTHON, Bench
from benchmarks.shop import COLUMNS, FULL_NAME, Shop
from dagster_project.settings import PROJECT_DIR

LINES = 5_000


@pytest.fixture(scope="module")
def shop_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Shop(LINES).make(tmp_path_factory.mktemp("shop") / f"{FULL_NAME}.csv")


@pytest.fixture(scope="module")
def script(shop_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _run("script", shop_file, tmp_path_factory.mktemp("script") / "out")


def _run(name: str, file: Path, output: Path) -> Path:
    implementation = IMPLEMENTATIONS[name]
    command = [sys.executable, "-m", f"benchmarks.peers.{implementation.module}"]
    command += [*implementation.options, "--input", str(file), "--output", str(output)]
    # The warehouse parses its project where nobody has before.
    prepares = implementation.prepares and name != "warehouse"
    # Another test of this process may have exported the settings of its own warehouse.
    clean = {key: value for key, value in os.environ.items() if not key.startswith("DBT_")}
    for phase in (["--prepare"], []) if prepares else ([],):
        run = subprocess.run(
            [*command, *phase], cwd=PROJECT_DIR, env=clean, capture_output=True, text=True
        )
        assert run.returncode == 0, run.stdout + run.stderr
    return output


# Plain dbt and pandas are in the project's lock; Polars, PySpark and SQLMesh are not.
@pytest.mark.parametrize("name", ["warehouse", "dbt", "pandas", "script-without-tags"])
def test_the_same_figures(name: str, shop_file: Path, script: Path, tmp_path: Path) -> None:
    found = fingerprints(_run(name, shop_file, tmp_path / "out"))
    assert differences(fingerprints(script), found, IMPLEMENTATIONS[name].tables) == []
    assert found.keys() == IMPLEMENTATIONS[name].tables


def test_the_shop_has_what_makes_the_night_hard(script: Path) -> None:
    with duckdb.connect(str(script / "marts.duckdb"), read_only=True) as connection:
        connection.execute("use marts.marts")

        def kinds(column: str, table: str) -> set[str]:
            return {
                row[0]
                for row in connection.sql(f"select distinct {column} from {table}").fetchall()
            }

        assert kinds("disposition", "row_dispositions") >= {"exact_duplicate", "superseded"}
        assert kinds("status", "fct_orders") == {
            *("completed", "shipped", "paid", "unpaid", "cancelled"),
            *("refunded", "partially_refunded"),
        }
        assert len(kinds("state", "customer_lifecycle")) >= 6
        assert len(kinds("segment", "customer_rfm")) == 11
        assert len(kinds("quadrant", "customer_value_quadrant")) == 4
        assert kinds("is_outlier", "fct_orders") == {True, False}
        named, customers = connection.sql(
            "select count(customer_id) / count(*), count(distinct customer_id) from fct_orders"
        ).fetchall()[0]
        assert 0.98 < named < 0.995
        assert customers == Shop(LINES).customers


def test_a_shop_is_the_same_every_time_and_in_either_format(
    shop_file: Path, tmp_path: Path
) -> None:
    again = Shop(LINES).make(tmp_path / f"{FULL_NAME}.csv")
    assert again.read_bytes() == shop_file.read_bytes()
    parquet = Shop(LINES).make(tmp_path / f"{FULL_NAME}.parquet")
    rows = duckdb.sql(f"from read_parquet('{parquet}')")
    assert tuple(rows.columns) == COLUMNS
    assert len(rows) == LINES
    one, other = (
        fingerprints(_run("script", file, tmp_path / file.suffix)) for file in (again, parquet)
    )
    assert one == other


def test_a_day_follows_with_new_and_corrected_lines(shop_file: Path, tmp_path: Path) -> None:
    day = Shop(LINES).make_day(tmp_path / "day.csv")
    reader = "read_csv('{}', all_varchar = true)"
    known, new, corrected = duckdb.sql(
        f"""
        select
            count(*) filter (where y."买家会员名" is not null),
            count(*) filter (where d."订单创建时间" >= '2025-01-01'),
            count(*) filter (where d."退款金额" <> s."退款金额")
        from {reader.format(day)} as d
        left join (select distinct "子订单编号", "退款金额" from {reader.format(shop_file)}) as s
            on d."子订单编号" = s."子订单编号"
        left join (select distinct "买家会员名" from {reader.format(shop_file)}) as y
            on d."买家会员名" = y."买家会员名"
        """
    ).fetchall()[0]
    assert known > new / 2
    assert new > 80
    assert corrected >= 1


def test_a_core_built_alone_follows_the_next_day(tmp_path: Path) -> None:
    bench = Bench(tmp_path, tmp_path / "shops", PEERS_PYTHON, memory=None, timeout=None)
    files = [bench.shop(LINES), bench.day(LINES)]
    _, found = bench.nights("warehouse", files)
    with bench.run("script-without-tags", files) as (_, folder):
        assert differences(fingerprints(folder), found, _CORE) == []


def test_one_changed_value_or_row_is_noticed(script: Path, tmp_path: Path) -> None:
    expected = fingerprints(script)
    for sql in (
        "select * replace (case when customer_id = (select min(customer_id) from t) "
        "then 'nobody' else tag_value end as tag_value) from t",
        "from t union all (from t limit 1)",
    ):
        copy = tmp_path / f"{TAGS_TABLE}.parquet"
        rows = sql.replace("from t", f"from read_parquet('{script / TAGS_TABLE}.parquet')")
        duckdb.sql(f"copy ({rows}) to '{copy}' (format parquet)")
        assert len(differences(expected, fingerprints(tmp_path), frozenset({TAGS_TABLE}))) == 1
    assert differences(expected, {}, frozenset(TABLES)) != []
    assert isinstance(expected[TAGS_TABLE], Fingerprint)


def test_a_small_run_writes_figures_and_a_page(tmp_path: Path) -> None:
    report = tmp_path / "report"
    run = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks.nightly", "--small"),
            *("--only", "script", "pandas", "polars"),
            *("--peers-python", str(tmp_path / "nowhere"), "--folder", str(tmp_path)),
            *("--output", str(report)),
        ],
        cwd=PROJECT_DIR,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    (size,) = json.loads((report / "nightly.json").read_text())["sizes"]
    assert size["results"]["polars"]["state"].startswith("not installed")
    for name in ("script", "pandas"):
        result = size["results"][name]
        assert result["differences"] == []
        assert result["total"]["cpu_seconds"][0] > 0
        assert result["total"]["peak_megabytes"][0] > 0
        assert result["ratios"]["total"]["cpu_seconds"] > 0
    assert size["results"]["script"]["profile"]["order_lines"] > 0
    page = (report / "nightly.html").read_text()
    assert "<svg" in page
    assert "not installed" in page
    assert "pandas" in run.stdout
    shutil.rmtree(report)
    assert list(tmp_path.iterdir()) == []
