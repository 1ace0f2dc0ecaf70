"""One night on one engine: `python -m tests.spark.night_on FOLDER`, settings in the environment.

A process of its own, because a process has one Spark session and one configuration of it.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from dagster_project.settings import Settings

SECRET = "a secret of the tests"


def main(folder: Path) -> int:
    """Run the nightly job; 0 when every step succeeded."""
    settings = Settings.from_env({**os.environ, "WAREHOUSE_DIR": str(folder)})
    settings.create_folders()
    settings.export()
    from tests.pipeline.conftest import Warehouse

    began = time.process_time(), time.monotonic()
    ended = Warehouse(settings).nightly()
    for event in ended.all_events:
        if event.is_failure:
            print(event.step_key, event.event_specific_data, sep=": ", file=sys.stderr)
    print(f"{time.monotonic() - began[1]:.1f} s, {time.process_time() - began[0]:.1f} of Python")
    return 0 if ended.success else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
