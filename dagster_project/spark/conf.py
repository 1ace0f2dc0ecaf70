"""Spark's own configuration for a warehouse, which dbt, the gates and a Thrift server all read."""

from __future__ import annotations

from urllib.parse import urlsplit

from dagster_project.loopback import LOOPBACK, is_this_machine
from dagster_project.settings import Settings

_LOG4J = """\
rootLogger.level = error
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %d %p %c: %m%n
"""


def spark_properties(settings: Settings) -> dict[str, str]:
    """What `spark-defaults.conf` says, by property.

    On one machine every port is on loopback. A cluster's own settings (its file system, its
    metastore, its security) stand in the file that the shop's `SPARK_CONF_DIR` names instead.
    """
    properties = {
        "spark.master": settings.spark_master,
        "spark.app.name": "customer-analytics",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.memory": settings.spark_driver_memory,
        "spark.sql.session.timeZone": "UTC",
        # Times of the shop's clock have no zone, as on DuckDB.
        "spark.sql.timestampType": "TIMESTAMP_NTZ",
        "spark.sql.shuffle.partitions": str(settings.spark_shuffle_partitions),
        "spark.sql.warehouse.dir": settings.lake_tables_dir.as_uri(),
        "spark.sql.catalogImplementation": "hive",
        "spark.hadoop.javax.jdo.option.ConnectionURL": (
            f"jdbc:derby:{settings.spark_dir / 'metastore'};create=true"
        ),
        "spark.driver.extraJavaOptions": (
            f"-Dderby.stream.error.file={settings.spark_dir / 'derby.log'}"
        ),
    }
    host = urlsplit(settings.spark_master).hostname
    if host is None or is_this_machine(host):
        properties |= {"spark.driver.bindAddress": LOOPBACK, "spark.driver.host": LOOPBACK}
    return properties


def write_conf(settings: Settings) -> None:
    """Write what `SPARK_CONF_DIR` names, unless a cluster's own configuration is there."""
    folder = settings.spark_conf_dir
    if not folder.is_relative_to(settings.spark_dir):
        return
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{name} {value}" for name, value in spark_properties(settings).items()]
    (folder / "spark-defaults.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "log4j2.properties").write_text(_LOG4J, encoding="utf-8")
