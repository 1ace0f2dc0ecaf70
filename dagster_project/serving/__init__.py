"""Write, audit, publish: what BI tools read, and what a person reads after a run."""
