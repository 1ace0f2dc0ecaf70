"""Connections in Dagster, with dlt and without it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from dagster_project.connections.assets import CHECK, build_connection_assets
from dagster_project.ingestion.assets import LANDING_KEY, build_ingestion_assets
from dagster_project.settings import PROJECT_DIR, Settings
from tests.connections.conftest import Api
from tests.connections.test_files import REST

WITHOUT_DLT = """
import sys
sys.modules.update({"dlt": None, "dagster_dlt": None})
import dagster as dg
from dagster_project.definitions import defs
for spec in defs.resolve_all_asset_specs():
    if spec.key.path[0] == "connections":
        print(spec.key.to_user_string(), spec.description)
"""
IMPORTS_NO_DLT = """
import sys
from dagster_project.connections.assets import build_connection_assets
from dagster_project.settings import Settings
assert build_connection_assets(Settings.from_env()) == []
print([name for name in sys.modules if name.partition(".")[0] in ("dlt", "dagster_dlt")])
"""


def python(code: str) -> str:
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT_DIR, check=True, capture_output=True, text=True
    )
    return run.stdout.strip()


def test_without_connections_dlt_is_not_even_imported(settings: Settings) -> None:
    assert python(IMPORTS_NO_DLT) == "[]"


def test_without_dlt_a_connection_says_what_to_install(
    settings: Settings, write_connection: Callable[[str, str], Path]
) -> None:
    write_connection("shop_api", REST)
    shown = python(WITHOUT_DLT)
    assert shown.startswith("connections/shop_api Cannot be extracted: 没有安装 dlt")
    assert "[sources]" in shown


def run(settings: Settings) -> dg.ExecuteInProcessResult:
    connections = build_connection_assets(settings)
    keys = [key for extract in connections for key in extract.keys]
    landing = build_ingestion_assets(settings, keys)
    return dg.materialize(
        [*connections, *landing],
        selection=dg.AssetSelection.assets(
            *keys, LANDING_KEY, "raw/mapped_orders"
        ).required_multi_asset_neighbors(),
        raise_on_error=False,
    )


def checks(result: dg.ExecuteInProcessResult) -> dict[str, tuple[bool, dg.AssetCheckSeverity]]:
    assert {check.check_name for check in result.get_asset_check_evaluations()} == {CHECK}
    return {
        check.asset_key.to_user_string(): (check.passed, check.severity)
        for check in result.get_asset_check_evaluations()
    }


def files_loaded(result: dg.ExecuteInProcessResult) -> object:
    return {
        event.asset_key.to_user_string(): event.metadata["files_loaded"].value
        for event in result.asset_materializations_for_node("ingest_mapped")
    }["raw/mapped_orders"]


def test_a_broken_file_warns_and_the_rest_goes_on(
    settings: Settings, write_connection: Callable[[str, str], Path]
) -> None:
    write_connection("shop-api", REST.replace("kind: rest", "kind: soap"))
    result = run(settings)
    assert result.success
    assert checks(result) == {"connections/shop_api": (False, dg.AssetCheckSeverity.WARN)}
    (check,) = result.get_asset_check_evaluations()
    assert "small letters" in str(check.metadata["reason"].value)


def test_a_connection_extracts_before_the_landing_folder_is_read(
    settings: Settings, api: Api, write_connection: Callable[[str, str], Path]
) -> None:
    pytest.importorskip("dlt", reason="the extra `sources` is not installed")
    from tests.connections.test_rest import CONNECTION, order

    api.orders = [order(1, "2024-03-01T00:00:00+08:00")]
    good = CONNECTION.format(url=api.url, more="", overlap=0)
    write_connection("shop_api", good)
    write_connection("away", good.replace(api.url, "http://127.0.0.1:9"))
    result = run(settings)
    assert result.success
    assert checks(result) == {
        "connections/shop_api/orders": (True, dg.AssetCheckSeverity.WARN),
        "connections/away/orders": (False, dg.AssetCheckSeverity.WARN),
    }
    assert files_loaded(result) == 1
    specs = {s.key: s for d in build_connection_assets(settings) for s in d.specs}
    for spec in specs.values():
        assert spec.group_name == "connections"
        assert spec.owners
        assert spec.kinds
        assert spec.description

    # Nothing new: no file, no warning.
    result = run(settings)
    assert checks(result)["connections/shop_api/orders"] == (True, dg.AssetCheckSeverity.WARN)
    assert files_loaded(result) == 0
