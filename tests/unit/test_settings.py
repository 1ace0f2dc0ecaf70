"""Settings read from an environment, and errors that name the variable."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from dagster_project.cli import main
from dagster_project.settings import PROJECT_DIR, Settings, SettingsError, read_secret


def test_defaults() -> None:
    settings = Settings.from_env({})
    assert settings.warehouse_dir == PROJECT_DIR / "warehouse"
    assert settings.as_of_date is None
    assert settings.shop_timezone == "Asia/Shanghai"


def test_paths_are_absolute_below_the_warehouse(tmp_path: Path) -> None:
    settings = Settings.from_env({"WAREHOUSE_DIR": str(tmp_path / "w"), "AS_OF_DATE": "2024-02-29"})
    assert settings.as_of_date == date(2024, 2, 29)
    for path in (settings.landing_dir, settings.work_db, settings.serving_db, settings.reports_dir):
        assert path.is_absolute()
        assert path.is_relative_to(tmp_path / "w")


def test_a_secret_that_is_not_set_is_named() -> None:
    assert read_secret("SHOP_API_TOKEN", {"SHOP_API_TOKEN": "abc"}) == "abc"
    with pytest.raises(SettingsError, match="SHOP_API_TOKEN is not set"):
        read_secret("SHOP_API_TOKEN", {"SHOP_API_TOKEN": ""})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AS_OF_DATE", "31.12.2024"),
        ("SHOP_TIMEZONE", "Mars/Olympus"),
        ("PUBLISH_PERSONAL", "maybe"),
    ],
)
def test_unusable_values_are_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name) as error:
        Settings.from_env({name: value})
    assert value in str(error.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("IDENTITY_RULE", "lose"),
        ("PSEUDONYM_KEY", "pa55word"),
        ("FRESH_HOURS", "a day"),
        ("FRESH_HOURS", "0"),
        ("KEEP_RUNS_DAYS", "for ever"),
    ],
)
def test_a_wrong_value_is_named_and_never_shown_when_it_is_secret(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name) as raised:
        Settings.from_env({name: value})
    assert (value in str(raised.value)) == (name != "PSEUDONYM_KEY")


def test_no_secret_is_in_the_settings_text() -> None:
    settings = Settings.from_env(
        {
            "PSEUDONYM_KEY": "a very secret secret",
            "AUDIENCE_WEBHOOK_SECRET": "a very secret secret",
            "SERVING_POSTGRES_URL": "postgresql://shop:secret secret@db/shop",
            **ALERTS,
        }
    )
    assert settings.pseudonym_key == "a very secret secret"
    assert settings.alerts.smtp_password == "secret secret"
    assert "secret" not in repr(settings).replace("_secret", "")


ALERTS = {
    "ALERT_WEBHOOK_URL": "https://robot.example/send?access_token=secret",
    "ALERT_WEBHOOK_KIND": "feishu",
    "ALERT_WEBHOOK_SECRET": "secret secret",
    "ALERT_EMAIL_TO": "a@shop.cn, b@shop.cn",
    "SMTP_HOST": "smtp.shop.cn",
    "SMTP_USER": "robot@shop.cn",
    "SMTP_PASSWORD": "secret secret",
}


def test_alerts_are_read_and_nobody_is_told_by_default() -> None:
    alerts = Settings.from_env(ALERTS).alerts
    assert alerts.anybody
    assert alerts.email_to == ("a@shop.cn", "b@shop.cn")
    assert alerts.email_from == "robot@shop.cn"
    assert (alerts.smtp_port, alerts.smtp_security) == (587, "starttls")
    on_465 = Settings.from_env({**ALERTS, "SMTP_PORT": "465"}).alerts
    assert on_465.smtp_security == "ssl"
    assert not Settings.from_env({}).alerts.anybody


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"ALERT_WEBHOOK_KIND": "wechat"}, "ALERT_WEBHOOK_KIND='wechat'"),
        ({"ALERT_WEBHOOK_KIND": ""}, "ALERT_WEBHOOK_KIND"),
        ({"ALERT_WEBHOOK_KIND": "slack"}, "ALERT_WEBHOOK_SECRET is not for Slack"),
        ({"ALERT_WEBHOOK_URL": "http://robot.example/secret"}, "ALERT_WEBHOOK_URL must begin"),
        ({"ALERT_WEBHOOK_URL": "robot.example/secret"}, "ALERT_WEBHOOK_URL must begin"),
        ({"ALERT_WEBHOOK_URL": "https://robot.example/ secret"}, "ALERT_WEBHOOK_URL must begin"),
        ({"ALERT_WEBHOOK_URL": "https://[secret"}, "ALERT_WEBHOOK_URL cannot be read"),
        ({"ALERT_EMAIL_TO": "a@shop.cn\nBcc: x@shop.cn"}, "ALERT_EMAIL_TO"),
        ({"SMTP_USER": ""}, "ALERT_EMAIL_FROM"),
        ({"SMTP_HOST": ""}, "ALERT_EMAIL_TO needs SMTP_HOST"),
        ({"SMTP_PASSWORD": ""}, "SMTP_USER needs SMTP_PASSWORD"),
        ({"SMTP_PORT": "70000"}, "SMTP_PORT='70000'"),
        ({"SMTP_SECURITY": "none"}, "SMTP_SECURITY=none"),
    ],
)
def test_wrong_alert_settings_are_named_without_their_secrets(
    changes: dict[str, str], named: str
) -> None:
    with pytest.raises(SettingsError, match=named) as raised:
        Settings.from_env({**ALERTS, **changes})
    assert "secret" not in str(raised.value)


def test_a_warehouse_that_cannot_be_there_is_said_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("WAREHOUSE_DIR", str(tmp_path / "file"))
    assert main(["nightly"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: WAREHOUSE_DIR=") and "name a folder" in said
    assert said.count("\n") == 1


def test_a_cluster_is_read_and_there_is_none_by_default() -> None:
    cluster = Settings.from_env(
        {
            "DAGSTER_POSTGRES_URL": "postgresql://dagster:secret@127.0.0.1/dagster",
            "DAGSTER_CODE_SERVER": "[::1]:4100",
            "DAGSTER_WEB_PORT": "3100",
            "RUN_WORKERS": "4",
        }
    ).cluster
    assert (cluster.code_host, cluster.code_port) == ("[::1]", 4100)
    assert (cluster.web_port, cluster.run_workers) == (3100, 4)
    assert "secret" not in repr(cluster)
    default = Settings.from_env({}).cluster
    assert default.postgres_url is None
    assert (default.code_host, default.code_port, default.web_port) == ("127.0.0.1", 4000, 3000)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"DAGSTER_POSTGRES_URL": "mysql://dagster:secret@127.0.0.1/dagster"}, "must begin with"),
        ({"DAGSTER_CODE_SERVER": "4000"}, "DAGSTER_CODE_SERVER='4000'"),
        ({"DAGSTER_CODE_SERVER": "localhost:http"}, "DAGSTER_CODE_SERVER='http'"),
        ({"DAGSTER_WEB_PORT": "0"}, "DAGSTER_WEB_PORT='0'"),
        ({"RUN_WORKERS": "two"}, "RUN_WORKERS='two' is not a number of runs; write one such as 2"),
    ],
)
def test_wrong_cluster_settings_are_named(changes: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named) as raised:
        Settings.from_env(changes)
    assert "secret" not in str(raised.value)
