"""The secret of the hashes that stand for personal values below the raw layer.

A phone number has eleven digits: without a secret, anybody could hash them all and look a
customer up. Each warehouse therefore has a secret of its own.
"""

from __future__ import annotations

import hashlib
import os
import secrets

import duckdb

from dagster_project.settings import Settings

# The variable that `keyed_hash` in cleaning.sql reads: the secret itself stands in no SQL text.
_VARIABLE = "pseudonym_key"


def read_key(settings: Settings) -> str | None:
    """The secret from the settings or the warehouse's file; None before the first load."""
    if settings.pseudonym_key is not None:
        return settings.pseudonym_key
    try:
        return settings.pseudonym_key_path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None


def ensure_key(settings: Settings) -> str:
    """The secret, made and kept (readable by its owner only) when there is none yet."""
    key = read_key(settings)
    if key is not None:
        return key
    path = settings.pseudonym_key_path
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(32) + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(scratch, path)
    return path.read_text(encoding="ascii").strip()


def use_key(connection: duckdb.DuckDBPyConnection, key: str) -> None:
    """Let the cleaning macros of this connection hash with `key`."""
    connection.execute(f"set variable {_VARIABLE} = ?", [key])


def reading_context(settings: Settings) -> str:
    """What else decides into which rows a file is read: a change makes files be read again."""
    key = read_key(settings) or ""
    return f"{settings.shop_timezone}\x1f{hashlib.sha256(key.encode()).hexdigest()[:16]}"
