"""Which rows of a damaged file a reader of Python's own world can see: the measure for ours."""

from __future__ import annotations

import csv
import io
import json
import re
import warnings

import openpyxl
import pyarrow.parquet as pq

from tests.fuzz.shop_files import Table

NUMBER = re.compile("(?<![0-9])[0-9]{9}(?![0-9])")
ENCODINGS = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030")


def numbers_seen(table: Table, kind: str, content: bytes) -> set[str]:
    """Numbers of the rows that are there for certain; empty where the file cannot be read."""
    read = {"csv": _of_csv, "xlsx": _of_xlsx, "parquet": _of_parquet, "jsonl": _of_jsonl}[kind]
    return read(table, content) & table.numbers


def _of_csv(table: Table, content: bytes) -> set[str]:
    for encoding in ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeError:
            continue
        if str(table.first)[:4] in text or encoding == "gb18030":
            break
    else:
        return set()
    if table.number_header is not None and table.number_header not in text:
        return set()
    return set(NUMBER.findall(text)) - inside_long_values(text)


def inside_long_values(text: str) -> set[str]:
    """What a well-formed quoted value over several lines takes in."""
    joined: set[str] = set()
    for sign in ",;\t|":
        records = csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=True)
        try:
            for record in records:
                for value in record:
                    if "\n" in value or "\r" in value:
                        joined |= set(NUMBER.findall(value))
        except csv.Error:
            continue  # a quote that never closes takes in nothing
    return joined


def _of_xlsx(table: Table, content: bytes) -> set[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True)
            sheet = book.worksheets[0]
            header, *rows = sheet.iter_rows(values_only=True)
            column = [str(name) for name in header].index(str(table.number_header))
            return {str(row[column]) for row in rows if len(row) > column}
    except Exception:  # whatever a damaged workbook does to that reader: it sees nothing
        return set()


def _of_parquet(table: Table, content: bytes) -> set[str]:
    try:
        found = pq.read_table(io.BytesIO(content), columns=[table.number_header])
        return set(map(str, found.column(0).to_pylist()))
    except Exception:  # as above
        return set()


def _of_jsonl(table: Table, content: bytes) -> set[str]:
    try:
        text = content.decode("utf-8-sig")
        records = json.loads(text) if text.lstrip()[:1] == "[" else text.splitlines()
    except ValueError:
        return set()
    seen = set()
    for record in records:
        try:
            found = json.loads(record) if isinstance(record, str) else record
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            seen.add(str(found.get(table.number_header)))
    return seen
