"""Great Expectations' own context, which nothing outside a gate sees.

Import this module only where a gate runs: it pulls in Great Expectations.
"""

from __future__ import annotations

import great_expectations as gx
from great_expectations.data_context import EphemeralDataContext
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)


def new_context() -> EphemeralDataContext:
    """Return a context that lives in memory, writes no temporary site and draws no bars."""
    context = gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(),
            progress_bars=ProgressBarsConfig(globally=False),
        ),
    )
    assert isinstance(context, EphemeralDataContext)
    return context
