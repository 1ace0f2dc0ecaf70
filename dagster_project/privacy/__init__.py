"""Erasing a person from the warehouse, and proving it."""
