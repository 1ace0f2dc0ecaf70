"""Expectation suites: loading, running on DuckDB, results as asset checks and tables."""
