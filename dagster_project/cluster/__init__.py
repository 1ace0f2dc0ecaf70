"""Dagster in one process or several: its settings, its processes, its manifests."""
