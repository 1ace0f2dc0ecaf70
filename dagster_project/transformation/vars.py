"""From a run's partition to the variables dbt is run with: pure functions."""

from __future__ import annotations

from datetime import date

LATEST = "latest"

# The first partition stands for "no day was asked for". Dagster refuses a run without a partition
# when assets have partitions, and which day is the last one with orders is known only after the
# files have been read.
LATEST_PARTITION = "2000-01-01"


def is_history(partition_key: str | None) -> bool:
    """Whether a run is for one chosen day of a history."""
    return partition_key not in (None, LATEST_PARTITION)


def as_of_variable(partition_key: str | None, configured: date | None) -> str:
    """The value of dbt's `as_of_date` variable.

    Args:
        partition_key: day of the run's partition as YYYY-MM-DD, or `LATEST_PARTITION`.
        configured: `AS_OF_DATE`, None when it is not set.

    Returns:
        A date as YYYY-MM-DD, or `latest` for the last day with orders in the data. A chosen
        partition wins: a backfill of a month must not be bent to one date by a variable left in a
        shell.
    """
    if partition_key is not None and is_history(partition_key):
        return date.fromisoformat(partition_key).isoformat()
    return configured.isoformat() if configured else LATEST
