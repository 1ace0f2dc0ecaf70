"""What a warehouse needs beyond DuckDB where dbt runs on Apache Spark (docs/scale.md)."""
