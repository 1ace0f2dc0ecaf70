"""When and in what order things happen: ingestion, transformation, gates, publishing."""
