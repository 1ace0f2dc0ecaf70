"""A mapping.yml that a person got wrong in any way is explained, never a crash."""

from __future__ import annotations

import copy
from collections.abc import Iterable

import duckdb
import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dagster_project.ingestion.mapping import parse_mapping
from dagster_project.ingestion.pseudonym import use_key
from dagster_project.ingestion.readers import Table
from dagster_project.ingestion.refusal import RefusedFile
from dagster_project.ingestion.transform import Clock, typed_rows

from .shapes import DIRT, EDITS, edited

ONE = {
    "entity": "orders",
    "source": "s",
    "shop": "旗舰店",
    "header": "true",
    "delimiter": ",",
    "decimal": ".",
    "date_format": "%d/%m/%Y",
    "timezone": "Europe/London",
    "columns": {
        "order_id": "a",
        "ordered_at": {"column": "b"},
        "status": {"column": "c", "values": {"x": "paid"}},
        "currency": {"constant": "CNY"},
    },
}
SEVERAL = {"source": "s", "tables": [{k: ONE[k] for k in ("entity", "columns")}] * 2}
TABLE = Table("csv", ("a", "b", "c"))
FUZZ = settings(
    max_examples=400,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)

_SCALAR = st.sampled_from(["", "false", "1", "order_id", "orders", "[", "{}", "'", "%", "a", *DIRT])
_NODE = st.recursive(
    _SCALAR,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_SCALAR, inner, max_size=2),
    max_leaves=4,
)


def paths(node: object, here: tuple = ()) -> list[tuple]:
    """The way to every node below `node`."""
    items: Iterable[tuple] = ()
    if isinstance(node, dict):
        items = node.items()
    elif isinstance(node, list):
        items = enumerate(node)
    found = [here] if here else []
    for key, value in items:
        found += paths(value, (*here, key))
    return found


def replaced(document: dict, path: tuple, value: object) -> dict:
    changed = copy.deepcopy(document)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return changed


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect(":memory:") as opened:
        opened.execute("set TimeZone = 'UTC'")
        use_key(opened, "a secret for tests")
        yield opened


def use(connection: duckdb.DuckDBPyConnection, text: str) -> bool:
    """Read a mapping, and a table with it, as the loader would; False when it is refused."""
    try:
        mapping = parse_mapping(text, "folder")
        planned = mapping.plan(lambda dialect: (TABLE,))
    except RefusedFile as refused:
        assert refused.refusal.code == "wrong_mapping"
        assert refused.refusal.zh and refused.refusal.en
        return False
    for table, binding in planned:
        clock = Clock("Asia/Shanghai", "2030-01-01 00:00:00")
        rows = "select 1 as _row_number, '7' as f0, '01/03/2024' as f1, 'x' as f2"
        assert len(connection.execute(typed_rows(binding, table, rows, clock)).fetchall()) == 1
    assert parse_mapping(mapping.text, "").text == mapping.text
    return True


class _Written(yaml.SafeDumper):
    """Writes a part that stands twice twice, as a person does; aliases are refused."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def written(document: object) -> str:
    return yaml.dump(document, Dumper=_Written, allow_unicode=True)


@pytest.mark.parametrize("document", [ONE, SEVERAL], ids=["one", "several"])
def test_a_value_of_another_shape(connection, document: dict):
    assert use(connection, written(document))

    @FUZZ
    @given(st.sampled_from(paths(document)), _NODE)
    def check(path: tuple, value: object) -> None:
        use(connection, written(replaced(document, path, value)))

    check()


def test_a_slip_of_the_pen(connection):
    slip = st.tuples(st.sampled_from(EDITS), st.integers(0, 400), st.sampled_from(DIRT))

    @FUZZ
    @given(st.lists(slip, min_size=1, max_size=4))
    def check(edits) -> None:
        text = yaml.safe_dump(ONE, allow_unicode=True)
        for edit, place, dirt in edits:
            text = edited(text, edit, place, dirt)
        use(connection, text)

    check()
