"""Files that are too large in some way end with an answer, in bounded memory."""

from __future__ import annotations

import pytest

from tests.fuzz.sizes import CASES, measure

MEGABYTES = 100
SMALLER = {"one_cell_of_lines": 12, "a_stray_quote": 40, "one_cell": 50, "one_parquet_cell": 50}

# Over what a file of one row takes. DuckDB's share grows with the rows that it holds at once.
BOUND_MB = 400
BOUNDS_MB = {"a_stray_quote": 900, "a_million_keys": 800}

REFUSED = {
    "one_line": "header_too_long",
    "a_million_columns": "header_too_long",
    "a_million_empty_columns": "header_too_long",
    "a_million_keys": "too_many_columns",
    "one_json_line": "record_too_long",
    "deep_list": "not_a_record",
    "zeros_csv": "header_too_long",
    "zeros_jsonl": "json_encoding",
    "zeros_parquet": "broken_parquet",
    "zeros_xlsx": "not_a_workbook",
    "zip_bomb": "zip_bomb",
    "zip_that_lies": "empty_file",
    "one_cell_of_a_workbook": "broken_excel",
}
# Rows, and unreadable ones among them.
LOADED = {
    "one_line_below_a_header": (3, 1),
    "one_line_of_commas": (3, 1),
    "one_gb18030_line": (3, 1),
    "one_cell": (3, 1),
    "one_cell_of_lines": (12 * 1024 + 3, 12 * 1024 + 1),
    "a_stray_quote": (40 * (1 << 20) // 46, 1),
    "deep_json": (1, 0),
    "shared_strings": (1, 0),
    "one_parquet_cell": (1, 0),
}


@pytest.mark.parametrize("case", CASES)
def test_an_answer_in_bounded_memory(case: str) -> None:
    found = measure(case, SMALLER.get(case, MEGABYTES))
    assert found.whole
    assert found.refused == REFUSED.get(case)
    if case in LOADED:
        assert (found.rows, found.unreadable_rows) == LOADED[case]
    assert found.more_mb < BOUNDS_MB.get(case, BOUND_MB)
