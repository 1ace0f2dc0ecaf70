"""Measurements on made data; nothing here is part of the pipeline."""
