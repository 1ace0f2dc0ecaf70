"""What Dagster is told of a night with nothing new.

The two ends of the line carry the freshness policies: the landing folder was looked at, and what
readers see was found to be what it would be built as again. Nothing is said of the tables between.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

import dagster as dg

from dagster_project.automation.names import LANDING_KEY, NIGHTLY, PUBLISHED_KEY
from dagster_project.transformation.vars import LATEST_PARTITION


def confirmations(published_at: datetime) -> Iterator[dg.AssetMaterialization]:
    """One materialisation for each end.

    Args:
        published_at: when the published tables were built, UTC.
    """
    metadata = {"nothing_new": True, "published_at": published_at.isoformat(" ", "seconds")}
    description = "nothing new: found as the last published run left it"
    yield dg.AssetMaterialization(LANDING_KEY, description, metadata)
    yield dg.AssetMaterialization(PUBLISHED_KEY, description, metadata, partition=LATEST_PARTITION)


def is_whole_run(run: dg.DagsterRun, everything: Collection[dg.AssetKey]) -> bool:
    """Whether a run is the whole nightly job, not a choice of its tables or checks, nor the rest
    of a run that failed.

    Args:
        run: as Dagster keeps it.
        everything: keys of all assets of the job.
    """
    return (
        run.job_name == NIGHTLY
        and run.parent_run_id is None
        and run.asset_check_selection is None
        # None named stands for all of them.
        and (not run.asset_selection or run.asset_selection.issuperset(everything))
    )
