"""What the macros that engines write differently must give: expressions and expected texts."""

from __future__ import annotations

import hashlib

_TIME = "cast('2024-02-29 10:00:00' as timestamp)"
_FRACTION = "cast('2024-02-29 10:00:00.25' as timestamp)"
_SALTED = int(hashlib.md5(b"salt|c1").hexdigest()[:8], 16) / 4294967296


def _text(expression: str) -> str:
    return f"cast({expression} as {{{{ dbt.type_string() }}}})"


# Name, expression (Jinja and SQL), expected text; None is NULL.
CASES: tuple[tuple[str, str, str | None], ...] = (
    ("a day later", _text("{{ add_days(\"cast('2024-02-28' as date)\", 1) }}"), "2024-02-29"),
    ("days back", _text("{{ add_days(\"cast('2024-03-01' as date)\", '-1') }}"), "2024-02-29"),
    (
        "a time two days before",
        _text('{{ add_days_to_time("' + _TIME + '", -2) }}'),
        "2024-02-27 10:00:00",
    ),
    (
        "days between dates",
        _text("{{ days_between(\"cast('2024-02-01' as date)\", \"cast('2024-03-01' as date)\") }}"),
        "29",
    ),
    (
        "days between times are midnights",
        _text(
            "{{ days_between(\"cast('2024-02-28 23:59:00' as timestamp)\", "
            "\"cast('2024-02-29 00:01:00' as timestamp)\") }}"
        ),
        "1",
    ),
    (
        "months by the calendar",
        _text(
            "{{ months_between_dates(\"cast('2024-01-31' as date)\", "
            "\"cast('2024-02-01' as date)\") }}"
        ),
        "1",
    ),
    ("Monday is 1", _text("{{ iso_weekday(\"cast('2024-01-01' as date)\") }}"), "1"),
    ("Sunday is 7", _text("{{ iso_weekday(\"cast('2024-01-07' as date)\") }}"), "7"),
    ("small numbers are no powers", "{{ number_text('cast(0.0009 as double)') }}", "0.0009"),
    ("whole numbers have a digit", "{{ number_text('cast(2 as double)') }}", "2.0"),
    ("digits are rounded", "{{ number_text('cast(0.66666 as double)') }}", "0.6667"),
    (
        "large numbers are no powers",
        "{{ number_text('cast(12345678.5 as double)') }}",
        "12345678.5",
    ),
    ("half a digit goes up", "{{ number_text('cast(0.62645 as double)') }}", "0.6265"),
    ("so it does in a number", _text("{{ rounded('cast(0.62645 as double)', 4) }}"), "0.6265"),
    ("no number, no text", "{{ number_text('cast(null as double)') }}", None),
    ("a tie goes up", _text("{{ half_up('cast(0.285 as double)', 18, 2) }}"), "0.29"),
    ("a tie goes away from zero", _text("{{ half_up('cast(-2.5 as double)', 18, 0) }}"), "-3"),
    ("a third", _text("{{ half_up('cast(1 as double) / 3', 18, 2) }}"), "0.33"),
    (
        "a mean keeps its digits",
        "(select "
        + _text("{{ half_up(mean_of_decimals('v'), 18, 9) }}")
        + " from (select cast(1 as decimal(18, 2)) as v union all select 1 union all select 2) as n"
        ")",
        "1.333333333",
    ),
    (
        "near nothing a power keeps its digits",
        _text(
            "{{ half_up('(' ~ one_minus_power('cast(1e-12 as double)', 'cast(2.5 as double)')"
            " ~ ') / cast(1e-12 as double)', 18, 9) }}"
        ),
        "2.500000000",
    ),
    (
        "far from it, too",
        _text("{{ half_up(one_minus_power('cast(0.5 as double)', 'cast(2 as double)'), 18, 9) }}"),
        "0.555555556",
    ),
    (
        "the share of a hash",
        _text("cast({{ hash_share(\"'c1'\", \"'salt'\") }} as decimal(18, 9))"),
        f"{_SALTED:.9f}",
    ),
    ("a pattern is found", _text("{{ text_matches(\"'很好用'\", \"'好用|划算'\") }}"), "true"),
    ("a pattern is not found", _text("{{ text_matches(\"'一般'\", \"'好用|划算'\") }}"), "false"),
    ("no text, no answer", _text("{{ text_matches('cast(null as string)', \"'a'\") }}"), None),
    (
        "a row as text",
        "(select {{ json_object(['id', 'amount', 'moment', 'missing']) }} from ("
        f"select 'a\"b' as id, cast(1.50 as decimal(18, 2)) as amount, {_TIME} as moment, "
        "cast(null as string) as missing) as r)",
        '{"id":"a\\"b","amount":1.50,"moment":"2024-02-29 10:00:00","missing":null}',
    ),
    (
        "a row with a fraction of a second",
        f"(select {{{{ json_object(['moment']) }}}} from (select {_FRACTION} as moment) as r)",
        '{"moment":"2024-02-29 10:00:00.25"}',
    ),
    (
        "texts in an order",
        "(select {{ dbt.listagg('word', \"', '\", 'order by place') }} from (select 'b' as word, "
        "2 as place union all select 'a' as word, 1 as place) as r)",
        "a, b",
    ),
)


def query() -> str:
    """One row per case with its number and what the engine gives."""
    return " union all ".join(
        f"select {number} as number, {expression} as given"
        for number, (_, expression, _) in enumerate(CASES)
    )
