"""Alerts from Dagster's daemon: when a night has ended, and when none came."""

from __future__ import annotations

from datetime import UTC, datetime

import dagster as dg

from dagster_project.alerts.tell import Told, tell
from dagster_project.automation.names import NIGHTLY
from dagster_project.settings import Settings

# How often it is looked whether a night came at all, and a receiver that was down is tried again.
WATCH_SECONDS = 1800
_RETRIED_TAG = "dagster/will_retry"


def build_alert_sensors(
    settings: Settings, nightly: dg.UnresolvedAssetJobDefinition
) -> list[dg.SensorDefinition]:
    """Sensors that tell of failed and of successful nights, and of nights that did not come.

    None when nobody is to be told.
    """
    if not settings.alerts.anybody:
        return []

    def look(context: dg.SensorEvaluationContext | dg.RunStatusSensorContext) -> Told:
        return tell(settings, datetime.now(UTC), context.log.info, context.instance)

    @dg.run_failure_sensor(
        name="alert_on_failure",
        monitored_jobs=[nightly],
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=f"Tells once that a run of {NIGHTLY} failed, and what to do.",
    )
    def alert_on_failure(context: dg.RunFailureSensorContext) -> dg.SkipReason | None:
        if context.dagster_run.tags.get(_RETRIED_TAG) == "true":
            return dg.SkipReason("Dagster starts this run again; what comes of that is told")
        look(context)
        return None

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        name="alert_on_success",
        monitored_jobs=[nightly],
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells of refused files and warnings, and when all is well again.",
    )
    def alert_on_success(context: dg.RunStatusSensorContext) -> None:
        look(context)

    @dg.sensor(
        name="alert_watch",
        minimum_interval_seconds=WATCH_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Tells when no night came, and tries again what a receiver did not take.",
    )
    def alert_watch(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        told = look(context)
        return dg.SkipReason(f"told: {', '.join(told.delivered) or 'nobody'}")

    return [alert_on_failure, alert_on_success, alert_watch]
