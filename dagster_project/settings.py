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
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dagster_project.loopback import is_this_machine

PROJECT_DIR = Path(__file__).resolve().parent.parent
DBT_PROJECT_DIR = PROJECT_DIR / "dbt_project"

# From the most careful to the most daring; what each joins is said in docs/identity.md.
IDENTITY_RULES = ("strict", "standard", "loose")
_SHORTEST_SECRET = 16
DEFAULT_POSTGRES_READER = "marts_reader"
# A night and a late morning: what came every day is not yet late at breakfast.
DEFAULT_FRESH_HOURS = 30
# On one machine by DuckDB; on one by Spark, for trying; on a cluster.
TARGETS = ("duckdb", "spark_local", "spark")
DEFAULT_SPARK_DRIVER_MEMORY = "2g"
WEBHOOK_KINDS = ("dingtalk", "feishu", "slack")
SMTP_SECURITIES = ("starttls", "ssl", "none")
_SUBMISSION_PORT, _SUBMISSIONS_PORT = 587, 465
_EMAIL_ADDRESS = re.compile(r"[^@\s<>,]+@[^@\s<>,]+")
# Code server and web UI, as Dagster's own documentation numbers them.
DEFAULT_CODE_HOST, DEFAULT_CODE_PORT = "127.0.0.1", 4000
DEFAULT_WEB_PORT = 3000
# A night, and something short beside it.
DEFAULT_RUN_WORKERS = 2
# A month's failures can be looked up; 25 MB a night.
DEFAULT_KEEP_RUNS_DAYS = 30
# The other half is for Python, the page cache and whatever else runs on the machine.
_SHARE_OF_MEMORY = 0.5
_MEMORY_SIZE = re.compile(r"\d+(\.\d+)? ?[KMGT]i?B", re.IGNORECASE)


class SettingsError(ValueError):
    """An environment variable holds a value the warehouse cannot use."""


@dataclass(frozen=True)
class AlertSettings:
    """Who hears of trouble; nobody when neither a webhook nor an e-mail address is set.

    Attributes:
        webhook_url: of the group's robot (`ALERT_WEBHOOK_URL`). Whoever knows it may write there.
        webhook_kind: one of `WEBHOOK_KINDS` (`ALERT_WEBHOOK_KIND`).
        webhook_secret: signs what is sent to DingTalk or Feishu (`ALERT_WEBHOOK_SECRET`).
        email_to: addresses (`ALERT_EMAIL_TO`, separated by commas).
        email_from: the sender (`ALERT_EMAIL_FROM`, default: `SMTP_USER`).
        smtp_host, smtp_port: the mail server (`SMTP_HOST`, `SMTP_PORT`).
        smtp_user, smtp_password: for logging in there (`SMTP_USER`, `SMTP_PASSWORD`).
        smtp_security: one of `SMTP_SECURITIES` (`SMTP_SECURITY`).
    """

    webhook_url: str | None = field(default=None, repr=False)
    webhook_kind: str = ""
    webhook_secret: str | None = field(default=None, repr=False)
    email_to: tuple[str, ...] = ()
    email_from: str = ""
    smtp_host: str = ""
    smtp_port: int = _SUBMISSION_PORT
    smtp_user: str | None = None
    smtp_password: str | None = field(default=None, repr=False)
    smtp_security: str = SMTP_SECURITIES[0]

    @property
    def anybody(self) -> bool:
        """Whether there is somebody to tell."""
        return self.webhook_url is not None or bool(self.email_to)

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> AlertSettings:
        """Read the settings from `env`.

        Raises:
            SettingsError: a variable is missing or unusable. No message holds a value that is or
                may be a secret.
        """
        url = env.get("ALERT_WEBHOOK_URL") or None
        kind = env.get("ALERT_WEBHOOK_KIND") or ""
        secret = env.get("ALERT_WEBHOOK_SECRET") or None
        if url is not None:
            _check_webhook("ALERT_WEBHOOK_URL", url)
            _one_of("ALERT_WEBHOOK_KIND", kind, WEBHOOK_KINDS)
            if secret is not None and kind == "slack":
                raise SettingsError("ALERT_WEBHOOK_SECRET is not for Slack, which signs nothing")
        to = tuple(one.strip() for one in (env.get("ALERT_EMAIL_TO") or "").split(",") if one)
        sender = env.get("ALERT_EMAIL_FROM") or env.get("SMTP_USER") or ""
        host, user = env.get("SMTP_HOST") or "", env.get("SMTP_USER") or None
        port = _port("SMTP_PORT", env.get("SMTP_PORT"), _SUBMISSION_PORT)
        usual = "ssl" if port == _SUBMISSIONS_PORT else "starttls"
        security = _one_of("SMTP_SECURITY", env.get("SMTP_SECURITY") or usual, SMTP_SECURITIES)
        if to:
            for address in to:
                _check_address("ALERT_EMAIL_TO", address)
            _check_address("ALERT_EMAIL_FROM", sender)
            if not host:
                raise SettingsError("ALERT_EMAIL_TO needs SMTP_HOST, the mail server to send by")
            if user is not None and not env.get("SMTP_PASSWORD"):
                raise SettingsError("SMTP_USER needs SMTP_PASSWORD")
            if security == "none" and not is_this_machine(host):
                raise SettingsError(
                    "SMTP_SECURITY=none would send the password and the message in the open; "
                    "use starttls or ssl (none is for a mail server on this machine)"
                )
        return cls(
            webhook_url=url,
            webhook_kind=kind,
            webhook_secret=secret,
            email_to=to,
            email_from=sender,
            smtp_host=host,
            smtp_port=port,
            smtp_user=user,
            smtp_password=env.get("SMTP_PASSWORD") or None,
            smtp_security=security,
        )


@dataclass(frozen=True)
class ClusterSettings:
    """Dagster in several processes, on one machine or more (docs/cluster.md).

    Attributes:
        postgres_url: where Dagster keeps runs, events and schedules (`DAGSTER_POSTGRES_URL`); None
            means SQLite files in the warehouse.
        code_host, code_port: where daemon and web server find the code server
            (`DAGSTER_CODE_SERVER`, host:port).
        web_port: of the web server (`DAGSTER_WEB_PORT`).
        run_workers: so many runs may be on at once (`RUN_WORKERS`); one of them works on the
            warehouse.
    """

    postgres_url: str | None = field(default=None, repr=False)
    code_host: str = DEFAULT_CODE_HOST
    code_port: int = DEFAULT_CODE_PORT
    web_port: int = DEFAULT_WEB_PORT
    run_workers: int = DEFAULT_RUN_WORKERS

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> ClusterSettings:
        """Read the settings from `env`.

        Raises:
            SettingsError: a variable is unusable. No message holds the URL, which has a password.
        """
        url = env.get("DAGSTER_POSTGRES_URL") or None
        if url is not None and not url.startswith("postgresql://"):
            raise SettingsError("DAGSTER_POSTGRES_URL must begin with postgresql://")
        host, code_port = DEFAULT_CODE_HOST, DEFAULT_CODE_PORT
        if code_server := env.get("DAGSTER_CODE_SERVER"):
            host, _, port = code_server.rpartition(":")
            if not (host and port):
                raise SettingsError(
                    f"DAGSTER_CODE_SERVER={code_server!r} names no host and port; write it as "
                    f"{DEFAULT_CODE_HOST}:{DEFAULT_CODE_PORT}"
                )
            code_port = _port("DAGSTER_CODE_SERVER", port, DEFAULT_CODE_PORT)
        return cls(
            postgres_url=url,
            code_host=host,
            code_port=code_port,
            web_port=_port("DAGSTER_WEB_PORT", env.get("DAGSTER_WEB_PORT"), DEFAULT_WEB_PORT),
            run_workers=_count_of(
                "runs", "RUN_WORKERS", env.get("RUN_WORKERS"), DEFAULT_RUN_WORKERS
            ),
        )


@dataclass(frozen=True)
class Settings:
    """Where data lives and which date a run is for.

    Attributes:
        warehouse_dir: home of all data (`WAREHOUSE_DIR`, default `./warehouse`).
        as_of_date: the day every recency and state is computed for (`AS_OF_DATE`);
            None means the last day with orders in the data.
        shop_timezone: IANA name of the shop's time zone (`SHOP_TIMEZONE`).
        target: dbt target, one of `TARGETS` (`DBT_TARGET`).
        lake_dir: where Spark's tables and what it reads are files, for all workers of a cluster
            (`LAKE_DIR`, default: `lake` in the warehouse).
        spark_conf: folder of a cluster's own configuration (`SPARK_CONF_DIR`); None means one that
            the warehouse writes.
        spark_master: the cluster (`SPARK_MASTER`, such as spark://host:7077), or spark_remote, a
            Spark Connect server (`SPARK_REMOTE`, such as sc://host:15002): one is needed by the
            target spark.
        spark_driver_memory: of the process that runs the night (`SPARK_DRIVER_MEMORY`).
        spark_shuffle_partitions: parts that Spark makes of a table between two steps
            (`SPARK_SHUFFLE_PARTITIONS`); two or three for each core of the cluster.
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
        export_contacts: exported audiences hold e-mail addresses and phones (`EXPORT_CONTACTS`),
            not only their hashes.
        keep_runs_days: Dagster forgets runs older than so many days (`KEEP_RUNS_DAYS`).
        webhook_secret: sent as bearer token with audiences that go to a URL
            (`AUDIENCE_WEBHOOK_SECRET`).
        alerts: who hears of trouble.
        cluster: Dagster in several processes.
    """

    warehouse_dir: Path
    as_of_date: date | None
    shop_timezone: str
    target: str
    identity_rule: str = "standard"
    lake: Path | None = None
    spark_conf: Path | None = None
    spark_master: str = ""
    spark_remote: str = ""
    spark_driver_memory: str = DEFAULT_SPARK_DRIVER_MEMORY
    spark_shuffle_partitions: int = 0
    fresh_hours: int = DEFAULT_FRESH_HOURS
    pseudonym_key: str | None = field(default=None, repr=False)
    publish_personal: bool = False
    duckdb_memory_limit: str = field(default_factory=lambda: _share_of_memory())
    duckdb_temp_dir: Path | None = None
    postgres_url: str | None = field(default=None, repr=False)
    postgres_reader: str = DEFAULT_POSTGRES_READER
    export_contacts: bool = False
    keep_runs_days: int = DEFAULT_KEEP_RUNS_DAYS
    webhook_secret: str | None = field(default=None, repr=False)
    alerts: AlertSettings = field(default_factory=AlertSettings)
    cluster: ClusterSettings = field(default_factory=ClusterSettings)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read the settings from `environ` (default: the process environment).

        Raises:
            SettingsError: a variable is set to something unusable; the message names it.
        """
        env = os.environ if environ is None else environ
        timezone = env.get("SHOP_TIMEZONE") or "Asia/Shanghai"
        target = _one_of("DBT_TARGET", env.get("DBT_TARGET") or TARGETS[0], TARGETS)
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
            target=target,
            lake=Path(lake).resolve() if (lake := env.get("LAKE_DIR")) else None,
            spark_conf=Path(conf) if (conf := env.get("SPARK_CONF_DIR")) else None,
            spark_master=_spark_master(target, env),
            spark_remote=env.get("SPARK_REMOTE", "") if target == "spark" else "",
            spark_driver_memory=_spark_memory(env.get("SPARK_DRIVER_MEMORY")),
            spark_shuffle_partitions=_count_of(
                "parts",
                "SPARK_SHUFFLE_PARTITIONS",
                env.get("SPARK_SHUFFLE_PARTITIONS"),
                os.cpu_count() or 1,
            ),
            identity_rule=_one_of(
                "IDENTITY_RULE", env.get("IDENTITY_RULE") or "standard", IDENTITY_RULES
            ),
            fresh_hours=_count_of(
                "hours", "FRESH_HOURS", env.get("FRESH_HOURS"), DEFAULT_FRESH_HOURS
            ),
            pseudonym_key=_secret("PSEUDONYM_KEY", env.get("PSEUDONYM_KEY")),
            publish_personal=_switch("PUBLISH_PERSONAL", env.get("PUBLISH_PERSONAL")),
            duckdb_memory_limit=_memory_size("DUCKDB_MEMORY_LIMIT", env.get("DUCKDB_MEMORY_LIMIT")),
            duckdb_temp_dir=Path(temp).resolve() if (temp := env.get("DUCKDB_TEMP_DIR")) else None,
            postgres_url=env.get("SERVING_POSTGRES_URL") or None,
            postgres_reader=env.get("SERVING_POSTGRES_READER") or DEFAULT_POSTGRES_READER,
            export_contacts=_switch("EXPORT_CONTACTS", env.get("EXPORT_CONTACTS")),
            keep_runs_days=_count_of(
                "days", "KEEP_RUNS_DAYS", env.get("KEEP_RUNS_DAYS"), DEFAULT_KEEP_RUNS_DAYS
            ),
            webhook_secret=_secret("AUDIENCE_WEBHOOK_SECRET", env.get("AUDIENCE_WEBHOOK_SECRET")),
            alerts=AlertSettings.from_env(env),
            cluster=ClusterSettings.from_env(env),
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
    def on_spark(self) -> bool:
        """Whether dbt and the gates run on Spark."""
        return self.target != TARGETS[0]

    @property
    def lake_dir(self) -> Path:
        """Spark's files; every worker of a cluster sees them under this path."""
        return self.lake or self.warehouse_dir / "lake"

    @property
    def lake_inputs_dir(self) -> Path:
        """What was landed and fitted, for Spark to read."""
        return self.lake_dir / "inputs"

    @property
    def lake_tables_dir(self) -> Path:
        """What dbt has built on Spark."""
        return self.lake_dir / "tables"

    @property
    def lake_views_dir(self) -> Path:
        """The rows of Spark's views that others read."""
        return self.lake_dir / "views"

    @property
    def spark_dir(self) -> Path:
        """Spark's configuration, and the catalogue of one that has no metastore of its own."""
        return self.work_dir / "spark"

    @property
    def spark_conf_dir(self) -> Path:
        """Where Spark reads its configuration, whoever starts it."""
        return self.spark_conf or self.spark_dir / "conf"

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
    def audience_exports_dir(self) -> Path:
        """Lists of customers to write to, made by `make audience`."""
        return self.warehouse_dir / "exports" / "audiences"

    @property
    def alerts_dir(self) -> Path:
        """What was said of trouble, so that it is not said again."""
        return self.warehouse_dir / "alerts"

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
        if self.on_spark:
            os.environ["SPARK_CONF_DIR"] = str(self.spark_conf_dir)
            # pyspark reads it itself: Spark in this process must not become one elsewhere.
            os.environ.pop("SPARK_REMOTE", None)
            if self.spark_remote:
                os.environ["SPARK_REMOTE"] = self.spark_remote
        # dagster-dbt starts `dbt` by name: take the one beside this interpreter, also when the
        # virtual environment was not activated.
        binaries = str(Path(sys.executable).parent)
        path = os.environ.get("PATH", "")
        if binaries not in path.split(os.pathsep):
            os.environ["PATH"] = f"{binaries}{os.pathsep}{path}"

    def create_folders(self) -> None:
        """Create the folders that a first run needs.

        What is in them of people is for the account that runs the warehouse; files may be dropped
        by its group, too. What is published is as open as the account's umask makes it. A folder
        that is there keeps the permissions that its owner gave it.

        Raises:
            SettingsError: the warehouse cannot be there.
        """
        private = (self.raw_dir, self.refused_dir, self.work_dir, self.dagster_home)
        try:
            self.warehouse_dir.mkdir(parents=True, exist_ok=True)
            for folder, mode in (
                *((folder, 0o700) for folder in private),
                (self.landing_dir, 0o770),
                (self.serving_dir, 0o777),
                (self.reports_dir, 0o777),
            ):
                folder.mkdir(mode, exist_ok=True)
        except OSError as error:
            raise SettingsError(
                f"WAREHOUSE_DIR={str(self.warehouse_dir)!r} cannot be written "
                f"({error.strerror}: {error.filename}); name a folder that this account may make"
            ) from error


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


def _spark_master(target: str, env: Mapping[str, str]) -> str:
    if target != "spark":
        return "local[*]"
    master, remote = env.get("SPARK_MASTER"), env.get("SPARK_REMOTE")
    if bool(master) == bool(remote):
        raise SettingsError(
            "DBT_TARGET=spark needs SPARK_MASTER, such as spark://host:7077, or SPARK_REMOTE, such "
            "as sc://host:15002, and not both; spark_local runs Spark on this machine"
        )
    return master or "local[*]"


def _spark_memory(text: str | None) -> str:
    if text and not re.fullmatch(r"\d+[mg]", text):
        raise SettingsError(f"SPARK_DRIVER_MEMORY={text!r} is not a size; write it as 4g or 800m")
    return text or DEFAULT_SPARK_DRIVER_MEMORY


def _switch(name: str, text: str | None) -> bool:
    return _one_of(name, text or "false", ("true", "false")) == "true"


def _secret(name: str, text: str | None) -> str | None:
    if text and len(text) < _SHORTEST_SECRET:
        raise SettingsError(f"{name} is too short; use at least {_SHORTEST_SECRET} characters")
    return text or None


def _check_webhook(name: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise SettingsError(f"{name} cannot be read; copy it from the robot's page") from error
    if not host or parts.scheme not in ("http", "https") or re.search(r"\s", url):
        raise SettingsError(f"{name} must begin with https:// and name a host")
    if parts.scheme == "http" and not is_this_machine(host):
        raise SettingsError(f"{name} must begin with https:// (http is for this machine)")


def _check_address(name: str, address: str) -> None:
    if not _EMAIL_ADDRESS.fullmatch(address):
        raise SettingsError(f"{name}={address!r} is not an e-mail address such as data@shop.cn")


def _port(name: str, text: str | None, default: int) -> int:
    if not text:
        return default
    if not text.isdigit() or not 0 < int(text) < 2**16:
        raise SettingsError(f"{name}={text!r} is not a port; write one such as {default}")
    return int(text)


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


def _count_of(unit: str, name: str, text: str | None, default: int) -> int:
    if not text:
        return default
    if not text.isdigit() or int(text) == 0:
        raise SettingsError(
            f"{name}={text!r} is not a number of {unit}; write one such as {default}"
        )
    return int(text)
