"""Real shapes of values, and what dirt does to them."""

from __future__ import annotations

from hypothesis import strategies as st

SHAPES = {
    "id": ["123456789012345678", '="1001"', "'1002", "1.2E+18", "13085.0", "E2024-03", "C536365"],
    "text": ["连衣裙", "Red dress, size M", "null", " N/A ", "a|b;c", "O'Neil \"x\"", "無"],
    "amount": ["86", "86.50", "86元", "¥1,299.00", "(12.00)", "-5", "$ 3", "29,95 €", "无退款申请"],
    "quantity": ["1", "2件", "1473个", "0", "-3", "1,000", "2.5"],
    "time": [
        "2019-03-11 10:05:06", "2019/3/1 9:05", "2019#3#11", "20190311", "43535.5", "2019年3月11日",
        "2019-03-11T10:05:06Z", "2019-03-11 10:05:06 -0500", "25/03/2019 10:05",
    ],
    "unix_time": ["1511544070", "1511544070.0", "-1", "99999999999"],
    "state": ["paid", "completed", "succeeded", "退款成功", "交易成功,已评价", "Paid "],
    "boolean": ["是", "否", "true", "0", "1.0", "手机订单"],
    "place": ["浙江省 杭州市 西湖区", "上海市", "内蒙古自治区呼和浩特市", "São Paulo", "沙洲****"],
    "contact": ["a@b.com", "+86 139-1234-5678", "张三 浙江省杭州市西湖区文一路1号", "138****0000"],
}  # fmt: skip

SHAPE_OF = {
    "id": "id", "hashed_id": "id", "text": "text", "status": "state", "order_state": "state",
    "refund_state": "state", "amount": "amount", "quantity": "quantity", "time": "time",
    "date": "time", "future_time": "time", "future_date": "time", "unix_time": "unix_time",
    "province": "place", "city": "place", "region_name": "place", "flag": "text",
    "boolean": "boolean", "email_key": "contact", "phone_key": "contact", "person_key": "contact",
}  # fmt: skip

# What exports really contain where it does not belong, and what breaks naive patterns.
DIRT = [
    " ", "\t", "\n", "\r\n", "\u00a0", "\u3000", "\u200b", "\ufeff", "\x00", "\x1e", "\x1f", "'",
    "\\", "%", "_", "$1", "\\1", ",", "，", ".", "..", "-", "+", "e", "E+", "0", "9" * 40, "١", "½",
    "é", "𠮷", "😀", "(", ")", "[", "{", "null", "NaN", "inf", "--", "; drop table x", '"',
    "24:60:60", "-0", "1e400", "#", "/", ":", "Z", "+25:00", "月",
]  # fmt: skip

EDITS = ("insert", "delete", "replace", "double", "cut", "reverse")


def edited(text: str, edit: str, place: int, dirt: str) -> str:
    """`text` after one edit at `place`, counted round."""
    at = place % (len(text) + 1)
    if edit == "insert":
        return text[:at] + dirt + text[at:]
    if edit == "replace":
        return text[:at] + dirt + text[at + 1 :]
    if edit == "delete":
        return text[:at] + text[at + 1 :]
    if edit == "double":
        return text + text
    return text[:at] if edit == "cut" else text[::-1]


_EDIT = st.tuples(st.sampled_from(EDITS), st.integers(0, 40), st.sampled_from(DIRT))


def dirty(shapes: list[str]) -> st.SearchStrategy[str]:
    """One of the shapes after up to three edits, or any text at all."""

    def apply(parts: tuple[str, list[tuple[str, int, str]]]) -> str:
        text, edits = parts
        for edit, place, dirt in edits:
            text = edited(text, edit, place, dirt)
        return text

    shaped = st.tuples(st.sampled_from(shapes), st.lists(_EDIT, max_size=3)).map(apply)
    # Surrogates are no text: no reader hands them on.
    return shaped | st.text(st.characters(codec="utf-8"), max_size=12)
