"""The SELECT that turns a file's text into typed rows, with what did not parse written beside.

In steps, so that no rule is computed twice: the values that are written plainly, the text of the
others, their typed values, then the checks over all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from dagster_project.ingestion.cleaning import KINDS, call
from dagster_project.ingestion.formats import Binding, BoundColumn
from dagster_project.ingestion.readers import Table
from dagster_project.sql_text import sql_literal

# Issues are read by people: a whole article pasted into a cell helps nobody.
_SHOWN_CHARACTERS = 60


@dataclass(frozen=True)
class Clock:
    """Which times a load believes.

    Attributes:
        time_zone: IANA name of the shop's zone; all times are stored in it.
        latest: `yyyy-MM-dd HH:mm:ss` in that zone; later times do not parse.
    """

    time_zone: str
    latest: str


def typed_rows(binding: Binding, table: Table, relation: str, clock: Clock) -> str:
    """A SELECT of `_row_number, _row_hash, _issues, _unreadable` and every column of the format.

    Args:
        binding: where the file holds each column.
        table: what is read; its own column names stand in the messages.
        relation: SELECT of `_row_number` and the text columns `f<position>`.
        clock: time zone and latest plausible moment.
    """
    columns = binding.columns
    plain = {
        i: call(macro, f"f{bound.positions[0]}")
        for i, bound in enumerate(columns)
        if (macro := _plain_macro(bound, binding, table, clock)) is not None
    }
    plains = "".join(f", {value} as q{i}" for i, value in plain.items())
    texts = [f"{_text(bound, table)} as t{i}" for i, bound in enumerate(columns)]
    parsed = [
        f"{_parsed(bound, i, binding, table, clock)} as p{i}" for i, bound in enumerate(columns)
    ]
    for i in plain:
        bound, known = columns[i], _in_range(columns[i], f"q{i}", clock)
        texts[i] = f"case when {known} is null then {_text(bound, table)} end as t{i}"
        parsed[i] = f"coalesce({known}, {_parsed(bound, i, binding, table, clock)}) as p{i}"
    values = [
        f"{_value(bound, i, clock)} as {bound.column.name}" for i, bound in enumerate(columns)
    ]
    names = ", ".join(bound.column.name for bound in columns)
    return f"""
with source as ({relation}),
plains as (select *{plains} from source),
texts as (select _row_number{"".join(f", q{i}" for i in plain)}, {", ".join(texts)} from plains),
parsed as (select *, {", ".join(parsed)} from texts),
valued as (select *, {", ".join(values)} from parsed)
select
    _row_number,
    {_row_hash(columns)} as _row_hash,
    {_issues(columns, table)} as _issues,
    {_unreadable(columns)} as _unreadable,
    {names}
from valued
"""


def _plain_macro(bound: BoundColumn, binding: Binding, table: Table, clock: Clock) -> str | None:
    """The macro of plainly written values, where the file does not say how to read them."""
    kind = KINDS[bound.column.kind]
    as_it_stands = (
        len(bound.positions) == 1
        and bound.constant is None
        and bound.default is None
        and not bound.values
        and not bound.hashed
        and not table.typed.issuperset(bound.positions)
    )
    other_number = kind.is_number and binding.decimal_comma
    other_time = kind.written and (
        binding.date_format is not None or binding.time_zone not in (None, clock.time_zone)
    )
    return kind.plain_macro if as_it_stands and not other_number and not other_time else None


def _text(bound: BoundColumn, table: Table) -> str:
    if bound.constant is not None:
        return sql_literal(bound.constant)
    if bound.default is not None:
        found = _text(replace(bound, default=None), table)
        return f"coalesce({found}, {sql_literal(bound.default)})"
    if not bound.positions:
        return "cast(null as varchar)"
    fields = [f"f{position}" for position in bound.positions]
    raw = fields[0] if len(fields) == 1 else f"concat_ws(' ', {', '.join(fields)})"
    if bound.column.together:
        present = " and ".join(f"trim({field}) <> ''" for field in fields)
        raw = f"case when {present} then {raw} end"
    untouched = table.typed.issuperset(bound.positions)
    text = raw if untouched else call(KINDS[bound.column.kind].text_macro, raw)
    if not bound.values:
        return text
    cases = " ".join(f"when {sql_literal(a)} then {sql_literal(b)}" for a, b in bound.values)
    return f"case {text} {cases} else {text} end"


def _is_absent(bound: BoundColumn) -> bool:
    return bound.constant is None and bound.default is None and not bound.positions


def _parsed(bound: BoundColumn, index: int, binding: Binding, table: Table, clock: Clock) -> str:
    kind = KINDS[bound.column.kind]
    if _is_absent(bound):
        return f"cast(null as {kind.sql_type})"
    text = f"t{index}"
    if bound.hashed:
        return call(KINDS["hashed_id"].value_macro or "", text)
    if kind.value_macro is None:
        return text
    if bound.column.kind == "flag":
        return call(kind.value_macro, text, bound.column.pattern)
    if kind.is_number and binding.decimal_comma and not table.typed.issuperset(bound.positions):
        text = call("decimal_point", text)
    zone = [clock.time_zone] if kind.zoned else []
    written = [binding.time_zone, binding.date_format] if kind.written else []
    return call(kind.value_macro, text, *zone, *written)


def _value(bound: BoundColumn, index: int, clock: Clock) -> str:
    value = _in_range(bound, f"p{index}", clock)
    return f"upper({value})" if bound.column.upper else value


def _in_range(bound: BoundColumn, value: str, clock: Clock) -> str:
    macro = KINDS[bound.column.kind].range_macro
    return value if macro is None else call(macro, value, clock.latest)


def _row_hash(columns: tuple[BoundColumn, ...]) -> str:
    """Equal for equal content, whatever file, encoding or column order it came in.

    A row in which nothing stands beside its source has none, so that no key is made of it.
    """
    parts = [f"coalesce(cast({bound.column.name} as varchar), '')" for bound in columns]
    empty = [
        part if bound.column.name in ("source", "shop") else "''"
        for bound, part in zip(columns, parts, strict=True)
    ]
    text = f"concat_ws(chr(31), {', '.join(parts)})"
    return f"md5_number_lower(nullif({text}, concat_ws(chr(31), {', '.join(empty)})))"


def _issues(columns: tuple[BoundColumn, ...], table: Table) -> str:
    parts = [
        _issue(bound, index, table)
        for index, bound in enumerate(columns)
        if KINDS[bound.column.kind].expected and not _is_absent(bound)
    ]
    return f"nullif(concat_ws('; ', {', '.join(parts)}), '')" if parts else "cast(null as varchar)"


def _issue(bound: BoundColumn, index: int, table: Table) -> str:
    kind = KINDS[bound.column.kind]
    label = table.label(bound.positions[0]) if bound.positions else bound.column.name
    start = f"{sql_literal(label + ': ' + chr(34))} || left(t{index}, {_SHOWN_CHARACTERS}) || "
    problem = (
        f"when p{index} is null then {start}{sql_literal(f'{chr(34)} is not {kind.expected}')}"
    )
    if kind.range_macro is not None:
        problem += f" else {start}{sql_literal(f'{chr(34)} is outside the plausible range')}"
    return f"case when t{index} is null or {bound.column.name} is not null then null {problem} end"


def _unreadable(columns: tuple[BoundColumn, ...]) -> str:
    failures = [
        f"(t{index} is not null and {bound.column.name} is null)"
        for index, bound in enumerate(columns)
        if bound.column.must_parse
    ]
    return " or ".join(failures) if failures else "false"
