"""Expectation suites: loading, running on DuckDB, results as asset checks and tables.

Modules by what they cost: `catalogue`, `suites`, `results`, `store`, `kept`, `runner` and
`data_docs` are light. `gx_duckdb`, `expectations` and `validation` pull in Great Expectations
(seconds of CPU); the light ones import them only inside the functions that run it.
"""

import os

# Nothing about a shop's data leaves the machine. Great Expectations 1.24.1 has no usage reports
# any more; releases that have them read this while they are imported.
os.environ["GX_ANALYTICS_ENABLED"] = "false"
