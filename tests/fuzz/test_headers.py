"""Recognition of headers: every known one after dirt and after real changes."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dagster_project.ingestion.formats import (
    Format,
    load_formats,
    missing_columns,
    normalise_header,
    recognise,
)
from dagster_project.ingestion.inspect import recognise_tables
from dagster_project.ingestion.readers import Table
from dagster_project.ingestion.refusal import RefusedFile
from dagster_project.ingestion.templates import recognise_template

from .shapes import DIRT, edited

FORMATS = load_formats()
BY_HEADER = [f for f in FORMATS if not f.mapped and not f.headerless]
TEMPLATES = [f for f in FORMATS if f.mapped]
MUTANTS = 8
EXAMPLES = 650
FUZZ = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)

tried = {"harmless": 0, "changed": 0}


def full_header(format_: Format) -> tuple[str, ...]:
    if format_.mapped:
        return tuple(column.name for column in format_.given_columns)
    return tuple(dict.fromkeys(column.headers[0] for column in format_.columns))


def by_header(header: tuple[str, ...]):
    return recognise(header, FORMATS) or recognise_template(header, FORMATS)


def dressed(name: str, how: int, extra: int) -> str:
    """The same name as another export writes it."""
    wide = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})
    ways = (
        lambda text: text,
        str.upper,
        str.title,
        lambda text: f" {text}\t",
        lambda text: f"\ufeff{text}\u200b",
        lambda text: f"\u3000{text}\u00a0",
        lambda text: text.translate(wide),
    )
    return ways[how % len(ways)](ways[extra % len(ways)](name))


_DRESS = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=5, max_size=5)


@pytest.mark.parametrize("formats", [BY_HEADER, TEMPLATES], ids=["platforms", "templates"])
def test_dirt_does_not_hide_a_known_header(formats: list[Format]):
    @FUZZ
    @given(st.sampled_from(formats), _DRESS, st.randoms(use_true_random=False), st.booleans())
    def check(format_: Format, dress, random, more: bool) -> None:
        for _ in range(MUTANTS):
            names = list(full_header(format_))
            random.shuffle(names)
            shown = [dressed(name, *dress[i % len(dress)]) for i, name in enumerate(names)]
            # A template may have no other columns; empty and repeated ones do no harm.
            shown.insert(random.randrange(len(shown) + 1), "")
            shown.append(random.choice(shown))
            if more and not format_.mapped:
                shown += ["自定义列", "note 2"]
            found = by_header(tuple(shown))
            tried["harmless"] += 1
            assert found is not None and found.format is format_, shown
            for bound in found.columns:
                for position in bound.positions:
                    allowed = bound.column.of or bound.column.headers
                    assert normalise_header(shown[position]) in set(map(normalise_header, allowed))

    check()


_EDITS = st.lists(
    st.tuples(
        st.sampled_from(["drop", "swap", "edit", "add", "double"]),
        st.integers(0, 60),
        st.sampled_from(DIRT),
    ),
    min_size=MUTANTS,
    max_size=MUTANTS,
)


def changed(names: list[str], edits, foreign: tuple[str, ...]) -> list[str]:
    for what, place, dirt in edits:
        at = place % max(1, len(names))
        if what == "drop":
            names = names[:at] + names[at + 1 :]
        elif what == "swap":
            names = names[at:] + names[:at]
        elif what == "edit" and names:
            names = [*names[:at], edited(names[at], "insert", place, dirt), *names[at + 1 :]]
        elif what == "add":
            names = [*names, foreign[place % len(foreign)], dirt]
        else:
            names = names + names[: at + 1]
    return names


def test_a_changed_header_is_known_for_what_it_is_or_refused():
    @FUZZ
    @given(st.sampled_from(FORMATS), st.sampled_from(FORMATS), _EDITS)
    def check(format_: Format, other: Format, edits) -> None:
        for count in range(1, MUTANTS + 1):
            header = tuple(changed(list(full_header(format_)), edits[:count], full_header(other)))
            tried["changed"] += 1
            try:
                ((_, binding),) = recognise_tables((Table("csv", header),), FORMATS)
            except RefusedFile as refused:
                assert by_header(header) is None
                assert refused.refusal.code in ("unknown_header", "unfinished_template")
                assert refused.refusal.zh and refused.refusal.en
                continue
            # Whatever it is taken for, its required columns are there.
            given_names = {normalise_header(name) for name in header}
            if binding.format.mapped:
                known = {column.name for column in binding.format.given_columns}
                assert given_names - {""} <= known
            assert not missing_columns(binding.format, header)
            assert all(
                position < len(header) for bound in binding.columns for position in bound.positions
            )

    check()


def test_enough_headers_were_tried():
    """Runs after the others of this module: pytest keeps a module's order on one worker."""
    assert tried["harmless"] >= 10_000 and tried["changed"] >= 5_000
