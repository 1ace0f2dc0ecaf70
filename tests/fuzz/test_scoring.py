"""RFM scores of random customers, by the macros that the models use.

Whatever the customers are and in whatever order they come: twins get equal scores, a better value
never a worse score, and the cut points say the same as the percent rank.
"""

from __future__ import annotations

import math
import random
from decimal import Decimal

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dagster_project.transformation.project import DBT_PROJECT_DIR

Customer = tuple[int, int, Decimal]
Scores = tuple[int, int, int]

# Few different values, so that most customers have a twin.
CUSTOMERS = st.lists(
    st.tuples(
        st.integers(0, 12),
        st.sampled_from([1, 1, 1, 2, 2, 3, 5, 9]),
        st.sampled_from([Decimal("-3.50"), Decimal(0), Decimal("0.01"), Decimal(20), Decimal(900)]),
    ),
    min_size=1,
    max_size=60,
)


@pytest.fixture(scope="module")
def query() -> str:
    """The scores of the table `measured`, as the models compute them."""
    environment = Environment(
        loader=FileSystemLoader(DBT_PROJECT_DIR / "macros"), undefined=StrictUndefined
    )
    environment.globals["var"] = {"rfm_method": "quantile"}.__getitem__
    macros = environment.get_template(
        "scoring.sql", globals={"return": lambda value: value, "ref": str}
    ).module
    scores = ", ".join(
        macros.rfm_score(measure, f"m.{column}", "c")  # type: ignore[attr-defined]
        for measure, column in (("r", "recency_days"), ("f", "frequency"), ("m", "monetary"))
    )
    cut_points = macros.rfm_cut_points("measured", "day")  # type: ignore[attr-defined]
    return (
        f"with {cut_points} select m.id, {scores} from measured as m "
        "inner join cut_points as c on m.day = c.day order by m.id"
    )


def score(query: str, customers: list[Customer], luck: random.Random) -> list[Scores]:
    numbered = [(number, *customer) for number, customer in enumerate(customers)]
    luck.shuffle(numbered)
    with duckdb.connect() as connection:
        connection.execute(
            "create table measured (id int, recency_days bigint, frequency bigint, "
            "monetary decimal(18, 2), day date default date '2024-06-30')"
        )
        connection.executemany(
            "insert into measured (id, recency_days, frequency, monetary) values (?, ?, ?, ?)",
            numbered,
        )
        return [(r, f, m) for _, r, f, m in connection.execute(query).fetchall()]


def by_percent_rank(values: list[Decimal], lowest: int) -> list[int]:
    """The definition, counted by hand: 1 + floor(5 × percent rank), at most 5."""
    others = max(len(values) - 1, 1)
    return [
        min(5, lowest + math.floor((6 - lowest) * sum(v < value for v in values) / others))
        for value in values
    ]


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(customers=CUSTOMERS, luck=st.randoms(use_true_random=False))
def test_scores(query: str, customers: list[Customer], luck: random.Random) -> None:
    scores = score(query, customers, luck)

    assert scores == score(query, customers, luck), "another order of rows, other scores"
    for place in range(3):
        found: dict[Decimal, int] = {}
        for customer, given_scores in zip(customers, scores, strict=True):
            value = Decimal(customer[place])
            assert found.setdefault(value, given_scores[place]) == given_scores[place]
        ranked = [found[value] for value in sorted(found, reverse=place == 0)]
        assert ranked == sorted(ranked), "a better value, a worse score"

    repeat = [f for _, f, _ in customers if f > 1]
    assert [
        f
        for f, (_, bought, _) in zip([s[1] for s in scores], customers, strict=True)
        if bought == 1
    ] == [1] * (len(customers) - len(repeat))
    assert [r for r, _, _ in scores] == by_percent_rank([Decimal(-r) for r, _, _ in customers], 1)
    assert [m for _, _, m in scores] == by_percent_rank([m for _, _, m in customers], 1)
    assert [
        f for (_, f, _), (_, bought, _) in zip(scores, customers, strict=True) if bought > 1
    ] == (by_percent_rank([Decimal(f) for f in repeat], 2))
