"""From a run's partition to the variables dbt is run with: pure functions."""

from __future__ import annotations

from datetime import date

LATEST = "latest"


def as_of_variable(partition_key: str | None, configured: date | None) -> str:
    """The value of dbt's `as_of_date` variable.

    Args:
        partition_key: day of the run's partition as YYYY-MM-DD, None outside a partition.
        configured: `AS_OF_DATE`, None when it is not set.

    Returns:
        A date as YYYY-MM-DD, or `latest` for the last day with orders in the data. The partition
        wins: a backfill of a month must not be bent to one date by a variable left in a shell.
    """
    if partition_key is not None:
        return date.fromisoformat(partition_key).isoformat()
    return configured.isoformat() if configured else LATEST
