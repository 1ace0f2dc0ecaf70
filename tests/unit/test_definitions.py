"""What Dagster is told: assets, checks, jobs. A change here is a change for operators."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import dagster as dg
import pytest

from dagster_project.automation.names import LANDING_KEY, PUBLISHED_KEY
from dagster_project.definitions import build_definitions
from dagster_project.modelling.model import SCHEMA
from dagster_project.modelling.models import all_tables
from dagster_project.modelling.versions import VERSIONS
from dagster_project.quality.checks import table_key
from dagster_project.quality.suites import EXPECTATIONS_DIR, load_suites
from dagster_project.settings import Settings
from dagster_project.transformation.project import MARTS_SCHEMA
from dagster_project.transformation.vars import LATEST_PARTITION

VERSIONS_KEY = dg.AssetKey([SCHEMA, VERSIONS.name])

MARTS = {
    "ab_test_results",
    "attribution",
    "audience_composition",
    "audience_members",
    "audiences",
    "campaign_results",
    "campaign_segment_results",
    "category_associations",
    "category_repurchase_intervals",
    "category_transitions",
    "customer_clusters",
    "customer_lifecycle",
    "customer_membership",
    "customer_predictions",
    "customer_profiles",
    "customer_psychology",
    "customer_repurchase_intervals",
    "customer_rfm",
    "customer_state_history",
    "customer_tags",
    "customer_value_quadrant",
    "cut_point_history",
    "dim_campaigns",
    "dim_customers",
    "dim_products",
    "fct_campaign_touches",
    "fct_coupon_redemptions",
    "fct_events",
    "fct_order_items",
    "fct_orders",
    "fct_refunds",
    "fct_reviews",
    "gmv_bridge",
    "growth_daily",
    "identity_segment_changes",
    "identity_sensitivity",
    "identity_shared_contacts",
    "ingested_files",
    "label_calibration",
    "label_thresholds",
    "loyalty_funnel",
    "mart_status",
    "points_ledger",
    "prediction_backtest",
    "price_bands",
    "product_associations",
    "product_recommendations",
    "product_repurchase_intervals",
    "quality_results",
    "recommendation_backtest",
    "restatements",
    "retention_cohorts",
    "retention_cohorts_30d",
    "return_reasons",
    "review_keywords",
    "review_sentiment_quality",
    "review_topics",
    "row_dispositions",
    "segment_transitions",
    "set_buying",
    "source_figures",
    "tag_definitions",
    "watched_figures",
}
RAW = {
    "complete_journey_campaign_descriptions",
    "complete_journey_campaigns",
    "complete_journey_coupon_redemptions",
    "complete_journey_coupons",
    "complete_journey_demographics",
    "complete_journey_products",
    "complete_journey_transactions",
    "jd_orders",
    "mapped_campaign_members",
    "mapped_campaigns",
    "mapped_coupon_redemptions",
    "mapped_coupons",
    "mapped_customers",
    "mapped_events",
    "mapped_order_lines",
    "mapped_orders",
    "mapped_opt_outs",
    "mapped_points",
    "mapped_product_costs",
    "mapped_products",
    "mapped_referrals",
    "mapped_refunds",
    "mapped_reviews",
    "olist_category_translation",
    "olist_customers",
    "olist_geolocation",
    "olist_order_items",
    "olist_orders",
    "olist_payments",
    "olist_products",
    "olist_reviews",
    "olist_sellers",
    "online_retail",
    "shopify_orders",
    "taobao_order_lines",
    "taobao_orders",
    "taobao_refunds",
    "taobao_shipments",
    "taobao_user_behavior",
    "woocommerce_orders",
}


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    home: Path = tmp_path_factory.mktemp("definitions")
    return build_definitions(Settings.from_env({"WAREHOUSE_DIR": str(home)}))


def test_published_marts_and_raw_tables(definitions: dg.Definitions) -> None:
    keys = {tuple(spec.key.path) for spec in definitions.resolve_all_asset_specs()}
    assert {name for schema, name in keys if schema == MARTS_SCHEMA} == MARTS
    assert {name for schema, name in keys if schema == "raw" and name in RAW} == RAW
    assert ("landing", "files") in keys
    assert ("serving", "marts") in keys


def test_every_asset_has_group_owner_kind_and_description(definitions: dg.Definitions) -> None:
    for spec in definitions.resolve_all_asset_specs():
        written_by_the_pipeline = spec.key.path[0] in ("raw", "audit") or spec.key == VERSIONS_KEY
        if written_by_the_pipeline and spec.key.path[1] not in RAW:
            continue  # read by dbt as sources
        assert spec.group_name, spec.key
        assert spec.owners, spec.key
        assert spec.kinds, spec.key
        assert spec.description, spec.key


def test_every_rule_is_a_check_and_every_critical_one_blocks(definitions: dg.Definitions) -> None:
    gates = [d for d in definitions.asset_checks or [] if isinstance(d, dg.AssetChecksDefinition)]
    specs = {(s.asset_key, s.name): s for gate in gates for s in gate.check_specs}
    rules = {
        (table_key(suite.table), rule.name): rule
        for suite in load_suites(EXPECTATIONS_DIR)
        for rule in suite.rules
    }
    assert specs.keys() == rules.keys()
    assert len(rules) > 80
    for key, rule in rules.items():
        assert specs[key].blocking == (rule.severity == "critical"), key


def test_every_table_a_rule_speaks_of_is_an_asset(definitions: dg.Definitions) -> None:
    assets = {spec.key for spec in definitions.resolve_all_asset_specs()}
    assert {table_key(suite.table) for suite in load_suites(EXPECTATIONS_DIR)} <= assets


def test_models_are_fitted_between_the_facts_and_the_marts(definitions: dg.Definitions) -> None:
    specs = {spec.key: spec for spec in definitions.resolve_all_asset_specs()}
    manifest_keys = {key for key in specs if key.path[0] == SCHEMA} - {VERSIONS_KEY}
    assert manifest_keys == {dg.AssetKey([SCHEMA, table.name]) for table in all_tables()}
    blocked_by = {
        check.asset_key
        for gate in definitions.asset_checks or []
        if isinstance(gate, dg.AssetChecksDefinition) and gate.node_def.name == "gate_facts"
        for check in gate.check_specs
        if check.blocking
    }
    for key in manifest_keys:
        upstream = {dependency.asset_key for dependency in specs[key].deps}
        assert upstream & blocked_by, key
    read_by_marts = specs[dg.AssetKey(["staging", "stg_modelling__model_versions"])]
    assert VERSIONS_KEY in {dependency.asset_key for dependency in read_by_marts.deps}


def test_nightly_runs_at_two_shop_time(definitions: dg.Definitions) -> None:
    schedule = definitions.resolve_schedule_def("nightly_at_two")
    assert schedule.cron_schedule == "0 2 * * *"
    assert schedule.execution_timezone == "Asia/Shanghai"
    sensor = definitions.resolve_sensor_def("landing_sensor")
    assert sensor.job_name == "nightly"
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
    job = definitions.resolve_job_def("nightly")
    assert job.partitions_def is not None
    assert job.tags["dagster/partition"] == LATEST_PARTITION
    assert job.executor_def.name == "in_process"


def test_both_ends_of_the_line_show_whether_every_night_reached_them(
    definitions: dg.Definitions,
) -> None:
    policies = {
        spec.key: spec.freshness_policy
        for spec in definitions.resolve_all_asset_specs()
        if spec.freshness_policy is not None
    }
    expected = dg.FreshnessPolicy.time_window(
        warn_window=timedelta(hours=30), fail_window=timedelta(hours=60)
    )
    # A night with nothing new rebuilds no table between them: calling those late would be wrong.
    assert policies == {LANDING_KEY: expected, PUBLISHED_KEY: expected}
