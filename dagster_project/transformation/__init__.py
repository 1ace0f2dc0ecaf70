"""The dbt project as Dagster assets, and the values it is run with."""
