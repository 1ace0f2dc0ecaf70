"""What was kept comes back byte for byte, or not at all."""

from __future__ import annotations

import os
import sqlite3
import stat
import tarfile
from pathlib import Path

import duckdb
import pytest

from dagster_project.cli import main
from dagster_project.operations.backup import BackupError, back_up, files_to_keep, restore
from dagster_project.settings import Settings


def silent(name: str, size: int) -> None:
    """No bar."""


@pytest.fixture
def shop(tmp_path: Path) -> Settings:
    """A warehouse with a file of each kind."""
    settings = Settings.from_env({"WAREHOUSE_DIR": str(tmp_path / "shop")})
    settings.create_folders()
    for path, content in {
        settings.landing_dir / "天猫" / "订单.csv": "订单编号\n1\n",
        settings.raw_dir / "ab" / "abc.csv": "a",
        settings.pseudonym_key_path: "the key itself",
        settings.serving_db: "marts",
        settings.spill_dir / "spilled": "made again",
        settings.dbt_target_dir / "manifest.json": "made again",
        settings.work_dir / "run.lock": "1",
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    os.utime(settings.landing_dir / "天猫" / "订单.csv", (1.5e9, 1.5e9))
    duckdb.connect(str(settings.work_db)).close()
    settings.dagster_home.mkdir(exist_ok=True)
    with sqlite3.connect(settings.dagster_home / "runs.db") as runs:
        runs.execute("create table runs as select 7 as number")
    return settings


def at(folder: Path) -> Settings:
    """Another warehouse."""
    return Settings.from_env({"WAREHOUSE_DIR": str(folder)})


def contents(settings: Settings) -> dict[str, bytes]:
    """Every file that a backup keeps, databases of Dagster's by their rows."""
    return {
        path.relative_to(settings.warehouse_dir).as_posix(): (
            str(sqlite3.connect(path).execute("select * from runs").fetchall()).encode()
            if path.suffix == ".db"
            else path.read_bytes()
        )
        for path in files_to_keep(settings)
    }


@pytest.mark.parametrize("name", ["shop.tar", "shop.tar.gz"])
def test_what_was_kept_comes_back(shop: Settings, tmp_path: Path, name: str) -> None:
    archive = tmp_path / "backups" / name
    kept = contents(shop)
    assert back_up(shop, archive, silent) == len(kept) == 6
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    again = at(tmp_path / "again")
    again.create_folders()  # empty folders are no obstacle
    assert restore(again, archive, silent) == 6
    assert contents(again) == kept
    assert (again.landing_dir / "天猫" / "订单.csv").stat().st_mtime == 1.5e9
    assert not (again.warehouse_dir / ".restoring").exists()


def test_a_damaged_archive_restores_nothing(shop: Settings, tmp_path: Path) -> None:
    archive = tmp_path / "shop.tar"
    back_up(shop, archive, silent)
    whole = archive.read_bytes()
    place = whole.index(b"the key itself")
    damages = {
        "damaged": whole[:place] + b"another" + whole[place + 7 :],
        "cut short": whole[: place + 100],
        "no archive": b"something else" * 1000,
        "empty": b"",
    }
    for number, (damage, content) in enumerate(damages.items()):
        archive.write_bytes(content)
        again = at(tmp_path / str(number))
        with pytest.raises(BackupError, match=r"shop\.tar"):
            restore(again, archive, silent)
        assert not files_to_keep(again), damage


def test_an_archive_cannot_write_outside(shop: Settings, tmp_path: Path) -> None:
    archive = tmp_path / "evil.tar"
    (tmp_path / "file").write_text("evil")
    with tarfile.open(archive, "w") as tar:
        tar.add(tmp_path / "file", arcname="../outside")
    with pytest.raises(BackupError, match="cannot be read"):
        restore(at(tmp_path / "again"), archive, silent)
    assert not (tmp_path / "outside").exists()


def test_nothing_is_overwritten(shop: Settings, tmp_path: Path) -> None:
    archive = tmp_path / "shop.tar"
    back_up(shop, archive, silent)
    before = contents(shop)
    with pytest.raises(BackupError, match="not empty"):
        restore(shop, archive, silent)
    with pytest.raises(BackupError, match="there already"):
        back_up(shop, archive, silent)
    with pytest.raises(BackupError, match="lies in the warehouse"):
        back_up(shop, shop.warehouse_dir / "shop.tar", silent)
    with pytest.raises(BackupError, match=r"ends in \.tar"):
        back_up(shop, tmp_path / "shop.zip", silent)
    with pytest.raises(BackupError, match="holds no file"):
        back_up(at(tmp_path / "nothing"), tmp_path / "nothing.tar", silent)
    assert contents(shop) == before


def test_killed_half_way(shop: Settings, tmp_path: Path) -> None:
    archive = tmp_path / "shop.tar"
    archive.with_name("shop.tar.tmp").write_text("of a killed backup")
    back_up(shop, archive, silent)
    again = at(tmp_path / "again")
    left = again.warehouse_dir / ".restoring" / "work" / "warehouse.duckdb"
    left.parent.mkdir(parents=True)
    left.write_text("of a killed restore")
    restore(again, archive, silent)
    assert contents(again) == contents(shop)


def test_from_a_shell(
    shop: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    archive = str(tmp_path / "shop.tar.gz")
    monkeypatch.setenv("WAREHOUSE_DIR", str(shop.warehouse_dir))
    assert main(["backup", archive]) == 0
    assert "kept 6 files" in capsys.readouterr().out
    assert main(["restore", archive]) == 2
    assert "is not empty" in capsys.readouterr().out
    monkeypatch.setenv("WAREHOUSE_DIR", str(tmp_path / "again"))
    assert main(["restore", archive]) == 0
    assert "restored 6 files" in capsys.readouterr().out
    assert main(["restore", str(tmp_path / "none.tar")]) == 2


def test_a_broken_work_database_is_said_and_not_kept(
    shop: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.work_db.write_bytes(b"broken")
    monkeypatch.setenv("WAREHOUSE_DIR", str(shop.warehouse_dir))
    archive = shop.warehouse_dir.with_name("shop.tar")
    assert main(["backup", str(archive)]) == 2
    assert shop.work_db.name in capsys.readouterr().out
    assert not archive.exists()
