"""When a model is fitted, when its version stands, and that a version is written whole."""

from __future__ import annotations

from datetime import date

import duckdb
import numpy as np
import pytest

from dagster_project.modelling.model import Model, Table
from dagster_project.modelling.run import fit_missing
from dagster_project.modelling.versions import (
    VERSIONS,
    Version,
    ensure_tables,
    fitting_day,
    read_version,
    why_fit,
)

HALVES = Table("halves", "One row per number.", {"number": "BIGINT", "half": "DOUBLE"})


def model(method: str = "by two", fit=None, tables=(HALVES,)) -> Model:
    def halve(connection: duckdb.DuckDBPyConnection, day: date):
        found = connection.execute("select n from facts where d < ? order by n", [day]).fetchall()
        numbers = [n for (n,) in found]
        return {"halves": {"number": numbers, "half": [n / 2 for n in numbers]}}

    return Model(
        name="halving",
        method=method,
        reads=("marts.facts",),
        tables=tables,
        inputs="select count(*) from facts where d < $day",
        fit=fit or halve,
    )


@pytest.fixture
def connection() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("create table facts (n bigint, d date)")
    for n in range(1, 21):
        connection.execute("insert into facts values (?, date '2024-01-01')", [n])
    connection.execute("create schema intermediate")
    connection.execute(
        "create table intermediate.int_data_range as select date '2024-03-17' as last_order_date"
    )
    return connection


def test_a_month_has_one_version_and_dates_run_twice_do_not_fit_twice(connection) -> None:
    said: list[str] = []
    assert fit_missing(connection, model(), "latest", said.append) == {"halves": 20}
    assert fit_missing(connection, model(), "2024-03-01", said.append) == {}
    assert fit_missing(connection, model(), "2024-04-01") == {"halves": 20}
    rows = connection.execute(
        "select fitted_as_of, count(*), sum(half) from modelling.halves group by all order by all"
    ).fetchall()
    assert rows == [(date(2024, 3, 1), 20, 105.0), (date(2024, 4, 1), 20, 105.0)]
    assert said[-1] == "the version of 2024-03-01 stands"


def test_it_looks_at_nothing_from_its_day_on(connection) -> None:
    connection.execute("insert into facts values (100, date '2024-03-01')")
    fit_missing(connection, model(), "2024-03-31")
    assert connection.execute("select max(number) from modelling.halves").fetchall() == [(20,)]


def test_a_version_of_another_method_is_replaced(connection) -> None:
    fit_missing(connection, model(), "latest")
    assert fit_missing(connection, model("by two, anew"), "latest") == {"halves": 20}
    assert connection.execute("select count(*) from modelling.halves").fetchall() == [(20,)]


@pytest.mark.parametrize(
    ("before", "now", "refits"), [(20, 22, False), (20, 23, True), (20, 17, True), (0, 1, True)]
)
def test_it_is_fitted_again_when_much_more_or_less_is_known(before, now, refits) -> None:
    assert (why_fit(Version("m", before), "m", now) is not None) == refits


def test_nothing_to_fit_is_a_version_without_rows(connection) -> None:
    assert fit_missing(connection, model(), "2023-12-15") == {}
    version = read_version(connection, "halving", date(2023, 12, 1))
    assert version == Version("by two", 0)


def test_texts_days_and_missing_numbers_are_kept(connection) -> None:
    table = Table("kinds", "One row per thing.", {"t": "VARCHAR", "d": "DATE", "x": "DOUBLE"})
    columns = {
        "t": ["春", "b"],
        "d": np.array(["2024-02-29", "2024-03-01"], dtype="datetime64[D]"),
        "x": [0.5, float("nan")],
    }
    fit_missing(connection, model(fit=lambda c, d: {"kinds": columns}, tables=(table,)), "latest")
    assert connection.execute("select t, d, x from modelling.kinds order by d").fetchall() == [
        ("春", date(2024, 2, 29), 0.5),
        ("b", date(2024, 3, 1), None),
    ]


def test_without_orders_there_is_no_version(connection) -> None:
    connection.execute("update intermediate.int_data_range set last_order_date = null")
    assert fit_missing(connection, model(), "latest") == {}
    assert connection.execute(f"select count(*) from modelling.{VERSIONS.name}").fetchall() == [
        (0,)
    ]


def test_a_fit_that_fails_leaves_the_old_version(connection) -> None:
    fit_missing(connection, model(), "latest")

    def of_another_length(connection, day):
        return {"halves": {"number": [1, 2], "half": ["no", "numbers"]}}

    with pytest.raises(duckdb.ConversionException):
        fit_missing(connection, model("worse", of_another_length), "latest")
    assert connection.execute("select count(*) from modelling.halves").fetchall() == [(20,)]
    assert read_version(connection, "halving", date(2024, 3, 1)) == Version("by two", 20)


def test_a_table_that_is_not_the_models_is_refused(connection) -> None:
    with pytest.raises(ValueError, match="has no table thirds"):
        fit_missing(connection, model(fit=lambda c, d: {"thirds": {"number": [1]}}), "latest")


def test_a_table_with_other_columns_is_made_anew_and_fitted_again(connection) -> None:
    fit_missing(connection, model(), "latest")
    wider = Table("halves", "One row per number.", {"number": "BIGINT", "half": "VARCHAR"})
    ensure_tables(connection, (wider,))
    assert read_version(connection, "halving", date(2024, 3, 1)) is None
    assert fit_missing(connection, model(tables=(wider,)), "latest") == {"halves": 20}


def test_the_fitting_day_is_the_first_of_the_month() -> None:
    assert fitting_day(date(2024, 2, 29)) == date(2024, 2, 1)
    assert fitting_day(date(2024, 3, 1)) == date(2024, 3, 1)
