"""A warehouse of its own for each test."""

from __future__ import annotations

from tests.unit.ingestion.conftest import warehouse

__all__ = ["warehouse"]
