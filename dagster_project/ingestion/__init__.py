"""From landing folder to typed raw tables: formats, readers, ledger. No Dagster in here but `assets.py`."""
