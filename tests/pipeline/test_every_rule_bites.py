"""Each rule of `expectations/` holds on the data of a published night, and a mutation of it breaks
it: counted, and with the changed row in its sample. A rule that nothing breaks guards nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from dagster_project.quality.suites import EXPECTATIONS_DIR, Rule, Suite, load_suites
from tests.pipeline.conftest import Warehouse, first_night
from tests.pipeline.mutations import (
    Bench,
    Mutation,
    load_mutations,
    mutations_of,
    open_bench,
    toothless,
    without_mutation,
    without_rule,
)

SUITES = load_suites(EXPECTATIONS_DIR)
MUTATIONS = load_mutations()


@pytest.fixture(scope="module")
def benches(
    made_shop: Warehouse, every_shop: Warehouse, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Bench]]:
    """Copies of both shops' work databases, the made one first."""
    folder = tmp_path_factory.mktemp("benches")
    tables = [suite.table for suite in SUITES]
    with (
        open_bench(first_night(made_shop), folder / "made.duckdb", tables) as made,
        open_bench(first_night(every_shop), folder / "every.duckdb", tables) as every,
    ):
        yield [made, every]


def bench_with_rows(benches: list[Bench], table: str) -> Bench:
    return next((bench for bench in benches if table in bench.filled), benches[-1])


def test_every_rule_has_a_mutation() -> None:
    assert without_mutation(SUITES, MUTATIONS) == []
    assert without_rule(SUITES, MUTATIONS) == []


@pytest.mark.parametrize("suite", SUITES, ids=[suite.table for suite in SUITES])
def test_every_mutation_trips_its_rule(suite: Suite, benches: list[Bench]) -> None:
    bench = bench_with_rows(benches, suite.table)
    rows = () if suite.table in bench.filled else MUTATIONS.rows[suite.table]
    tried = [
        (rule.name, mutation.change, toothless(bench, suite, rule, mutation, rows))
        for rule in suite.rules
        for mutation in mutations_of(suite, rule, MUTATIONS)
    ]
    assert {name for name, _, _ in tried} == {rule.name for rule in suite.rules}
    assert [found for found in tried if found[2] is not None] == []


def test_nothing_of_a_mutation_stays(benches: list[Bench]) -> None:
    bench, suite = benches[0], _suite("marts.fct_orders")
    counted = "select count(*) as orders, sum(net_amount) as net from marts.fct_orders"
    before = bench.run(counted)
    (rule,) = [rule for rule in suite.rules if rule.name == "order_id_is_unique"]
    assert toothless(bench, suite, rule, Mutation("duplicate", suite.table), ()) is None
    assert bench.run(counted) == before


def test_a_new_rule_without_a_mutation_is_found() -> None:
    suite = _suite("marts.fct_orders")
    new = replace(
        suite, rules=(*suite.rules, _query("new_rule", "select * from {batch} where 1 > 2"))
    )
    assert without_mutation([new], MUTATIONS) == [("marts.fct_orders", "new_rule")]


def test_a_mutation_of_a_rule_that_is_gone_is_found() -> None:
    fewer = [suite for suite in SUITES if suite.table != "marts.loyalty_funnel"]
    assert without_rule(fewer, MUTATIONS) == [("marts.loyalty_funnel", "steps_only_narrow")]


LOST = Mutation("set", "marts.fct_orders", {"net_amount": "net_amount + 1"})


@pytest.mark.parametrize(
    ("query", "mutation", "why"),
    [
        pytest.param(
            "select order_id from {batch} where net_amount > paid_amount + 100000",
            LOST,
            "the rule holds although",
            id="holds all the same",
        ),
        pytest.param(
            "select order_id from {batch} where status is not null",
            LOST,
            "the rule does not hold before",
            id="never held",
        ),
        pytest.param(
            "select order_id from {batch} where net_amount <> paid_amount - refunded_amount",
            replace(LOST, where="order_id = 'no such order'"),
            "the mutation changed no row",
            id="changes nothing",
        ),
        pytest.param(
            "select min(order_id) as first_order from {batch} "
            "having sum(net_amount) <> sum(paid_amount - refunded_amount)",
            LOST,
            "names none of",
            id="names nobody",
        ),
        pytest.param(
            "select order_id from {batch} where no_such_column is null",
            LOST,
            "the rule does not hold before",
            id="cannot be computed",
        ),
    ],
)
def test_a_rule_without_teeth_is_found(
    query: str, mutation: Mutation, why: str, benches: list[Bench]
) -> None:
    rule = _query("toothless", query)
    suite = replace(_suite("marts.fct_orders"), rules=(rule,))
    found = toothless(benches[0], suite, rule, mutation, ())
    assert found is not None
    assert why in found


def _suite(table: str) -> Suite:
    return next(suite for suite in SUITES if suite.table == table)


def _query(name: str, query: str) -> Rule:
    return Rule(
        name=name,
        kind="validity",
        type="unexpected_rows_expectation",
        severity="critical",
        reason="Written for this test.",
        kwargs={"unexpected_rows_query": query},
    )
