"""Databases and APIs as sources: dlt extracts to files, which land like any other file.

Needs the extra `sources`. Only `files` and `landing` can be imported without it.
"""
