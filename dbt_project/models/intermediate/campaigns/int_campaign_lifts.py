"""One row per campaign, segment and measure: intervals need distributions that SQL does not have."""

from dagster_project.campaigns.lift import LiftRules, Period, lifts
from dagster_project.campaigns.relation import read_rows, write_rows

COLUMNS = {
    "campaign_id": "string",
    "segment": "string",
    "measure": "string",
    "basis": "string",
    "group_value": "double",
    "comparison_value": "double",
    "placebo_windows": "bigint",
    "placebo_spans": "bigint",
    "placebo_mean": "double",
    "placebo_low": "double",
    "placebo_high": "double",
    "estimate": "double",
    "low": "double",
    "high": "double",
    "p_value": "double",
    "finding": "string",
}


def model(dbt, session):
    settings = dbt.config.get("meta")
    rules = LiftRules(
        z=float(settings["confidence_z"]),
        minimum_group=int(settings["minimum_group"]),
        minimum_spans=int(settings["minimum_spans"]),
    )
    periods = read_rows(dbt.ref("int_campaign_measures"), Period)
    return write_rows(session, COLUMNS, lifts(periods, rules))
