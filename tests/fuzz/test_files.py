"""Whole files after damage, through the real loader: nothing is lost and nothing crashes.

Every row carries a number of its own. After the load each number that still stands in the file is
found in the raw tables, among the unreadable rows or in an issue, or the file was refused whole
with a reason and lies in the refused folder.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dagster_project.ingestion.loader import load_files
from dagster_project.settings import Settings
from tests.fuzz.seen import NUMBER, inside_long_values

FILES = 25
EXAMPLES = 12
ROWS = 12
FUZZ = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
HEADER = ["source", "shop", "order_id", "ordered_at", "status", "gross_amount", "channel"]
TABLES = {
    "template": (HEADER, "own,旗舰店,{id},2024-03-{day:02d} 10:05:06,paid,¥1{day}.50,小程序"),
    "taobao": (
        ["订单编号", "总金额", "收货地址 ", "订单创建时间", "订单状态", "订单备注"],
        "{id},86元,浙江省 杭州市 西湖区,2024-03-{day:02d} 10:05:06,交易成功,加急",
    ),
    "behaviour": (None, "{id},2268318,2520377,pv,15115{day:02d}070"),
}
ENCODINGS = ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be"]
LINE_ENDS = ["\n", "\r\n", "\r"]
DAMAGES = [
    "none", "truncate", "flip", "quote", "two quotes", "blank lines", "double column", "short row",
    "long row", "mixed ends", "nul", "open quote at end", "delimiter in value",
]  # fmt: skip
_FILE = st.tuples(
    st.sampled_from(sorted(TABLES)),
    st.sampled_from(ENCODINGS),
    st.sampled_from(LINE_ENDS),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(DAMAGES),
    st.integers(0, 5_000),
)

tried = {"files": 0, "loaded": 0, "refused": 0}


def damaged(kind: str, encoding: str, end: str, sign: str, damage: str, seed: int, first: int):
    """The bytes of a damaged file whose rows are numbered from `first`."""
    header, row = TABLES[kind]
    lines = [row.format(id=first + i, day=i % 9 + 10).replace(",", sign) for i in range(ROWS)]
    if header:
        names = [*header, header[seed % len(header)]] if damage == "double column" else header
        lines = [sign.join(names), *lines]
        if damage == "double column":
            lines[1:] = [line + sign + "again" for line in lines[1:]]
    at = 1 + seed % (len(lines) - 1)
    place = seed % (len(lines[at]) + 1)
    if damage in ("quote", "two quotes"):
        lines[at] = lines[at][:place] + '"' + lines[at][place:]
    if damage == "two quotes":
        lines[-1] = lines[-1][:place] + '"' + lines[-1][place:]
    elif damage == "open quote at end":
        lines[-1] = lines[-1] + sign + '"open'
    elif damage == "blank lines":
        lines[at:at] = [""] * (seed % 4 + 1)
    elif damage == "short row":
        lines[at] = sign.join(lines[at].split(sign)[: seed % 3 + 1])
    elif damage == "long row":
        lines[at] += sign + "more" + sign + "and more"
    elif damage == "nul":
        lines[at] = lines[at][:place] + "\0" + lines[at][place:]
    elif damage == "delimiter in value":
        lines[at] = lines[at][:place] + sign + lines[at][place:]
    ends = [LINE_ENDS[(seed + i) % 3] if damage == "mixed ends" else end for i in range(len(lines))]
    text = "".join(line + stop for line, stop in zip(lines, ends, strict=True))
    content = text.encode(encoding)
    if damage == "truncate":
        content = content[: seed % len(content)]
    elif damage == "flip":
        for step in range(seed % 6 + 1):
            at = (seed * 7919 + step * 104_729) % len(content)
            content = (
                content[:at] + bytes([content[at] ^ (1 << (seed + step) % 8)]) + content[at + 1 :]
            )
    return content


def whole_numbers(content: bytes, first: int) -> set[str]:
    """Numbers of rows that a reader can still see, where each stands in a line of its own."""
    for encoding in ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeError:
            continue
        if str(first)[:4] in text or encoding == "gb18030":
            break
    else:
        return set()
    numbers = {str(number) for number in range(first, first + ROWS)}
    present = set(NUMBER.findall(text))
    return (numbers & present) - inside_long_values(text)


def everything_kept(settings_: Settings) -> str:
    """All text that the raw tables hold."""
    parts = []
    with duckdb.connect(str(settings_.work_db), read_only=True) as connection:
        names = connection.execute(
            "select table_name from duckdb_tables() where schema_name = 'raw' "
            "and table_name in ('mapped_orders', 'taobao_orders', 'taobao_user_behavior', "
            "'mapped_orders_personal', 'taobao_orders_personal', 'unreadable_rows')"
        ).fetchall()
        for (name,) in names:
            rows = connection.execute(
                f"select cast(row_to_json(t) as varchar) from raw.{name} as t"
            ).fetchall()
            parts += [row for (row,) in rows]
    return "\n".join(parts)


@FUZZ
@given(st.lists(_FILE, min_size=FILES, max_size=FILES))
def test_nothing_is_lost(files) -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings_ = Settings.from_env({"WAREHOUSE_DIR": folder})
        settings_.create_folders()
        contents: dict[str, tuple[bytes, int]] = {}
        for number, (kind, encoding, end, sign, damage, seed) in enumerate(files):
            first = 700_000_000 + number * 1_000
            content = damaged(kind, encoding, end, sign, damage, seed, first)
            name = f"{number:02d} {kind} {encoding} {damage} {seed}.csv"
            contents[name] = (content, first)
            Path(settings_.landing_dir, name).write_bytes(content)
        report = load_files(settings_)
        kept = everything_kept(settings_)
        loaded = {file.relative: file for file in report.loaded}
        refused = {file.relative: file for file in report.refused}
        assert loaded.keys() | refused.keys() == contents.keys()
        for name, file in refused.items():
            assert file.refusal.zh and file.refusal.en, name
            assert (settings_.refused_dir / name).read_bytes() == contents[name][0]
        for name, file in loaded.items():
            content, first = contents[name]
            lost = {number for number in whole_numbers(content, first) if number not in kept}
            assert not lost, (name, lost, content)
            assert file.rows >= file.unreadable_rows
            assert (settings_.landing_dir / name).read_bytes() == content
        tried["files"] += len(contents)
        tried["loaded"] += len(loaded)
        tried["refused"] += len(refused)


def test_enough_files_were_tried():
    """Runs after the other of this module: pytest keeps a module's order on one worker."""
    assert tried["files"] >= 300
    assert tried["loaded"] >= 150 and tried["refused"] >= 10
