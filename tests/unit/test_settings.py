"""Settings read from an environment, and errors that name the variable."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

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
    ],
)
def test_a_wrong_value_is_named_and_never_shown_when_it_is_secret(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name) as raised:
        Settings.from_env({name: value})
    assert (value in str(raised.value)) == (name != "PSEUDONYM_KEY")


def test_the_secret_is_not_in_the_settings_text() -> None:
    settings = Settings.from_env({"PSEUDONYM_KEY": "a very secret secret"})
    assert settings.pseudonym_key == "a very secret secret"
    assert "secret secret" not in repr(settings)
