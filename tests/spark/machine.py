"""Whether this machine can run the tests of Spark."""

from __future__ import annotations

import importlib.util
import shutil

import pytest

needs_spark = pytest.mark.skipif(
    importlib.util.find_spec("pyspark") is None or shutil.which("java") is None,
    reason="no Spark here; make spark-setup installs it, and it needs Java 17",
)
