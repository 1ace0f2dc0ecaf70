"""From a warehouse on disk to a message: real files and Dagster's real history, small ones."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from dagster_project.alerts import shell_night
from dagster_project.alerts.send import Patience
from dagster_project.alerts.shell_night import ShellNight
from dagster_project.alerts.tell import Told, send_test, tell, told_of_night
from dagster_project.automation.alert_sensors import build_alert_sensors
from dagster_project.automation.jobs import build_automation, build_partitions
from dagster_project.automation.names import NIGHTLY, PUBLISHED_KEY
from dagster_project.quality import store
from dagster_project.quality.results import RuleResult
from dagster_project.settings import Settings
from dagster_project.work_lock import WorkDatabaseBusyError
from tests.receivers import DINGTALK_OK, DINGTALK_REFUSES, Robot, free_port, mail_server, robot

NOW = datetime.now(UTC)
QUICK = Patience((0.5, 0.5), 0.01)


@pytest.fixture
def dingtalk() -> Iterator[Robot]:
    with robot() as state:
        yield state


@pytest.fixture
def settings(tmp_path: Path, dingtalk: Robot) -> Settings:
    made = Settings.from_env(
        {
            "WAREHOUSE_DIR": str(tmp_path / "shop"),
            "ALERT_WEBHOOK_URL": dingtalk.url,
            "ALERT_WEBHOOK_KIND": "dingtalk",
            "ALERT_WEBHOOK_SECRET": "SECabc",
        }
    )
    made.create_folders()
    return made


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as history:
        yield history


class RowOfAnExport(Exception):
    pass


def run(instance: dg.DagsterInstance, fails: bool, **tags: str) -> dg.DagsterRun:
    """A run of a job that is called as the nightly one."""

    @dg.op(name="dbt_facts", out=dg.Out(dg.Nothing))
    def step() -> None:
        if fails:
            raise RowOfAnExport("13711112222 张三 could not be read")

    @dg.job(name=NIGHTLY, tags=tags)
    def nightly() -> None:
        step()

    result = nightly.execute_in_process(instance=instance, raise_on_error=False)
    found = instance.get_run_by_id(result.run_id)
    assert found is not None
    return found


def broken_rule(settings: Settings, run_id: str, severity: str = "critical") -> None:
    result = RuleResult(
        "marts.gmv_bridge", "facts", "raw_gives_kept", "reconciliation", severity, "data@shop.cn",
        "Rows disappeared.", False, None, 9, 2, None,
        json.dumps([{"file_id": n, "step": "kept"} for n in (3, 4)]), None,
    )  # fmt: skip
    with duckdb.connect(str(settings.work_db)) as connection:
        store.write_results(connection, [result], run_id, NOW.replace(tzinfo=None))


def refuse(settings: Settings, name: str) -> Path:
    reason = settings.refused_dir / f"{name}.reason.txt"
    reason.parent.mkdir(parents=True, exist_ok=True)
    (settings.refused_dir / name).write_text("x")
    reason.write_text(f"{name}\n\n文件里有：张三\n\nThe file has: 13711112222\n")
    # The tests' time stands still, the machine's does not.
    os.utime(reason, (NOW.timestamp(), NOW.timestamp()))
    return reason


def publish(settings: Settings, built_at: datetime, late: str = "") -> None:
    with duckdb.connect() as connection:
        connection.execute(f"attach '{settings.serving_db}' as served")
        connection.execute("create schema if not exists served.marts")
        connection.execute(
            "create or replace table served.marts.mart_status as "
            "select date '2026-11-28' as as_of_date, ?::timestamp as built_at, "
            "'fresh' as freshness, nullif(?, '') as late_sources",
            [built_at.replace(tzinfo=None), late],
        )


def look(
    settings: Settings, instance: dg.DagsterInstance | None, hours: float = 0
) -> tuple[Told, list[str]]:
    log: list[str] = []
    told = tell(settings, NOW + timedelta(hours=hours), log.append, instance, QUICK)
    return told, log


def test_a_failed_night_is_told_once_however_often_it_fails_and_is_looked_at(
    settings: Settings, instance: dg.DagsterInstance, dingtalk: Robot
) -> None:
    for hour in range(5):  # retries, cron, sensors
        failed = run(instance, fails=True)
        broken_rule(settings, failed.run_id)
        for _ in range(3):
            told, _ = look(settings, instance, hour)
            assert told.failed == ()
    (text,) = dingtalk.texts
    assert "step dbt_facts failed (RowOfAnExport)" in text
    assert "marts.gmv_bridge breaks raw_gives_kept: 2 rows [file_id=3, step=kept;" in text
    assert "13711112222" not in text
    assert "张三" not in text

    look(settings, instance, hours=24)
    assert len(dingtalk.texts) == 2
    assert "(reminder)" in dingtalk.texts[1]

    run(instance, fails=False)
    for _ in range(3):
        look(settings, instance, hours=25)
    assert len(dingtalk.texts) == 3
    assert "all is well again" in dingtalk.texts[2]
    assert "- step failed: dbt_facts (RowOfAnExport)" in dingtalk.texts[2]


def test_a_night_that_goes_well_is_silent(
    settings: Settings, instance: dg.DagsterInstance, dingtalk: Robot
) -> None:
    run(instance, fails=False)
    publish(settings, NOW)
    assert look(settings, instance) == (Told(), [])
    assert dingtalk.received == []


def test_a_receiver_that_is_down_gets_the_same_message_later(
    settings: Settings, instance: dg.DagsterInstance, dingtalk: Robot
) -> None:
    run(instance, fails=True)
    dingtalk.answers = [DINGTALK_REFUSES]
    told, log = look(settings, instance)
    assert told == Told(failed=("dingtalk",))
    assert "310000" in log[0]
    assert "tok3n" not in log[0]
    dingtalk.answers = [DINGTALK_OK]
    assert look(settings, instance)[0] == Told(delivered=("dingtalk",))
    assert look(settings, instance)[0] == Told()
    first, second = dingtalk.texts
    assert first == second


def test_receivers_are_remembered_one_by_one(
    settings: Settings, instance: dg.DagsterInstance, dingtalk: Robot
) -> None:
    run(instance, fails=True)
    dingtalk.answers = [(500, "")]
    with mail_server() as server:
        both = Settings.from_env(
            {
                "WAREHOUSE_DIR": str(settings.warehouse_dir),
                "ALERT_WEBHOOK_URL": dingtalk.url,
                "ALERT_WEBHOOK_KIND": "dingtalk",
                "ALERT_EMAIL_TO": "a@shop.cn",
                "ALERT_EMAIL_FROM": "robot@shop.cn",
                "SMTP_HOST": "127.0.0.1",
                "SMTP_PORT": str(server.port),
                "SMTP_SECURITY": "none",
            }
        )
        assert look(both, instance)[0] == Told(("email",), ("dingtalk",))
        dingtalk.answers = [DINGTALK_OK]
        assert look(both, instance)[0] == Told(("dingtalk",), ())
        ((_, mail),) = server.received
    assert "RowOfAnExport" in mail.get_content()


def test_refused_files_are_told_until_they_are_mended(
    settings: Settings, instance: dg.DagsterInstance, dingtalk: Robot
) -> None:
    refuse(settings, "shop/orders.csv")
    refuse(settings, "shop/lines.csv")
    look(settings, instance)
    (text,) = dingtalk.texts
    assert "refused: shop/orders.csv" in text
    assert "refused: shop/lines.csv" in text
    # The reason may quote the first row of a file without a header.
    assert "13711112222" not in text
    with duckdb.connect(str(settings.work_db)) as connection:
        connection.execute("create schema raw")
        connection.execute(
            "create table raw.ingested_files as select 'shop/orders.csv' as source_file, "
            "'loaded' as status, ?::timestamp as loaded_at",
            [(NOW + timedelta(minutes=1)).replace(tzinfo=None)],
        )
    look(settings, instance)
    assert "Over since the last message (1)\n- file refused: shop/orders.csv" in dingtalk.texts[1]
    (settings.refused_dir / "shop" / "lines.csv.reason.txt").unlink()
    look(settings, instance)
    assert "all is well again" in dingtalk.texts[2]


def test_late_data_and_a_night_that_never_came(
    settings: Settings, instance: dg.DagsterInstance, dingtalk: Robot
) -> None:
    publish(settings, NOW, late="jd")
    look(settings, instance)
    assert "no new file from jd" in dingtalk.texts[0]
    # Nothing runs: the watch sees it by the clock alone.
    assert look(settings, instance, hours=29)[0] == Told()
    look(settings, instance, hours=31)
    assert "no night has reached the published marts for 31 hours" in dingtalk.texts[1]


def test_a_night_with_nothing_new_has_reached_the_marts_and_one_of_a_history_has_not(
    settings: Settings, instance: dg.DagsterInstance, dingtalk: Robot
) -> None:
    publish(settings, NOW - timedelta(days=3))

    def event(**metadata: bool) -> None:
        made = dg.AssetMaterialization(PUBLISHED_KEY, metadata=metadata)
        instance.report_runless_asset_event(made)

    event(replaced_current=False)
    look(settings, instance)
    assert "no night has reached the published marts for 72 hours" in dingtalk.texts[0]
    event(nothing_new=True)
    look(settings, instance)
    assert "all is well again" in dingtalk.texts[1]
    event(replaced_current=False)
    assert look(settings, instance)[0] == Told()


def test_a_history_is_no_night(
    settings: Settings, instance: dg.DagsterInstance, dingtalk: Robot
) -> None:
    run(instance, fails=False)
    run(instance, fails=True, **{"dagster/backfill": "abc"})
    assert look(settings, instance)[0] == Told()
    assert dingtalk.received == []


def test_nothing_is_looked_at_while_a_run_is_on(
    settings: Settings, instance: dg.DagsterInstance, dingtalk: Robot
) -> None:
    run(instance, fails=True)
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from dagster_project.settings import Settings\n"
            "from dagster_project.work_lock import hold_work_database\n"
            "hold_work_database(Settings.from_env()); print('held', flush=True); input()",
        ],
        env={**os.environ, "WAREHOUSE_DIR": str(settings.warehouse_dir)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    assert look(settings, instance)[0] == Told()
    holder.kill()
    holder.wait()
    assert look(settings, instance)[0] == Told(("dingtalk",))


def test_two_that_look_at_once_tell_once(
    settings: Settings, instance: dg.DagsterInstance, dingtalk: Robot
) -> None:
    refuse(settings, "orders.csv")
    threads = [threading.Thread(target=look, args=(settings, None)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(dingtalk.received) == 1


def test_a_night_from_a_shell_that_breaks_off_is_told_and_fails_as_before(
    settings: Settings, dingtalk: Robot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(settings.dagster_home))
    with (
        pytest.raises(ImportError, match="cannot be installed"),
        told_of_night(settings, lambda line: None),
    ):
        raise ImportError("cannot be installed: postgresql://u:passw0rd@host")
    (text,) = dingtalk.texts
    assert "the night broke off (ImportError)" in text
    assert "passw0rd" not in text
    with pytest.raises(KeyboardInterrupt), told_of_night(settings, lambda line: None):
        raise KeyboardInterrupt
    assert len(dingtalk.texts) == 1


def test_a_night_that_cannot_begin_is_told_and_one_that_finds_another_is_not(
    settings: Settings, dingtalk: Robot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(settings.dagster_home))
    shell_night.write(settings, ShellNight(NOW, ended=False, error=None))
    with pytest.raises(WorkDatabaseBusyError), told_of_night(settings, lambda line: None):
        raise WorkDatabaseBusyError("another run")
    assert dingtalk.texts == []
    # The note is still the other night's.
    assert shell_night.read(settings) == ShellNight(NOW, ended=False, error=None)
    with pytest.raises(OSError, match="no space"), told_of_night(settings, lambda line: None):
        raise OSError("no space left on device")
    (text,) = dingtalk.texts
    assert "the night broke off (OSError)" in text


def test_a_night_from_a_shell_that_was_killed_is_found_at_the_next_look(
    settings: Settings, instance: dg.DagsterInstance, dingtalk: Robot
) -> None:
    run(instance, fails=False)
    program = (
        "from dagster_project.alerts.tell import told_of_night\n"
        "from dagster_project.settings import Settings\n"
        "from dagster_project.work_lock import hold_work_database\n"
        "settings = Settings.from_env(); hold_work_database(settings)\n"
        "with told_of_night(settings, print) as began:\n"
        "    began(); print('began', flush=True); input()"
    )
    night = subprocess.Popen(
        [sys.executable, "-c", program],
        env={
            **os.environ,
            "WAREHOUSE_DIR": str(settings.warehouse_dir),
            "ALERT_WEBHOOK_URL": dingtalk.url,
            "ALERT_WEBHOOK_KIND": "dingtalk",
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert night.stdout is not None
    night.stdout.readline()
    assert look(settings, instance, hours=1)[0] == Told()  # it is on
    os.kill(night.pid, signal.SIGKILL)
    night.wait()
    assert look(settings, instance, hours=1)[0] == Told(("dingtalk",))
    assert "the night broke off (killed)" in dingtalk.texts[0]
    run(instance, fails=False)  # the next one, which the daemon started
    assert look(settings, instance, hours=2)[0] == Told(("dingtalk",))
    assert "all is well again" in dingtalk.texts[1]


def test_a_note_that_cannot_be_read_is_no_night(settings: Settings) -> None:
    assert shell_night.read(settings) is None
    shell_night.write(settings, ShellNight(NOW, ended=True, error="X"))
    assert shell_night.read(settings) == ShellNight(NOW, ended=True, error="X")
    (settings.alerts_dir / "shell_night.json").write_text("{")
    assert shell_night.read(settings) is None


def test_a_look_that_goes_wrong_is_logged_and_fails_nothing(
    settings: Settings, instance: dg.DagsterInstance
) -> None:
    (settings.alerts_dir / "said.json").mkdir(parents=True)  # it cannot be replaced
    refuse(settings, "orders.csv")
    told, log = look(settings, instance)
    assert told.failed == ("look",)
    assert "could not look at the warehouse" in log[-1]


def test_a_broken_database_is_told_with_the_night_that_met_it(
    settings: Settings, instance: dg.DagsterInstance, dingtalk: Robot
) -> None:
    run(instance, fails=True)
    settings.serving_db.write_text("no database")
    settings.work_db.write_text("no database either")
    refuse(settings, "orders.csv")
    assert look(settings, instance)[0] == Told(("dingtalk",))
    (text,) = dingtalk.texts
    for part in (
        "step dbt_facts failed",
        "work/warehouse.duckdb cannot be opened",
        "serving/marts.duckdb cannot be opened",
        "refused: orders.csv",
    ):
        assert part in text


def test_a_database_that_somebody_has_open_is_looked_at_later(
    settings: Settings, instance: dg.DagsterInstance, dingtalk: Robot
) -> None:
    run(instance, fails=True)
    program = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); input()"
    )
    client = subprocess.Popen(
        [sys.executable, "-u", "-c", program, str(settings.work_db)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert client.stdout is not None
    client.stdout.readline()
    assert look(settings, instance)[0] == Told()
    client.kill()
    client.wait()
    assert look(settings, instance)[0] == Told(("dingtalk",))


def test_a_connection_that_a_failed_step_left_open_does_not_keep_the_failure_quiet(
    settings: Settings, instance: dg.DagsterInstance, dingtalk: Robot
) -> None:
    run(instance, fails=True)
    with duckdb.connect(str(settings.work_db)):
        assert look(settings, instance)[0] == Told(("dingtalk",))
    assert "step dbt_facts failed" in dingtalk.texts[0]
    assert "cannot be opened" not in dingtalk.texts[0]


def test_the_test_message_says_whether_it_arrived(settings: Settings, dingtalk: Robot) -> None:
    log: list[str] = []
    assert send_test(settings, NOW, log.append, QUICK)
    dingtalk.answers = [DINGTALK_REFUSES]
    assert not send_test(settings, NOW, log.append, QUICK)
    assert log[0] == "dingtalk: sent"
    assert "310000" in log[1]
    assert "测试消息" in dingtalk.texts[0]
    nowhere = {"ALERT_WEBHOOK_URL": f"http://127.0.0.1:{free_port()}/x"}
    kind = {"ALERT_WEBHOOK_KIND": "slack", "WAREHOUSE_DIR": str(settings.warehouse_dir)}
    assert not send_test(Settings.from_env(nowhere | kind), NOW, log.append, QUICK)


Sensors = dict[str, dg.SensorDefinition]


@pytest.fixture
def sensors(settings: Settings) -> Sensors:
    job = dg.define_asset_job(NIGHTLY, selection="*")
    return {sensor.name: sensor for sensor in build_alert_sensors(settings, job)}


def test_without_a_receiver_there_are_no_sensors(tmp_path: Path) -> None:
    job = dg.define_asset_job(NIGHTLY, selection="*")
    assert build_alert_sensors(Settings.from_env({"WAREHOUSE_DIR": str(tmp_path)}), job) == []


def context_of(
    sensor: str, instance: dg.DagsterInstance, run: dg.DagsterRun
) -> dg.RunStatusSensorContext:
    return dg.build_run_status_sensor_context(
        sensor_name=sensor,
        dagster_instance=instance,
        dagster_run=run,
        dagster_event=dg.DagsterEvent(
            dg.DagsterEventType.RUN_FAILURE.value, NIGHTLY, message="ended"
        ),
    )


def test_dagsters_daemon_tells_of_failure_and_of_success(
    settings: Settings, instance: dg.DagsterInstance, dingtalk: Robot, sensors: Sensors
) -> None:
    failure: Callable[..., object] = sensors["alert_on_failure"]
    failed = run(instance, fails=True)
    for _ in range(3):
        failure(context_of("alert_on_failure", instance, failed).for_run_failure())
    assert len(dingtalk.texts) == 1
    success: Callable[..., object] = sensors["alert_on_success"]
    success(context_of("alert_on_success", instance, run(instance, fails=False)))
    assert "all is well again" in dingtalk.texts[1]


def test_a_run_that_dagster_starts_again_is_told_when_that_has_ended(
    instance: dg.DagsterInstance, dingtalk: Robot, sensors: Sensors
) -> None:
    failed = run(instance, fails=True, **{"dagster/will_retry": "true"})
    failure: Callable[..., object] = sensors["alert_on_failure"]
    failure(context_of("alert_on_failure", instance, failed).for_run_failure())
    assert dingtalk.received == []


def test_the_watch_tells_what_no_run_does(
    settings: Settings, instance: dg.DagsterInstance, dingtalk: Robot, sensors: Sensors
) -> None:
    publish(settings, NOW - timedelta(days=3))
    for _ in range(3):
        skipped = sensors["alert_watch"](dg.build_sensor_context(instance=instance))
        assert isinstance(skipped, dg.SkipReason)
    (text,) = dingtalk.texts
    assert "数据延迟" in text


def test_dagster_loads_the_sensors_with_the_job_that_they_watch(settings: Settings) -> None:
    @dg.asset(partitions_def=build_partitions(settings))
    def marts() -> None: ...

    merged = dg.Definitions.merge(dg.Definitions(assets=[marts]), build_automation(settings))
    dg.Definitions.validate_loadable(merged)
    repository = merged.get_repository_def()
    assert {sensor.name for sensor in repository.sensor_defs} == {
        "landing_sensor",
        "alert_on_failure",
        "alert_on_success",
        "alert_watch",
    }
