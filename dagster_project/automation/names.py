"""Names that Dagster's parts and the shell agree on."""

import dagster as dg

NIGHTLY = "nightly"
DASHBOARD = "dashboard"

# Both ends of the line: what is dropped, and what BI tools read.
LANDING_KEY = dg.AssetKey(["landing", "files"])
PUBLISHED_KEY = dg.AssetKey(["serving", "marts"])
