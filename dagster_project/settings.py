"""The only reader of the environment: every path and switch of the warehouse.

All paths are absolute, so that dbt, Dagster and Great Expectations open the same database
whatever folder they are started from.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

PROJECT_DIR = Path(__file__).resolve().parent.parent
DBT_PROJECT_DIR = PROJECT_DIR / "dbt_project"

# From the most careful to the most daring; what each joins is said in docs/identity.md.
IDENTITY_RULES = ("strict", "standard", "loose")
_SHORTEST_SECRET = 16
DEFAULT_POSTGRES_READER = "marts_reader"
# A night and a late morning: what came every day is not yet late at breakfast.
DEFAULT_FRESH_HOURS = 30
# The other half is for Python, the page cache and whatever else runs on the machine.
_SHARE_OF_MEMORY = 0.5
_MEMORY_SIZE = re.compile(r"\d+(\.\d+)? ?[KMGT]i?B", re.IGNORECASE)


class SettingsError(ValueError):
    """An environment variable holds a value the warehouse cannot use."""


@dataclass(frozen=True)
class Settings:
    """Where data lives and which date a run is for.

    Attributes:
        warehouse_dir: home of all data (`WAREHOUSE_DIR`, default `./warehouse`).
        as_of_date: the day every recency and state is computed for (`AS_OF_DATE`);
            None means the last day with orders in the data.
        shop_timezone: IANA name of the shop's time zone (`SHOP_TIMEZONE`).
        target: dbt target (`DBT_TARGET`).
        identity_rule: what makes two accounts one person (`IDENTITY_RULE`).
        fresh_hours: after so many hours without a new file or a run, data is late, after twice as
            many stale (`FRESH_HOURS`).
        pseudonym_key: secret of the hashes of personal values (`PSEUDONYM_KEY`); None means the
            warehouse's own, in `pseudonym.key`.
        publish_personal: columns marked as personal are published too (`PUBLISH_PERSONAL`).
        duckdb_memory_limit: from so much memory on, DuckDB writes intermediate results to disk
            (`DUCKDB_MEMORY_LIMIT`, such as 4GB; default: half of the machine's memory).
        duckdb_temp_dir: where it writes them (`DUCKDB_TEMP_DIR`); None means `work/tmp`.
        postgres_url: a PostgreSQL database that the marts are published to as well
            (`SERVING_POSTGRES_URL`); None means none.
        postgres_reader: the role there that may read them (`SERVING_POSTGRES_READER`).
    """

    warehouse_dir: Path
    as_of_date: date | None
    shop_timezone: str
    target: str
    identity_rule: str = "standard"
    fresh_hours: int = DEFAULT_FRESH_HOURS
    pseudonym_key: str | None = field(default=None, repr=False)
    publish_personal: bool = False
    duckdb_memory_limit: str = field(default_factory=lambda: _share_of_memory())
    duckdb_temp_dir: Path | None = None
    postgres_url: str | None = field(default=None, repr=False)
    postgres_reader: str = DEFAULT_POSTGRES_READER

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the settings from `environ` (default: the process environment).

        Raises:
            SettingsError: a variable is set to something unusable; the message names it.
        """
        env = os.environ if environ is None else environ
        timezone = env.get("SHOP_TIMEZONE") or "Asia/Shanghai"
        try:
            ZoneInfo(timezone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise SettingsError(
                f"SHOP_TIMEZONE={timezone!r} is not a time zone; use a name such as Asia/Shanghai"
            ) from error
        return cls(
            warehouse_dir=Path(env.get("WAREHOUSE_DIR") or PROJECT_DIR / "warehouse").resolve(),
            as_of_date=_parse_date("AS_OF_DATE", env.get("AS_OF_DATE")),
            shop_timezone=timezone,
            target=env.get("DBT_TARGET") or "duckdb",
            identity_rule=_one_of(
                "IDENTITY_RULE", env.get("IDENTITY_RULE") or "standard", IDENTITY_RULES
            ),
            fresh_hours=_hours("FRESH_HOURS", env.get("FRESH_HOURS")),
            pseudonym_key=_secret("PSEUDONYM_KEY", env.get("PSEUDONYM_KEY")),
            publish_personal=_one_of(
                "PUBLISH_PERSONAL", env.get("PUBLISH_PERSONAL") or "false", ("true", "false")
            )
            == "true",
            duckdb_memory_limit=_memory_size("DUCKDB_MEMORY_LIMIT", env.get("DUCKDB_MEMORY_LIMIT")),
            duckdb_temp_dir=Path(temp).resolve() if (temp := env.get("DUCKDB_TEMP_DIR")) else None,
            postgres_url=env.get("SERVING_POSTGRES_URL") or None,
            postgres_reader=env.get("SERVING_POSTGRES_READER") or DEFAULT_POSTGRES_READER,
        )

    @property
    def landing_dir(self) -> Path:
        """Files are dropped here, at any depth."""
        return self.warehouse_dir / "landing"

    @property
    def templates_dir(self) -> Path:
        """Empty tables in the warehouse's own names, for a shop to fill in."""
        return self.warehouse_dir / "templates"

    @property
    def pseudonym_key_path(self) -> Path:
        """The warehouse's own secret, when `PSEUDONYM_KEY` is not set."""
        return self.warehouse_dir / "pseudonym.key"

    @property
    def connections_dir(self) -> Path:
        """One file for each database or API, `<name>.yml`."""
        return self.warehouse_dir / "connections"

    @property
    def connections_state_dir(self) -> Path:
        """How far each connection was read, and extracts that have not landed yet."""
        return self.connections_dir / ".state"

    @property
    def raw_dir(self) -> Path:
        """Every accepted file, unchanged, by its content hash."""
        return self.warehouse_dir / "raw"

    @property
    def refused_dir(self) -> Path:
        """Files that could not be read, each with a reason beside it."""
        return self.warehouse_dir / "refused"

    @property
    def work_dir(self) -> Path:
        """Only the pipeline reads and writes here."""
        return self.warehouse_dir / "work"

    @property
    def dbt_target_dir(self) -> Path:
        """dbt's manifest, compiled SQL and run results."""
        return self.work_dir / "dbt"

    @property
    def work_db(self) -> Path:
        """The DuckDB file that only the pipeline opens."""
        return self.work_dir / "warehouse.duckdb"

    @property
    def spill_dir(self) -> Path:
        """Where DuckDB puts what does not fit into its memory, on the disk of the work database."""
        return self.duckdb_temp_dir or self.work_dir / "tmp"

    @property
    def duckdb_config(self) -> dict[str, str]:
        """What every connection that does heavy work is opened with."""
        return {
            "memory_limit": self.duckdb_memory_limit,
            "temp_directory": str(self.spill_dir),
        }

    @property
    def serving_dir(self) -> Path:
        """What BI tools read."""
        return self.warehouse_dir / "serving"

    @property
    def serving_db(self) -> Path:
        """The published marts as one DuckDB file."""
        return self.serving_dir / "marts.duckdb"

    @property
    def parquet_dir(self) -> Path:
        """The published marts, one Parquet file each."""
        return self.serving_dir / "parquet"

    @property
    def history_dir(self) -> Path:
        """The marts of earlier as-of dates, one folder a date."""
        return self.serving_dir / "history"

    @property
    def quality_results_dir(self) -> Path:
        """What the gates of the last run found, for the quality pages."""
        return self.work_dir / "quality"

    @property
    def reports_dir(self) -> Path:
        """Pages for people: quality data docs, dbt docs, dashboard."""
        return self.warehouse_dir / "reports"

    @property
    def dashboard_path(self) -> Path:
        """The page that a shop's people look at."""
        return self.reports_dir / "index.html"

    @property
    def dagster_home(self) -> Path:
        """Dagster's instance: run history, schedules, logs."""
        return self.warehouse_dir / "dagster"

    def export(self) -> None:
        """Put into the environment what dbt and Dagster read from there themselves."""
        os.environ.update(
            {
                "WAREHOUSE_WORK_DB": str(self.work_db),
                "WAREHOUSE_MEMORY_LIMIT": self.duckdb_memory_limit,
                "WAREHOUSE_SPILL_DIR": str(self.spill_dir),
                "DBT_TARGET": self.target,
                "DBT_TARGET_PATH": str(self.dbt_target_dir),
                "DBT_LOG_PATH": str(self.dbt_target_dir / "logs"),
                "IDENTITY_RULE": self.identity_rule,
                "FRESH_HOURS": str(self.fresh_hours),
                "DO_NOT_TRACK": "1",
                "GX_ANALYTICS_ENABLED": "false",
                "RUNTIME__DLTHUB_TELEMETRY": "false",
                "DLT_DATA_DIR": str(self.connections_state_dir),
                "DLT_PROJECT_DIR": str(self.connections_dir),
                # dlt keeps the names of columns as the source has them.
                "SCHEMA__NAMING": "direct",
            }
        )
        os.environ.setdefault("DAGSTER_HOME", str(self.dagster_home))
        # dagster-dbt starts `dbt` by name: take the one beside this interpreter, also when the
        # virtual environment was not activated.
        binaries = str(Path(sys.executable).parent)
        path = os.environ.get("PATH", "")
        if binaries not in path.split(os.pathsep):
            os.environ["PATH"] = f"{binaries}{os.pathsep}{path}"

    def create_folders(self) -> None:
        """Create the folders that a first run needs."""
        for folder in (
            self.landing_dir,
            self.raw_dir,
            self.refused_dir,
            self.work_dir,
            self.serving_dir,
            self.reports_dir,
            self.dagster_home,
        ):
            folder.mkdir(parents=True, exist_ok=True)


def read_secret(name: str, environ: Mapping[str, str] | None = None) -> str:
    """The value of the environment variable that a connection file names.

    Raises:
        SettingsError: it is not set.
    """
    value = (os.environ if environ is None else environ).get(name)
    if not value:
        raise SettingsError(f"the environment variable {name} is not set")
    return value


def _parse_date(name: str, text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise SettingsError(f"{name}={text!r} is not a date; write it as YYYY-MM-DD") from error


def _one_of(name: str, text: str, allowed: tuple[str, ...]) -> str:
    if text not in allowed:
        raise SettingsError(f"{name}={text!r} is unknown; use one of {', '.join(allowed)}")
    return text


def _secret(name: str, text: str | None) -> str | None:
    if text and len(text) < _SHORTEST_SECRET:
        raise SettingsError(f"{name} is too short; use at least {_SHORTEST_SECRET} characters")
    return text or None


def _memory_size(name: str, text: str | None) -> str:
    if not text:
        return _share_of_memory()
    if not _MEMORY_SIZE.fullmatch(text):
        raise SettingsError(f"{name}={text!r} is not a size of memory; write one such as 4GB")
    return text


def _share_of_memory() -> str:
    """Half of the memory that this process may have: the machine's, or its container's."""
    available = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text(encoding="ascii").strip()
        available = min(available, int(limit))
    except (OSError, ValueError):
        pass  # not in a container, or in one without a limit
    return f"{int(available * _SHARE_OF_MEMORY / 2**20)}MiB"


def _hours(name: str, text: str | None) -> int:
    if not text:
        return DEFAULT_FRESH_HOURS
    if not text.isdigit() or int(text) == 0:
        raise SettingsError(f"{name}={text!r} is not a number of hours; write one such as 30")
    return int(text)
