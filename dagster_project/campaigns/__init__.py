"""Statistics of campaigns that SQL has no functions for, called by the Python models of dbt.

What is counted, of whom and in which days, stands in `dbt_project/models/intermediate/campaigns`;
here are pure functions from these counts to intervals and p-values. No Dagster, no database.
"""
