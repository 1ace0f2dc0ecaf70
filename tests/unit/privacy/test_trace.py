"""Values are found wherever they are packed, and taken out of databases, logs and history."""

from __future__ import annotations

import gzip
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from dagster_project.privacy.history import erase_from_history
from dagster_project.privacy.storage import rewrite_work_database, scrub_logs
from dagster_project.privacy.trace import search
from dagster_project.settings import Settings

NAME = "月亮上的小明"


def write_duckdb(path: Path) -> None:
    with duckdb.connect(str(path)) as connection:
        connection.execute(f"create table t as select '{NAME}' as v, '7' as customer_id")


def write_sqlite(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("create table t (v text, n blob)")
        connection.execute("insert into t values (?, x'00')", [f"<{NAME}>"])
        connection.commit()


def write_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/sharedStrings.xml", f"<t>{NAME}</t>")


WRITERS = {
    "plain.txt": lambda p: p.write_text(f"a {NAME}"),
    "mixed case.log": lambda p: p.write_text("A Ming@Mail.CN b"),
    "gb.csv": lambda p: p.write_text(NAME, encoding="gb18030"),
    "wide.csv": lambda p: p.write_text(NAME, encoding="utf-16"),
    "escaped.json": lambda p: p.write_text(NAME.encode("unicode_escape").decode()),
    "packed.gz": lambda p: p.write_bytes(gzip.compress(NAME.encode())),
    "book.xlsx": write_zip,
    "w.duckdb": write_duckdb,
    "t.parquet": lambda p: duckdb.sql(f"select '{NAME}' as v").write_parquet(str(p)),
    "runs.db": write_sqlite,
}


@pytest.mark.parametrize("name", WRITERS)
def test_found_in_every_kind_of_file(tmp_path: Path, name: str) -> None:
    (tmp_path / "innocent.txt").write_text("月亮上的小猫 ming")
    assert search(tmp_path, [NAME, "ming@mail.cn"], [], []).found == []
    WRITERS[name](tmp_path / name)
    found = search(tmp_path, [NAME, "ming@mail.cn"], [], []).found
    assert found and all(place.startswith(name) for place in found)
    assert search(tmp_path, [NAME, "ming@mail.cn"], [], [tmp_path / name]).found == []


def test_short_ids_are_looked_for_in_customer_columns_only(tmp_path: Path) -> None:
    duckdb.sql("select 7 as rows, '7' as customer_id").write_parquet(str(tmp_path / "a.parquet"))
    duckdb.sql("select 7 as rows, '77' as customer_id").write_parquet(str(tmp_path / "b.parquet"))
    assert search(tmp_path, [], ["7"], []).found == ["a.parquet: rows.customer_id (1 rows)"]


def test_a_value_across_two_chunks_is_found(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_bytes(b"x" * ((1 << 22) - 3) + NAME.encode())
    assert search(tmp_path, [NAME], [], []).found == ["long.txt"]


def test_logs_lose_values_and_keep_the_rest(tmp_path: Path) -> None:
    write_sqlite(tmp_path / "runs.db")
    (tmp_path / "a.log").write_text(f"order of {NAME} kept")
    (tmp_path / "b.log").write_bytes(b"\xff\xfe not text")
    assert scrub_logs([tmp_path], [NAME]) == 2
    assert (tmp_path / "a.log").read_text() == "order of erased kept"
    with closing(sqlite3.connect(tmp_path / "runs.db")) as connection:
        assert connection.execute("select * from t").fetchall() == [("<erased>", b"\0")]
    assert search(tmp_path, [NAME], [], []).found == []
    assert scrub_logs([tmp_path], [NAME]) == 0


def test_history_loses_the_customers_rows_and_facts_keep_theirs(tmp_path: Path) -> None:
    folder = tmp_path / "as_of_date=2024-01-31"
    folder.mkdir()
    rows = (
        "select * from (values ('7', '8', 1, 'a'), ('8', '7', 2, 'of "
        + NAME
        + "'), (null, null, 3, null)) as t(customer_id, referrer_id, amount, evidence)"
    )
    for name in ("customer_rfm", "fct_orders"):
        duckdb.sql(rows).write_parquet(str(folder / f"{name}.parquet"))
    duckdb.sql("select 1 as n").write_parquet(str(folder / "growth.parquet"))
    untouched = (folder / "growth.parquet").read_bytes()
    assert erase_from_history(tmp_path, ["7"], [NAME]) == 2
    read = "select * from read_parquet(?, hive_partitioning = false) order by amount"

    def now(name: str) -> list[tuple]:
        return duckdb.execute(read, [str(folder / f"{name}.parquet")]).fetchall()

    rest = [("8", None, 2, "of erased"), (None, None, 3, None)]
    assert now("customer_rfm") == rest
    assert now("fct_orders") == [(None, "8", 1, "a"), *rest]
    assert (folder / "growth.parquet").read_bytes() == untouched
    assert erase_from_history(tmp_path, ["7"], [NAME]) == 0


def test_the_work_database_keeps_no_deleted_value(tmp_path: Path) -> None:
    settings = Settings.from_env({"WAREHOUSE_DIR": str(tmp_path)})
    settings.create_folders()
    with duckdb.connect(str(settings.work_db)) as connection:
        connection.execute("create schema raw; create schema audit; create schema marts")
        connection.execute("create table raw.t (id bigint primary key, v varchar)")
        connection.execute(f"insert into raw.t values (1, '{NAME}'), (2, 'kept')")
        connection.execute(f"create table audit.quality_log as select '[\"{NAME}\"]' as sample")
        connection.execute(f"create table marts.m as select '{NAME}' as v")
        connection.execute("create view marts.v as select * from raw.t")
        connection.execute("checkpoint")
        connection.execute("update raw.t set v = null where id = 1")
    rewrite_work_database(settings, [NAME])
    assert search(settings.work_dir, [NAME], [], []).found == []
    with duckdb.connect(str(settings.work_db)) as connection:
        assert connection.execute("select * from raw.t order by 1").fetchall() == [
            (1, None),
            (2, "kept"),
        ]
        assert connection.execute("from audit.quality_log").fetchall() == [('["erased"]',)]
        with pytest.raises(duckdb.ConstraintException):
            connection.execute("insert into raw.t values (2, 'again')")
