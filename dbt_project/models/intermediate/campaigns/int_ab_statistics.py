"""One row per campaign, variant and metric: tests need distributions that SQL does not have."""

from dagster_project.campaigns.ab_tests import AbSettings, Variant, ab_tests
from dagster_project.campaigns.relation import read_rows, write_rows

COLUMNS = {
    "campaign_id": "string",
    "variant": "string",
    "metric": "string",
    "method": "string",
    "control_variant": "string",
    "units": "bigint",
    "mean": "double",
    "mean_low": "double",
    "mean_high": "double",
    "difference": "double",
    "ci_low": "double",
    "ci_high": "double",
    "p_value": "double",
    "sample_ratio_p_value": "double",
    "minimum_detectable_effect": "double",
}


def model(dbt, session):
    meta = dbt.config.get("meta")
    settings = AbSettings(
        z=float(meta["confidence_z"]),
        power=float(meta["power"]),
        control_variants=frozenset(name.lower() for name in meta["control_variants"]),
        uses_earlier_spending=meta["cuped_days"] is not None,
    )
    variants = read_rows(dbt.ref("int_ab_variants"), Variant)
    return write_rows(session, COLUMNS, ab_tests(variants, settings))
