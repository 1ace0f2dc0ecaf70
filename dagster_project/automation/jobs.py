"""The nightly job, its schedule, and the sensor on the landing folder."""

import hashlib
import time
from datetime import timedelta

import dagster as dg

from dagster_project.automation.alert_sensors import build_alert_sensors
from dagster_project.automation.landing import landing_state
from dagster_project.automation.names import DASHBOARD, NIGHTLY
from dagster_project.automation.night import NIGHT_HOUR
from dagster_project.dashboard.page import build_page
from dagster_project.settings import Settings
from dagster_project.transformation.vars import LATEST_PARTITION

# A file that changed within the last minute may still be being copied.
SETTLE_SECONDS = 60


def build_partitions(settings: Settings) -> dg.DailyPartitionsDefinition:
    """One partition per as-of date, in the shop's time zone; the first one is the latest day."""
    return dg.DailyPartitionsDefinition(LATEST_PARTITION, timezone=settings.shop_timezone)


def with_freshness(spec: dg.AssetSpec, settings: Settings) -> dg.AssetSpec:
    """Fresh for `fresh_hours` after the last night that reached it, then late, then stale."""
    late = timedelta(hours=settings.fresh_hours)
    policy = dg.FreshnessPolicy.time_window(warn_window=late, fail_window=2 * late)
    return dg.apply_freshness_policy(spec, policy)


def build_automation(settings: Settings) -> dg.Definitions:
    """The nightly job, its schedule at 02:00 shop time, the landing sensor and the alerts."""
    # Steps run in one process: DuckDB has one writer, and each further process would import dbt
    # and Dagster again.
    nightly = dg.define_asset_job(
        NIGHTLY,
        selection=dg.AssetSelection.all(),
        executor_def=dg.in_process_executor,
        description="Landing folder to published marts, through all three gates.",
        tags={
            "dagster/max_runtime": str(6 * 3600),
            # Whoever starts the job without choosing a day gets the latest one.
            "dagster/partition": LATEST_PARTITION,
        },
    )
    schedule = dg.build_schedule_from_partitioned_job(
        nightly,
        name="nightly_at_two",
        hour_of_day=NIGHT_HOUR,
        minute_of_hour=0,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Every night at 02:00 {settings.shop_timezone}, as of the day before.",
    )

    @dg.sensor(
        name="landing_sensor",
        job=nightly,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Runs the nightly job when files have landed and settled.",
    )
    def landing_sensor(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        now = time.time()
        state = landing_state(settings.landing_dir, now - SETTLE_SECONDS, now)
        if state is None:
            return dg.SkipReason("a file in the landing folder is still being written")
        # Only what came asks for a run: a refused file that was moved away is no news.
        if not state - set((context.cursor or "").split()):
            return dg.SkipReason("no new files in the landing folder")
        cursor = " ".join(sorted(state))
        context.update_cursor(cursor)
        return dg.RunRequest(run_key=hashlib.sha256(cursor.encode()).hexdigest())

    @dg.job(
        name=DASHBOARD,
        executor_def=dg.in_process_executor,
        description=(
            "Writes reports/index.html anew from what is published. It only reads the warehouse, "
            "so it may run beside a night."
        ),
    )
    def dashboard() -> None:
        _dashboard_op(settings)()

    sensors = [landing_sensor, *build_alert_sensors(settings, nightly)]
    return dg.Definitions(jobs=[nightly, dashboard], schedules=[schedule], sensors=sensors)


def _dashboard_op(settings: Settings) -> dg.OpDefinition:
    @dg.op(name="write_dashboard")
    def write_dashboard(context: dg.OpExecutionContext) -> None:
        if not settings.serving_db.is_file():
            raise dg.Failure("nothing is published yet", allow_retries=False)
        context.log.info(f"written: {build_page(settings)}")

    return write_dashboard
