"""What the macros give on one engine, as JSON: `python -m tests.spark.macros_on TARGET FOLDER`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from dbt.cli.main import dbtRunner

from dagster_project.settings import DBT_PROJECT_DIR, Settings
from tests.spark.macro_cases import query


def main(target: str, folder: Path) -> None:
    """Have dbt compile and run the query of all cases."""
    environ = {**os.environ, "WAREHOUSE_DIR": str(folder), "DBT_TARGET": target}
    settings = Settings.from_env(environ)
    settings.create_folders()
    settings.export()
    if settings.on_spark:
        from dagster_project.spark.conf import write_conf

        write_conf(settings)
    options = ["--project-dir", str(DBT_PROJECT_DIR), "--profiles-dir", str(DBT_PROJECT_DIR)]
    shown = dbtRunner().invoke(
        ["--quiet", "show", "--inline", query(), "--limit", "-1", "--output", "json", *options]
    )
    if not shown.success:
        raise SystemExit(str(shown.exception or shown.result))
    rows = shown.result.results[0].agate_table.rows
    found = {int(row["number"]): row["given"] for row in rows}
    (folder / "given.json").write_text(json.dumps(found, default=str), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
