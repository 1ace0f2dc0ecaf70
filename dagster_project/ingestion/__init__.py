"""From landing folder to typed raw tables: formats, readers, ledger.

Only `assets.py` knows Dagster.
"""
