"""Python models of dbt in Spark's own session.

The adapter sends Python models to a service of Databricks only; the three of this project read and
write some hundred rows, so they run in the process that holds the session.
"""

from __future__ import annotations

import runpy
import tempfile
from typing import Any

from dbt.adapters.base import PythonJobHelper
from dbt.adapters.spark.connections import SparkCredentials
from dbt.adapters.spark.impl import SparkAdapter
from pyspark.sql import SparkSession

_METHOD = "session"


class SessionPythonJob(PythonJobHelper):
    """Runs a compiled Python model with the session that dbt has open."""

    def __init__(self, parsed_model: dict[str, Any], credential: SparkCredentials) -> None:
        """Take what dbt gives.

        Raises:
            RuntimeError: dbt is connected in another way, so no session is here.
        """
        if credential.method != _METHOD:
            raise RuntimeError(
                f"Python models need a Spark session in this process, and SPARK_METHOD is "
                f"{credential.method}; use {_METHOD}"
            )

    def submit(self, compiled_code: str) -> None:
        """Run the model and write its table."""
        with tempfile.NamedTemporaryFile("w", suffix=".py", encoding="utf-8") as file:
            file.write(compiled_code)
            file.flush()
            runpy.run_path(file.name, {"spark": SparkSession.builder.getOrCreate()})


def run_python_models_in_session() -> None:
    """Have the adapter use `SessionPythonJob`, whatever started dbt."""
    SparkAdapter.default_python_submission_method = property(lambda self: _METHOD)
    SparkAdapter.python_submission_helpers = property(lambda self: {_METHOD: SessionPythonJob})
