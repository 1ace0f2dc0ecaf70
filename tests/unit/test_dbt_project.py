"""What every dbt model must have: a contract, described columns, a key, clean references."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dagster_project.dashboard.figures import FIGURES, PEOPLE
from dagster_project.ingestion.formats import load_formats

DBT_PROJECT = Path(__file__).parents[2] / "dbt_project"

# Marts read intermediate models, other marts and seeds. These read lower layers, because they are
# about the landed rows themselves and not about what became of them.
READS_LANDED_ROWS = {
    "ingested_files": "publishes the ledger of files",
    "row_dispositions": "shows each removed row as it landed",
    "gmv_bridge": "starts from the landed money, counted before any rule",
    "source_figures": "repeats the public figures on the landed rows",
    "quality_results": "publishes the log that the gates write",
}

# One engine's name or syntax in a model ties every figure to it; the clock makes a rerun differ.
FORBIDDEN = {
    "an engine's name": r"\b(duckdb|spark|postgres|snowflake|bigquery|redshift)\b",
    "the clock of the machine": r"\b(current_date|current_timestamp|getdate|now|today)\b\s*(\(|\b)",
    "a cast by two colons": r"::",
    "qualify": r"\bqualify\b",
    "distinct on": r"\bdistinct\s+on\b",
}

# A window without partitions puts all its rows into one task of a cluster. Ranks of customers and
# orders are counted per value instead (`rfm_cut_points`); these have few rows.
WINDOWS_OVER_ALL = {
    "association_ctes": "pairs that are bought together often enough",
    "customer_profiles": "values of tags",
    "default__join_key": "one machine only; on a cluster the id itself is the key",
    "growth_daily": "days",
    "int_file_versions": "files",
    "int_snapshot_dates": "month-ends",
    "loyalty_funnel": "steps",
    "popular_ctes": "products",
    "price_bands": "bands",
    "retention_cohorts_30d": "days",
}
OVER = re.compile(r"\bover\s*\(((?:[^()]|\([^()]*\))*)\)")

KEY_TESTS = {"unique", "unique_combination"}

Node = dict[str, Any]


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    target = tmp_path_factory.mktemp("dbt_target")
    dbt = Path(sys.executable).with_name("dbt")
    # Warnings are errors here: a deprecated shape of YAML fails today, not with the next dbt.
    command = [dbt, "--quiet", "--warn-error", "parse", "--no-partial-parse"]
    folders = {
        "--project-dir": DBT_PROJECT,
        "--profiles-dir": DBT_PROJECT,
        "--target-path": target,
        "--log-path": target,
    }
    for option, folder in folders.items():
        command += [option, folder]
    environment = {**os.environ, "WAREHOUSE_WORK_DB": str(target / "unused.duckdb")}
    subprocess.run(command, check=True, env=environment)
    return json.loads((target / "manifest.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def models(manifest: dict[str, Any]) -> list[Node]:
    found = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    assert len(found) > 50
    return found


@pytest.fixture(scope="module")
def marts(models: list[Node]) -> list[Node]:
    found = [node for node in models if node["schema"] == "marts"]
    assert len(found) >= 18
    return found


def _sql(node: Node) -> str:
    """A model's SQL without comments, lower case."""
    text = re.sub(r"\{#.*?#\}", " ", node["raw_code"], flags=re.DOTALL)
    return re.sub(r"--[^\n]*", " ", text).lower()


def _undescribed_columns(nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        for column in node["columns"].values():
            if not column["description"].strip():
                yield f"{node['name']}.{column['name']}"


def test_every_mart_has_an_enforced_contract_with_types(marts: list[Node]) -> None:
    loose = [node["name"] for node in marts if not node["contract"]["enforced"]]
    untyped = [
        f"{node['name']}.{column['name']}"
        for node in marts
        for column in node["columns"].values()
        if not column["data_type"]
    ]
    assert loose == []
    assert untyped == []


def test_every_mart_belongs_to_the_public_group_and_has_an_owner(marts: list[Node]) -> None:
    assert {node["group"] for node in marts} == {"customer_analytics"}
    assert {node["access"] for node in marts} == {"public"}
    assert [node["name"] for node in marts if not node["config"]["meta"].get("owner")] == []


def test_every_model_says_what_one_row_is(models: list[Node]) -> None:
    silent = [
        node["name"] for node in models if not re.match(r"One row( per |: )", node["description"])
    ]
    assert silent == []


def test_every_mart_says_what_one_row_is_of(marts: list[Node]) -> None:
    silent = [node["name"] for node in marts if not node["description"].startswith("One row per ")]
    assert silent == []


def test_every_column_of_every_model_is_described(models: list[Node]) -> None:
    assert [node["name"] for node in models if not node["columns"]] == []
    assert list(_undescribed_columns(models)) == []


def test_every_column_of_every_seed_is_described_and_typed(manifest: dict[str, Any]) -> None:
    seeds = [node for node in manifest["nodes"].values() if node["resource_type"] == "seed"]
    assert seeds
    assert list(_undescribed_columns(seeds)) == []
    for seed in seeds:
        header = (DBT_PROJECT / seed["original_file_path"]).read_text(encoding="utf-8")
        names = header.splitlines()[0].split(",")
        assert list(seed["columns"]) == names, seed["name"]
        assert list(seed["config"]["column_types"]) == names, seed["name"]


def test_marts_do_not_read_landed_rows(manifest: dict[str, Any], marts: list[Node]) -> None:
    def reads_landed_rows(node: Node) -> bool:
        parents = node["depends_on"]["nodes"]
        return any(
            parent.startswith("source.") or manifest["nodes"][parent]["schema"] == "staging"
            for parent in parents
        )

    readers = {node["name"] for node in marts if reads_landed_rows(node)}
    assert readers == set(READS_LANDED_ROWS)
    folders = {node["fqn"][2] for node in marts if node["name"] in READS_LANDED_ROWS}
    assert folders <= {"audit", "status"}


def test_only_staging_reads_sources(manifest: dict[str, Any], models: list[Node]) -> None:
    readers = {
        node["name"]
        for node in models
        if any(parent.startswith("source.") for parent in node["depends_on"]["nodes"])
        and node["schema"] != "staging"
    }
    assert readers == {"quality_results"}


def test_no_model_reads_a_personal_table(manifest: dict[str, Any], models: list[Node]) -> None:
    sources = [name for name in manifest["sources"] if name.endswith("_personal")]
    assert sources == []  # what is no source cannot be read by ref or source …
    assert [node["name"] for node in models if "_personal" in _sql(node)] == []  # … nor by name


def test_the_text_of_broken_rows_is_public_only_where_no_column_is_personal() -> None:
    macro = (DBT_PROJECT / "macros" / "landed_formats.sql").read_text(encoding="utf-8")
    entries = dict(re.findall(r"\{'format': '(\w+)'(.*?)\}", macro, flags=re.DOTALL))
    formats = {format_.name: format_ for format_ in load_formats()}
    assert len(entries) >= 12
    for name, entry in entries.items():
        if "'text_is_public': true" in entry:
            assert not formats[name].personal_columns, name


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_model_holds(models: list[Node], what: str) -> None:
    pattern = re.compile(FORBIDDEN[what])
    assert [node["name"] for node in models if pattern.search(_sql(node))] == []


def test_forbidden_patterns_find_what_they_are_for() -> None:
    examples = {
        "an engine's name": "{% if target.type == 'duckdb' %}",
        "the clock of the machine": "where order_date > current_date",
        "a cast by two colons": "select a::date",
        "qualify": "select 1 qualify row_number() over () = 1",
        "distinct on": "select distinct on (a) a",
    }
    assert examples.keys() == FORBIDDEN.keys()
    assert [what for what, sql in examples.items() if not re.search(FORBIDDEN[what], sql)] == []


def _has_window_over_all(sql: str) -> bool:
    return any("partition by" not in window for window in OVER.findall(sql))


def test_windows_over_everything_have_few_rows(
    manifest: dict[str, Any], models: list[Node]
) -> None:
    assert _has_window_over_all("sum(a) over (order by coalesce(b, 0))")
    assert not _has_window_over_all("sum(a) over (partition by coalesce(c, 0) order by b)")
    ours = [m for m in manifest["macros"].values() if m["package_name"] == "customer_analytics"]
    texts = {m["name"]: m["macro_sql"].lower() for m in ours} | {m["name"]: _sql(m) for m in models}
    found = {name for name, sql in texts.items() if _has_window_over_all(sql)}
    assert found == WINDOWS_OVER_ALL.keys()


WHOLE_TABLE = re.compile(r"select\s+\*\s+from\s+\{\{\s*(ref|source)\([^)]*\)\s*\}\}\s*$")


def test_no_model_is_another_table_under_a_new_name(models: list[Node]) -> None:
    """`select *` may import a table into a CTE or pass on a CTE, never be the whole result."""
    assert WHOLE_TABLE.search("select * from {{ ref('fct_orders') }}")
    assert [node["name"] for node in models if WHOLE_TABLE.search(_sql(node).strip())] == []


def test_every_mart_has_a_test_of_its_key(manifest: dict[str, Any], marts: list[Node]) -> None:
    keyed = {
        test["attached_node"]
        for test in manifest["nodes"].values()
        if test["resource_type"] == "test"
        and (test.get("test_metadata") or {}).get("name") in KEY_TESTS
        and test["config"]["severity"].lower() == "error"
        and not test["config"]["where"]
    }
    assert [node["name"] for node in marts if node["unique_id"] not in keyed] == []


def test_every_singular_test_names_the_table_that_it_guards(manifest: dict[str, Any]) -> None:
    singular = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and not node.get("test_metadata")
    ]
    assert len(singular) >= 10
    for test in singular:
        guarded = test["config"]["meta"]["dagster"]["ref"]["name"]
        parents = {parent.split(".")[-1] for parent in test["depends_on"]["nodes"]}
        assert guarded in parents, test["name"]


def test_every_test_of_a_mart_runs_with_the_marts(manifest: dict[str, Any]) -> None:
    """A test waits for all that it reads; what no mart stands on is never waited for."""
    nodes = manifest["nodes"]
    chosen = {
        name
        for name, node in nodes.items()
        if "marts" in node["tags"] and node["resource_type"] in ("model", "seed")
    }
    reached, waiting = set(chosen), list(chosen)
    while waiting:
        for parent in nodes.get(waiting.pop(), {}).get("depends_on", {}).get("nodes", []):
            if parent not in reached:
                reached.add(parent)
                waiting.append(parent)
    left_out = [
        node["name"]
        for node in nodes.values()
        if node["resource_type"] == "test"
        and node.get("attached_node") in chosen
        and not reached.issuperset(node["depends_on"]["nodes"])
    ]
    assert chosen
    assert left_out == []


def test_every_unit_test_says_why_it_exists(manifest: dict[str, Any]) -> None:
    unit_tests = manifest["unit_tests"].values()
    assert len(unit_tests) >= 40
    assert [test["name"] for test in unit_tests if len(test["description"]) < 40] == []


def test_the_exposure_of_the_dashboard_names_what_it_reads(manifest: dict[str, Any]) -> None:
    (exposure,) = [e for e in manifest["exposures"].values() if e["name"] == "dashboard"]
    named = {parent.rpartition(".")[2] for parent in exposure["depends_on"]["nodes"]}
    queries = " ".join([PEOPLE, *(figure.query for figure in FIGURES)])
    models = {node["name"] for node in manifest["nodes"].values()}
    assert named == set(re.findall(r"(?:from|join) (\w+)", queries)) & models


def test_every_yml_describes_the_model_beside_it(models: list[Node]) -> None:
    for node in models:
        path = Path(node["original_file_path"])
        assert node["patch_path"].endswith(str(path.with_suffix(".yml"))), node["name"]


def test_unit_tests_give_every_input_of_their_model(manifest: dict[str, Any]) -> None:
    """A model that gains an input fails here in seconds, not in dbt after a whole night."""
    short = []
    for unit_test in manifest["unit_tests"].values():
        (tested,) = unit_test["depends_on"]["nodes"]
        given = "".join(row["input"] for row in unit_test["given"])
        for parent in manifest["nodes"][tested]["depends_on"]["nodes"]:
            name = parent.rsplit(".", 1)[-1]
            # What an increment touches is not read where a model is built whole, as here.
            if name.startswith("int_touched_") or parent.startswith("seed."):
                continue
            if f"'{name}'" not in given:
                short.append(f"{unit_test['name']} of {tested} has no input {name}")
    assert short == []
