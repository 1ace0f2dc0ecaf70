"""The cleaning macros as SQL text: what each kind of column is trimmed with, typed by and called.

The rules themselves stand in `dbt_project/macros/cleaning.sql`, shared with dbt.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from dagster_project.settings import PROJECT_DIR


@dataclass(frozen=True)
class Kind:
    """How one kind of column is cleaned.

    Attributes:
        sql_type: type of the raw column.
        text_macro: raw value → text or NULL for "nothing here".
        value_macro: text → typed value or NULL; None keeps the text.
        range_macro: typed value → itself or NULL outside the plausible range.
        plain_macro: raw value → typed value when it is written as nearly all are, else NULL. It
            saves the other steps and must agree with them.
        expected: what a value that does not parse should have been, for messages.
        zoned: the value macro needs the shop's time zone.
        is_number: a file may write it with a decimal comma.
        written: it also needs the zone and the date format that the file's times are written in.
    """

    sql_type: str
    text_macro: str = "clean_text"
    value_macro: str | None = None
    range_macro: str | None = None
    plain_macro: str | None = None
    expected: str = ""
    zoned: bool = False
    written: bool = False
    is_number: bool = False


KINDS: dict[str, Kind] = {
    "id": Kind(
        "VARCHAR", "id_text", "clean_id", plain_macro="plain_id",
        expected="an id: a spreadsheet ruined the number",
    ),
    "hashed_id": Kind("VARCHAR", value_macro="clean_hashed_id"),
    "email_key": Kind("VARCHAR", value_macro="email_key"),
    "phone_key": Kind("VARCHAR", value_macro="phone_key"),
    "person_key": Kind("VARCHAR", value_macro="person_key"),
    "text": Kind("VARCHAR"),
    "status": Kind("VARCHAR", value_macro="clean_status"),
    "order_state": Kind("VARCHAR", value_macro="clean_order_state", expected="an order state"),
    "refund_state": Kind("VARCHAR", value_macro="clean_refund_state", expected="a refund state"),
    "amount": Kind(
        "DECIMAL(18,4)", "amount_text", "clean_amount", range_macro="plausible_amount",
        plain_macro="plain_amount",
        expected="an amount", is_number=True,
    ),
    "quantity": Kind(
        "DECIMAL(18,3)", value_macro="clean_quantity", range_macro="plausible_quantity",
        plain_macro="plain_quantity",
        expected="a quantity", is_number=True,
    ),
    "time": Kind(
        "TIMESTAMP", value_macro="clean_time", range_macro="plausible_time",
        plain_macro="plain_time",
        expected="a time", zoned=True, written=True,
    ),
    "date": Kind(
        "DATE", value_macro="clean_date", range_macro="plausible_date",
        expected="a date", zoned=True, written=True,
    ),
    "future_time": Kind(
        "TIMESTAMP", value_macro="clean_time", plain_macro="plain_time",
        expected="a time", zoned=True, written=True,
    ),
    "future_date": Kind(
        "DATE", value_macro="clean_date", expected="a date", zoned=True, written=True,
    ),
    "unix_time": Kind(
        "TIMESTAMP", value_macro="clean_unix_time", range_macro="plausible_time",
        expected="a number of seconds since 1970", zoned=True,
    ),
    "province": Kind("VARCHAR", value_macro="clean_province"),
    "city": Kind("VARCHAR", value_macro="clean_city"),
    "region_name": Kind("VARCHAR", value_macro="clean_region_name"),
    "flag": Kind("BOOLEAN", value_macro="clean_flag"),
    "boolean": Kind("BOOLEAN", value_macro="clean_boolean", expected="yes or no"),
}  # fmt: skip


def call(macro: str, *arguments: Any) -> str:
    """The SQL expression of one macro of `cleaning.sql`."""
    return str(getattr(_macros(), macro)(*arguments))


@cache
def definition_of(kind: str, pattern: str | None) -> str:
    """Text that changes exactly when this kind would clean a value differently."""
    spec = KINDS[kind]
    parts = [repr(spec), call(spec.text_macro, "x")]
    if spec.value_macro is not None:
        extra = [pattern] if kind == "flag" else ["zone"] if spec.zoned else []
        parts.append(call(spec.value_macro, "x", *extra))
    if spec.range_macro is not None:
        parts.append(call(spec.range_macro, "x", "latest"))
    return "\x1f".join(parts)


@cache
def _macros() -> ModuleType:
    environment = Environment(
        loader=FileSystemLoader(PROJECT_DIR / "dbt_project" / "macros"),
        undefined=StrictUndefined,
    )
    return environment.get_template("cleaning.sql").module  # type: ignore[return-value]
