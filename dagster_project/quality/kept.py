"""Keeping a gate's validation results between the steps of one run.

The pages of all gates are made after the last one, in another step: the results wait as JSON in
the work folder instead of the rules being run again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dagster_project.quality.validation import TableOutcome


def write(
    path: Path, gate: str, run_id: str, checked_at: datetime, outcomes: Sequence[TableOutcome]
) -> None:
    """Replace `path` by the results of one gate, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "gate": gate,
        "run_id": run_id,
        "checked_at": checked_at.isoformat(),
        "tables": [
            {
                "table": outcome.suite.table,
                "validations": [validation.to_json_dict() for validation in outcome.validations],
            }
            for outcome in outcomes
        ],
    }
    unfinished = path.with_name(path.name + ".tmp")
    unfinished.write_text(json.dumps(document, ensure_ascii=False, default=str), encoding="utf-8")
    unfinished.replace(path)


def read_run(folder: Path, run_id: str) -> list[dict[str, Any]]:
    """Return the kept gates of `run_id`; a gate the run did not reach is left out.

    A later gate's file may still be there from an earlier run: it must not be shown as today's.
    """
    documents = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))]
    return [document for document in documents if document["run_id"] == run_id]
