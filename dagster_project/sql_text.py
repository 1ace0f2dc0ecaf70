"""Values and names inside SQL where the engine takes no bound parameter; the rest is bound."""

from __future__ import annotations


def sql_literal(text: object) -> str:
    """The text of a value, such as a path, as a SQL string."""
    quoted = "'" + str(text).replace("'", "''") + "'"
    # The parser takes a zero byte, which a damaged header may hold, for the end of the query.
    return quoted if "\0" not in quoted else "(" + quoted.replace("\0", "' || chr(0) || '") + ")"


def sql_name(name: str) -> str:
    """The name of a table or column in double quotes."""
    return '"' + name.replace('"', '""') + '"'
