"""What can happen to an export: to its cells and header, and to the bytes of its file."""

from __future__ import annotations

import io
import random
import unicodedata
import zipfile
from collections.abc import Callable
from dataclasses import replace

from tests.fuzz.shapes import DIRT
from tests.fuzz.shop_files import ROWS, WRITERS, Table

EXTREMES = (
    "0001-01-01", "0000-00-00 00:00:00", "9999-12-31 23:59:59", "9999-12-31T23:59:59-12:00",
    "1969-12-31 23:59:59", "2024-02-30", "10000-01-01", "99999999999", "99999.999999",
    "-1", "1e18", "-1e18", "1000000000000000000", "99999999999999.9999", "-99999999999999.9999",
    "1e400", "-1e400", "NaN", "Infinity", "1e-400", "0x1F", "1_000", "१२३", "1,2,3",
    '=HYPERLINK("http://x.example","a")', "=1+1", "+cmd|' /C calc'!A0", "@SUM(A1:A9)", "\t=1",
    "'; drop table raw.ingested_files; --", "{{ x }}", "${x}", "%s%n", "../../etc/passwd",
    "x" * 100_000, "，" * 20_000, "\x00", "a\x00b", "\x1d", "\x1e\x1f", "line\nbreak", "\r",
    '"', '""', "a\"b,c\"d", "\ufeff", "\u202eabc", "e\u0301", "𠮷", "\u0000\ufffe",
)  # fmt: skip
_LOOK_ALIKE = str.maketrans("aeopcxyABEKMHOPCTX", "аеорсхуАВЕКМНОРСТХ")
_WIDE = str.maketrans({chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)})

CellDamage = Callable[[Table, random.Random], Table]
ByteDamage = Callable[[bytes, random.Random], bytes]


def no_damage(table: Table, rng: random.Random) -> Table:
    return table


def extreme_cells(table: Table, rng: random.Random) -> Table:
    for _ in range(rng.randint(1, 8)):
        row, column = rng.randrange(ROWS), rng.randrange(len(table.rows[0]))
        table = table.with_cell(row, column, rng.choice((*EXTREMES, *DIRT)))
    return table


def one_extreme_column(table: Table, rng: random.Random) -> Table:
    column = rng.randrange(len(table.rows[0]))
    for row in range(ROWS):
        table = table.with_cell(row, column, rng.choice(EXTREMES))
    return table


def _renamed(table: Table, rng: random.Random, change: Callable[[str], str]) -> Table:
    if table.header is None:
        return table
    places = [i for i in range(len(table.header)) if i != table.number]
    chosen = set(rng.sample(places, k=min(len(places), rng.randint(1, 3))))
    header = tuple(change(name) if i in chosen else name for i, name in enumerate(table.header))
    return replace(table, header=header)


def look_alike_header(table: Table, rng: random.Random) -> Table:
    ways: tuple[Callable[[str], str], ...] = (
        lambda name: name.translate(_LOOK_ALIKE),
        lambda name: name.translate(_WIDE),
        lambda name: name[:1] + "\u200b" + name[1:],
        lambda name: "\u0301".join(name),
        lambda name: unicodedata.normalize("NFD", name),
        lambda name: f"\u202e{name}",
        lambda name: f"\ufeff{name} \u00a0",
        str.upper,
    )
    return _renamed(table, rng, rng.choice(ways))


def odd_header(table: Table, rng: random.Random) -> Table:
    return _renamed(table, rng, lambda name: rng.choice(("", '"', "a\x00b", "x" * 5_000, *DIRT)))


def column_lost(table: Table, rng: random.Random) -> Table:
    places = [i for i in range(len(table.rows[0])) if i != table.number]
    gone = rng.choice(places)

    def without(cells: tuple[str, ...]) -> tuple[str, ...]:
        return cells[:gone] + cells[gone + 1 :]

    return replace(
        table,
        header=without(table.header) if table.header else None,
        rows=tuple(map(without, table.rows)),
        number=table.number - (gone < table.number),
    )


def column_twice(table: Table, rng: random.Random) -> Table:
    again = rng.randrange(len(table.rows[0]))
    return replace(
        table,
        header=(*table.header, table.header[again]) if table.header else None,
        rows=tuple((*row, rng.choice(EXTREMES[:40])) for row in table.rows),
    )


def columns_swapped(table: Table, rng: random.Random) -> Table:
    order = list(range(len(table.rows[0])))
    rng.shuffle(order)
    return replace(
        table,
        header=tuple(table.header[i] for i in order) if table.header else None,
        rows=tuple(tuple(row[i] for i in order) for row in table.rows),
        number=order.index(table.number),
    )


def truncated(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def flipped(content: bytes, rng: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.randint(1, 6)):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def overwritten(content: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(content))
    noise = rng.choice((rng.randbytes(rng.randint(1, 40)), b"\0" * rng.randint(1, 500)))
    return content[:at] + noise + content[at + len(noise) :]


def cut_out(content: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(content))
    return content[:start] + content[start + rng.randint(1, len(content)) :]


def inserted(content: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(content) + 1)
    dirt = rng.choice(
        (b"\0", b'"', b"\n\n", b"\r", b"\xff\xfe", b"\xef\xbb\xbf", b"{", b"[" * 50_000,
         b"\x80", "连衣裙".encode("gb18030"), "连衣裙".encode(), rng.randbytes(8))
    )  # fmt: skip
    return content[:at] + dirt + content[at:]


def two_encodings(content: bytes, rng: random.Random) -> bytes:
    """Two exports pasted together, as a copy command does."""
    other = rng.choice(("gb18030", "utf-8", "utf-16-le"))
    return content + "\n连衣裙,￥86\n".encode(other) + content[: rng.randrange(len(content))]


def only_noise(content: bytes, rng: random.Random) -> bytes:
    return rng.randbytes(rng.randint(1, 3_000))


def noise_after_magic(content: bytes, rng: random.Random) -> bytes:
    return content[:4] + rng.randbytes(rng.randint(1, 3_000)) + content[-8:]


def member_changed(content: bytes, rng: random.Random) -> bytes:
    """A workbook that is a sound zip file with one part missing, emptied or broken."""
    try:
        source = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile:
        return content
    target = io.BytesIO()
    victim = rng.choice(source.namelist())
    how = rng.randrange(6)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as sink:
        for name in source.namelist():
            part = source.read(name)
            if name == victim:
                if how == 0:
                    continue
                part = (
                    b"", flipped(part, rng), truncated(part, rng), part.replace(b">", b"/>", 1),
                    BILLION_LAUGHS, rng.randbytes(300),
                )[how]  # fmt: skip
            sink.writestr(name, part)
    return target.getvalue()


BILLION_LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + i, (b"&%c;" % (97 + i)) * 10) for i in range(12))
    + b"]><l>&m;</l>"
)

CELL_DAMAGES: dict[str, CellDamage] = {
    "extreme cells": extreme_cells,
    "one extreme column": one_extreme_column,
    "look-alike header": look_alike_header,
    "odd header": odd_header,
    "column lost": column_lost,
    "column twice": column_twice,
    "columns swapped": columns_swapped,
}
BYTE_DAMAGES: dict[str, ByteDamage] = {
    "truncated": truncated,
    "bits flipped": flipped,
    "overwritten": overwritten,
    "cut out": cut_out,
    "inserted": inserted,
    "two encodings": two_encodings,
    "noise": only_noise,
    "noise after magic": noise_after_magic,
    "part of the workbook": member_changed,
}
NAMES = ("none", *CELL_DAMAGES, *BYTE_DAMAGES, "another ending")


def damaged(table: Table, kind: str, name: str, rng: random.Random) -> tuple[Table, bytes]:
    """The table as it stands in the file, and the file.

    `another ending` leaves the file as it is; whoever names it gives it a wrong ending.
    """
    if name in CELL_DAMAGES:
        table = CELL_DAMAGES[name](table, rng)
    content = WRITERS[kind](table, rng)
    if name in BYTE_DAMAGES:
        content = BYTE_DAMAGES[name](content, rng)
    return table, content
