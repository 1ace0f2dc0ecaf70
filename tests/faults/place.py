"""One warehouse at one path, that is put back to how it stood before each fault."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from dagster_project.settings import Settings
from tests.faults.child import Asked, Child, Ended, call
from tests.faults.state import (
    Hashes,
    Judgement,
    Published,
    files_below,
    history_problems,
    judge,
    open_as_reader,
    read_published,
)
from tests.pipeline.hashes import table_hashes

SECRET = "a secret of the tests"

# Where a run may begin that does not do the whole night, and the step after which the undisturbed
# night was copied for it.
BEGINNINGS = {
    "facts": "gate_raw",
    "marts": "model_review_keywords",
    "publish": "gate_marts",
}


@dataclass(frozen=True)
class Undisturbed:
    """What a night without a fault leaves.

    Attributes:
        published: what readers find.
        files: every file of the warehouse.
        cpu_seconds: what the night cost.
    """

    published: Published
    files: frozenset[str]
    cpu_seconds: float


class Place:
    """The warehouse of the harness, snapshots of it, and nights on it.

    Everything below `folder` is made once and kept: an interrupted harness goes on where it was.
    """

    def __init__(self, folder: Path, lines: int) -> None:
        """Choose a folder and the size of the made shop; nothing is made yet."""
        self.folder = folder.resolve()
        self.home = self.folder / "warehouse"
        self.settings = Settings.from_env(environ_of(self.home))
        self._lines = lines
        self._snapshots = self.folder / "snapshots"
        self._inputs = self.folder / "inputs"

    def prepare(self) -> None:
        """Import everything once, build the first night and an undisturbed second night."""
        os.environ.update(environ_of(self.home))
        if self._has("first"):
            self.restore("first")
        else:
            shutil.rmtree(self.home, ignore_errors=True)
            self.settings.create_folders()
            call(self._write_inputs)
        _warm()
        if not self._has("first"):
            self._copy_input("first")
            self._record("first", self.night())
            self.save("first")
        if not self._has("day"):
            self.restore("first")
            self._copy_input("day")
            self._record("day", self.night(partial(_save_beginnings, self.home, self._snapshots)))
            self.save("day")
        self.old, self.new = self._remembered("first"), self._remembered("day")
        judged = judge(self.old.published, self.old.published, self.new.published)
        assert judged.database == "old", "the second night changes nothing"

    def evening(self) -> None:
        """Put the warehouse to the evening before the second night, the day's file landed."""
        self.restore("first")
        self._copy_input("day")

    def land(self) -> None:
        """Put the day's file into the landing folder, whole."""
        self._copy_input("day")

    def begin_at(self, step: str) -> None:
        """Put the warehouse to the middle of the second night, before a step of `BEGINNINGS`."""
        self.restore(step)

    def restore(self, name: str) -> None:
        """Put the whole warehouse back to a snapshot, where it is mounted too."""
        self.home.mkdir(parents=True, exist_ok=True)
        for path in self.home.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        shutil.copytree(self._snapshots / name, self.home, dirs_exist_ok=True)

    def save(self, name: str) -> None:
        """Keep the warehouse as a snapshot."""
        _copy_whole(self.home, self._snapshots / name)

    def snapshot_home(self, name: str) -> Path:
        """The folder of a snapshot, as a backup has it."""
        return self._snapshots / name

    def start(
        self, arm: Callable[[], None] | None = None, *, at: str | None = None, log: str = "night"
    ) -> Child:
        """Start a night in a process of its own.

        Args:
            arm: called in that process before the night begins.
            at: the step of `BEGINNINGS` with which it begins, as when its steps are chosen in
                Dagster's UI; None is the whole night, as `make nightly`.
            log: name of the file for what it prints.
        """

        def run() -> int:
            if arm is not None:
                arm()
            return _nightly() if at is None else _rest_of_the_night(at)

        return Child(run, self.folder / f"{log}.log")

    def night(self, arm: Callable[[], None] | None = None, *, at: str | None = None) -> Ended:
        """A night to its end, whatever that is."""
        return self.start(arm, at=at).wait()

    def look(self) -> Published:
        """What readers find now."""
        return call(lambda: read_published(self.settings))

    def judge(self) -> Judgement:
        """Of which night that is."""
        return judge(self.look(), self.old.published, self.new.published)

    def reader(self) -> OpenReader:
        """A reader who has the published marts open from now on."""
        return OpenReader(self.settings)

    def files(self) -> frozenset[str]:
        """Every file of the warehouse."""
        return files_below(self.home)

    def history_problems(self) -> list[str]:
        """What is wrong with Dagster's history."""
        return history_problems(self.settings.dagster_home)

    def new_file(self) -> Path:
        """The day's file in the landing folder."""
        (found,) = (self._inputs / "day").rglob("*.csv")
        return self.settings.landing_dir / found.relative_to(self._inputs / "day")

    def _has(self, name: str) -> bool:
        return (self._snapshots / name).is_dir()

    def _copy_input(self, name: str) -> None:
        shutil.copytree(self._inputs / name, self.settings.landing_dir, dirs_exist_ok=True)

    def _write_inputs(self) -> None:
        from benchmarks.shop import DAY_NAME, MAPPING_NAME, Shop
        from tests.pipeline.made_shop import write_exports

        shutil.rmtree(self._inputs, ignore_errors=True)
        first = self._inputs / "first"
        first.mkdir(parents=True)
        write_exports(first, self._lines)
        Shop(self._lines).make_day(self._inputs / "day" / "orders" / f"{DAY_NAME}.csv")
        (self._inputs / "day" / "orders" / MAPPING_NAME).unlink()

    def _record(self, name: str, ended: Ended) -> None:
        assert ended.status == 0, ended.output
        path = self._snapshots / f"{name}.cpu"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(ended.cpu_seconds), encoding="ascii")

    def _remembered(self, name: str) -> Undisturbed:
        kept = self._snapshots / name
        # Views and paths name the warehouse's own place, hashes and files do not.
        settings = Settings.from_env(environ_of(kept))
        cpu_seconds = float((self._snapshots / f"{name}.cpu").read_text(encoding="ascii"))
        return Undisturbed(call(lambda: read_published(settings)), files_below(kept), cpu_seconds)


class OpenReader:
    """Somebody who opened the published marts before the fault, and reads all of them after it."""

    def __init__(self, settings: Settings) -> None:
        """Open them now, in a process of its own."""

        def read(wait_for_question: Callable[[], None]) -> Hashes:
            import duckdb

            with duckdb.connect() as connection:
                open_as_reader(connection, settings)
                wait_for_question()
                return table_hashes(connection)

        self._asked = Asked(read)

    def read(self) -> Hashes:
        """What the reader finds now."""
        found: Hashes = self._asked.answer()
        return found


def environ_of(home: Path) -> dict[str, str]:
    """The environment of a warehouse."""
    return {
        "WAREHOUSE_DIR": str(home),
        "DAGSTER_HOME": str(home / "dagster"),
        "PSEUDONYM_KEY": SECRET,
        "DO_NOT_TRACK": "1",
    }


def _warm() -> None:
    """Import what a night imports, read the dbt project once, and stay fit for forking."""
    from dagster_project.transformation.dbt_run import WarehouseDbt

    made: list[WarehouseDbt] = []
    begin = WarehouseDbt.__init__

    def remembered(self: WarehouseDbt, *arguments: Any) -> None:
        begin(self, *arguments)
        made.append(self)

    WarehouseDbt.__init__ = remembered  # type: ignore[method-assign]
    import dbt.adapters.duckdb  # noqa: F401
    import great_expectations  # noqa: F401

    import dagster_project.definitions
    import dagster_project.quality.data_docs
    import dagster_project.quality.expectations
    import dagster_project.quality.gx_duckdb
    import dagster_project.quality.validation
    import dagster_project.serving.summary  # noqa: F401

    WarehouseDbt.__init__ = begin  # type: ignore[method-assign]
    for project in made:
        project._read_project()
    assert threading.active_count() == 1, "a process with threads must not fork"


def _nightly() -> int:
    """`make nightly`."""
    from dagster_project.cli import main

    return main(["nightly"])


def _rest_of_the_night(beginning: str) -> int:
    """The steps of the job from one on, as Dagster's UI runs them when their tables are chosen."""
    import dagster as dg

    from dagster_project.automation.names import NIGHTLY, PUBLISHED_KEY
    from dagster_project.automation.run_ends import FROM_A_SHELL
    from dagster_project.definitions import defs

    steps = {
        "facts": ("dbt_facts", "model_", "dbt_marts"),
        "marts": ("dbt_marts",),
        "publish": (),
    }[beginning]
    keys = [
        key
        for assets in defs.assets or ()
        if isinstance(assets, dg.AssetsDefinition) and assets.op.name.startswith(steps)
        for key in assets.keys
    ]
    with dg.DagsterInstance.get() as instance:
        result = defs.resolve_job_def(NIGHTLY).execute_in_process(
            instance=instance,
            asset_selection=[*(keys if steps else ()), PUBLISHED_KEY],
            raise_on_error=False,
            tags=FROM_A_SHELL,
        )
    return 0 if result.success else 1


def _save_beginnings(home: Path, snapshots: Path) -> None:
    """Have this process copy the warehouse before each of `BEGINNINGS`."""
    from dagster_project.automation.run_log import RunLog

    store = RunLog.store_event
    names = {step: name for name, step in BEGINNINGS.items()}

    def store_event(self: RunLog, event: Any) -> None:
        store(self, event)
        told = event.dagster_event
        if told and told.event_type_value == "STEP_SUCCESS" and told.step_key in names:
            _copy_whole(home, snapshots / names[told.step_key])

    RunLog.store_event = store_event  # type: ignore[method-assign]


def _copy_whole(source: Path, target: Path) -> None:
    unfinished = target.with_name(f".{target.name}")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(source, unfinished)
    shutil.rmtree(target, ignore_errors=True)
    unfinished.rename(target)
