"""Lists as files: nothing in them runs in a spreadsheet, nothing in them is lost."""

from __future__ import annotations

import csv
import json
import stat
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from dagster_project.audiences.files import FORMULA_STARTS, write_list

# DuckDB's text holds no zero byte, UTF-8 no surrogates.
TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=12)
STARTING = st.builds(
    lambda start, rest: start + rest, st.sampled_from(FORMULA_STARTS + "'\"\n\r,;|"), TEXT
)
CELLS = st.lists(st.tuples(TEXT | STARTING, TEXT | STARTING), min_size=1, max_size=8)


def write(rows: list[tuple[str | None, str | None]], path: Path, format_: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(
            "create table listed (number integer, customer_id varchar, note varchar)"
        )
        connection.executemany(
            "insert into listed values (?, ?, ?)", [(n, *row) for n, row in enumerate(rows)]
        )
        assert write_list(connection, "listed", path, format_) == len(rows)


def read_as_a_spreadsheet(path: Path) -> list[list[str]]:
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


@given(cells=CELLS)
@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_cell_begins_like_a_formula_and_every_cell_is_there(
    cells: list[tuple[str, str]], tmp_path: Path
) -> None:
    path = tmp_path / "list.csv"
    write(cells, path, "csv")
    header, *rows = read_as_a_spreadsheet(path)
    assert header == ["number", "customer_id", "note"]
    assert len(rows) == len(cells)
    for (_, *shown), meant in zip(rows, cells, strict=True):
        for cell, value in zip(shown, meant, strict=True):
            assert not cell.startswith(tuple(FORMULA_STARTS))
            # A mark where there must be one, and nothing else is changed.
            assert cell == ("'" + value if value.startswith(tuple(FORMULA_STARTS)) else value)


@pytest.mark.parametrize(
    "formula",
    [
        "=cmd|' /C calc'!A0",
        "+1+1",
        "-2+3",
        "@SUM(A1)",
        "\t=1+1",
        "\r=1+1",
        "\n=1+1",
        "＝1+1",
        '=HYPERLINK("http://evil.example","click")',
    ],
)
def test_known_attacks_are_text(formula: str, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    write([(formula, "fine")], path, "csv")
    assert read_as_a_spreadsheet(path)[1] == ["0", "'" + formula, "fine"]


def test_for_programs_values_stay_as_they_are(tmp_path: Path) -> None:
    rows = [("=1+1", None), ("-7", '小明, "x"\n')]
    write(rows, tmp_path / "list.json", "json")
    lines = (tmp_path / "list.json").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [
        {"number": n, "customer_id": a, "note": b} for n, (a, b) in enumerate(rows)
    ]
    write(rows, tmp_path / "list.csv", "table")
    text = (tmp_path / "list.csv").read_text(encoding="utf-8")
    assert text.splitlines()[1] == "0,=1+1,"


@pytest.mark.parametrize("format_", ["csv", "json", "table"])
def test_only_the_owner_may_read_a_list_and_a_new_one_replaces_it(
    format_: str, tmp_path: Path
) -> None:
    path = tmp_path / "new folder" / "list"
    for customer in ("first", "second"):
        write([(customer, "")], path, format_)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    text = path.read_text(encoding="utf-8")
    assert "second" in text
    assert "first" not in text
    assert [p.name for p in path.parent.iterdir()] == ["list"]


def test_a_list_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    write([("old", "")], path, "csv")
    with duckdb.connect() as connection:
        connection.execute("create table listed as select error('broken') as customer_id where 1=0")
        connection.execute("create or replace view listed2 as select error('no') as customer_id")
        with pytest.raises(duckdb.Error):
            write_list(connection, "listed2", path, "csv")
    assert "old" in path.read_text(encoding="utf-8-sig")
    assert [p.name for p in tmp_path.iterdir()] == ["list.csv"]
