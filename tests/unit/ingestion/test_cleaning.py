"""What each cleaning macro makes of real and of broken values."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from dagster_project.ingestion.cleaning import KINDS, call
from dagster_project.ingestion.pseudonym import use_key

pytestmark = pytest.mark.engine

ZONE = "Asia/Shanghai"


@pytest.fixture(scope="module")
def connection():
    with duckdb.connect(":memory:") as opened:
        opened.execute("set TimeZone = 'UTC'")
        use_key(opened, "a secret of the test")
        yield opened


def clean(connection, text_macro: str, macro: str | None, raw: str | None, *arguments: Any) -> Any:
    value = call(macro, "text", *arguments) if macro else "text"
    texts = f"select {call(text_macro, 'raw')} as text from (select cast(? as varchar) as raw)"
    return connection.execute(f"select {value} from ({texts})", [raw]).fetchone()[0]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("  蓝色 连衣裙\t", "蓝色 连衣裙"),
        ("\u3000x\u00a0\ufeff", "x"),
        ("x\u200b", "x"),
        ("a" * 50 + "  ", "a" * 50),
        (None, None),
        ("", None),
        ("   ", None),
        ("null", None),
        ("NULL", None),
        ("None", None),
        ("nan", None),
        ("N/A", None),
        ("#N/A", None),
        ("--", None),
        (" null ", None),
        ("无", "无"),
        ("nullable", "nullable"),
        ("None/Unknown", "None/Unknown"),
    ],
)
def test_text(connection, raw, expected):
    assert clean(connection, "clean_text", None, raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("123", "123"),
        ('="123"', "123"),
        ('="00123"', "00123"),
        ("'123", "123"),
        ('"123"', "123"),
        (" 123\t", "123"),
        ("１２３", "123"),
        ("13085.0", "13085"),
        ("A-1_b", "A-1_b"),
        ("C536379", "C536379"),
        ("1E5", "1E5"),
        ("12345678901234567890", "12345678901234567890"),
        ("1.2E+18", None),
        ("1.234567890123457e+17", None),
        ("1e+18", None),
        ('="null"', None),
        ('=""', None),
        ("null", None),
        (None, None),
    ],
)
def test_id(connection, raw, expected):
    assert clean(connection, "id_text", "clean_id", raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("86", "86"),
        ("86元", "86"),
        ("¥1,299.00", "1299"),
        ("￥1299", "1299"),
        ("US$1,299.00", "1299"),
        ("29.95 €", "29.95"),
        ("29.95 EUR", "29.95"),
        ("$5", "5"),
        ("£3.20", "3.2"),
        ("৳2,999", "2999"),
        ("₹ 1,250.50", "1250.5"),
        ("R$12.30", "12.3"),
        ("US$5", "5"),
        ("Rs. 40", "40"),
        ("99.00 zł", "99"),
        ("120 kr", "120"),
        ("₩15,000", "15000"),
        ("EUR 3.20", "3.2"),
        ("１２，３４５．６", "12345.6"),
        ("(12.00)", "-12"),
        ("-¥12", "-12"),
        ("¥-12", "-12"),
        ("1,234,567.89", "1234567.89"),
        ("178.80000000000001", "178.8"),
        ("0.00005", "0.0001"),
        (".5", "0.5"),
        ("无退款申请", None),
        ("1,29", None),
        ("1234,567", None),
        ("12元5", None),
        ("nan", None),
        ("inf", None),
        ("1e400", None),
        ("99999999999999999999", None),
        ("abc", None),
        ("$", None),
        (None, None),
    ],
)
def test_amount(connection, raw, expected):
    value = clean(connection, "amount_text", "clean_amount", raw)
    assert value == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [("1473个", "1473"), ("2件", "2"), ("３", "3"), ("1,000", "1000"), ("-1", "-1"), ("个", None)],
)
def test_quantity(connection, raw, expected):
    value = clean(connection, "clean_text", "clean_quantity", raw)
    assert value == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2019-03-11 10:05:06", "2019-03-11T10:05:06"),
        ("2019-03-11 10:05:06.123", "2019-03-11T10:05:06.123"),
        ("2019/3/11 9:05", "2019-03-11T09:05"),
        ("2019/03/11 09:05:07", "2019-03-11T09:05:07"),
        ("2019#3#11", "2019-03-11"),
        ("2019年3月11日", "2019-03-11"),
        ("2019年3月11日 10:05", "2019-03-11T10:05"),
        ("20190311", "2019-03-11"),
        ("2019-03-11T10:05:06", "2019-03-11T10:05:06"),
        ("43882.5", "2020-02-21T12:00"),
        ("43525.37855324074", "2019-03-01T09:05:07"),
        ("43882", "2020-02-21"),
        ("2019-03-11T10:05:06Z", "2019-03-11T18:05:06"),
        ("2019-03-11 10:05:06 -0500", "2019-03-11T23:05:06"),
        ("2019-03-11 10:05:06+08:00", "2019-03-11T10:05:06"),
        ("2019-03-11 10:05:06+00", "2019-03-11T18:05:06"),
        ("2019-13-45", None),
        ("2019-02-30", None),
        ("11/03/2019", None),
        ("1552269906", None),
        ("infinity", None),
        ("昨天", None),
    ],
)
def test_time(connection, raw, expected):
    value = clean(connection, "clean_text", "clean_time", raw, ZONE)
    assert value == (None if expected is None else datetime.fromisoformat(expected))


def test_time_of_another_zone_and_form_becomes_shop_time(connection):
    arguments = (ZONE, "Europe/London", "%d/%m/%Y %H:%M")
    summer = clean(connection, "clean_text", "clean_time", "01/07/2019 10:05", *arguments)
    winter = clean(connection, "clean_text", "clean_time", "01/12/2019 10:05", *arguments)
    serial = clean(connection, "clean_text", "clean_time", "43882.5", *arguments)
    assert summer == datetime(2019, 7, 1, 17, 5)
    assert winter == datetime(2019, 12, 1, 18, 5)
    assert serial == datetime(2020, 2, 21, 20, 0)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("1989-12-31 23:59:59", False),
        ("1990-01-01 00:00:00", True),
        ("2026-01-02 00:00:00", True),
        ("2026-01-02 00:00:01", False),
    ],
)
def test_plausible_time(connection, value, kept):
    sql = call("plausible_time", f"timestamp '{value}'", "2026-01-02 00:00:00")
    assert (connection.execute(f"select {sql}").fetchone()[0] is not None) == kept


@pytest.mark.parametrize(
    ("macro", "value", "kept"),
    [
        ("plausible_amount", "9999999999.9999", True),
        ("plausible_amount", "-9999999999.9999", True),
        ("plausible_amount", "10000000000", False),
        ("plausible_amount", "-10000000000", False),
        ("plausible_quantity", "999999999.999", True),
        ("plausible_quantity", "-1000000000", False),
    ],
)
def test_plausible_numbers(connection, macro, value, kept):
    sql = call(macro, f"cast('{value}' as decimal(18, 4))", "")
    assert (connection.execute(f"select {sql}").fetchone()[0] is not None) == kept


def test_quantity_times_price_is_an_amount_or_nothing(connection):
    rows = connection.execute(
        f"select {call('line_amount', 'q', 'p')}, {call('is_beyond_amounts', 'q', 'p')}, "
        f"{call('beyond_amounts_issue', 'q', 'p')} from (select q::decimal(18, 3) as q, "
        "p::decimal(18, 4) as p "
        "from (values (2.5, 4), (-999999999, 9999999999), (null, 4)) as t(q, p))"
    ).fetchall()
    assert rows == [
        (10, False, None),
        (None, True, "q times p is beyond any plausible amount"),
        (None, False, None),
    ]


def test_date_of_birth_may_be_old(connection):
    value = clean(connection, "clean_text", "clean_date", "1962/7/1", ZONE)
    assert value == date(1962, 7, 1)
    sql = call("plausible_date", "date '1962-07-01'", "2026-01-02 00:00:00")
    assert connection.execute(f"select {sql}").fetchone()[0] == value


@pytest.mark.parametrize(
    ("address", "province", "city"),
    [
        ("浙江省 杭州市 西湖区 文一路1号(310000)", "浙江", "杭州"),
        ("上海", "上海", "上海"),
        ("上海上海市浦东新区", "上海", "上海"),
        ("内蒙古自治区", "内蒙古", None),
        ("内蒙古自治区 呼和浩特市 新城区", "内蒙古", "呼和浩特"),
        ("内蒙古自治区 锡林郭勒盟", "内蒙古", "锡林郭勒"),
        ("广西壮族自治区南宁市", "广西", "南宁"),
        ("新疆维吾尔自治区 伊犁哈萨克自治州 伊宁市", "新疆", "伊犁"),
        ("黑龙江省 大兴安岭地区", "黑龙江", "大兴安岭"),
        ("吉林省 延边朝鲜族自治州 延吉市", "吉林", "延边"),
        ("湖北省 恩施土家族苗族自治州 恩施市", "湖北", "恩施"),
        ("青海省 海西蒙古族藏族自治州", "青海", "海西"),
        ("香港特别行政区 九龙", "香港", "香港"),
        ("广东省", "广东", None),
        ("沙洲街道****", None, None),
        (None, None, None),
    ],
)
def test_address(connection, address, province, city):
    assert clean(connection, "clean_text", "clean_province", address) == province
    assert clean(connection, "clean_text", "clean_city", address) == city


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("浙江省", "浙江"),
        ("杭州市", "杭州"),
        ("上海市", "上海"),
        ("London", "London"),
        ("沙市", "沙市"),
    ],
)
def test_region_name(connection, raw, expected):
    assert clean(connection, "clean_text", "clean_region_name", raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [("是", True), ("手机订单", True), ("1", True), ("False", False), ("否", False), ("x", None)],
)
def test_boolean(connection, raw, expected):
    assert clean(connection, "clean_text", "clean_boolean", raw) is expected


def test_flag_status_state_and_hash(connection):
    assert clean(connection, "clean_text", "clean_flag", "客服刷单3", "刷单|补单") is True
    assert clean(connection, "clean_text", "clean_flag", "补单", "刷单|补单") is True
    assert clean(connection, "clean_text", "clean_flag", "急", "刷单|补单") is False
    assert clean(connection, "clean_text", "clean_flag", None, "刷单|补单") is False
    assert clean(connection, "clean_text", "clean_status", "卖家已发货,等待") == "卖家已发货，等待"
    assert clean(connection, "clean_text", "clean_order_state", "paid") == "paid"
    assert clean(connection, "clean_text", "clean_order_state", "已付款") is None
    hashed = clean(connection, "clean_text", "clean_hashed_id", " 小明 ")
    assert hashed == clean(connection, "clean_text", "clean_hashed_id", "小明")
    assert len(hashed) == 32


@pytest.mark.parametrize("kind", ["clean_hashed_id", "email_key", "phone_key", "person_key"])
def test_nothing_is_hashed_without_the_secret(kind):
    with duckdb.connect(":memory:") as bare, pytest.raises(duckdb.Error, match="secret"):
        bare.execute(f"select {call(kind, 't')} from (values ('a@b.com'), ('13912345678')) v(t)")


def test_another_secret_gives_another_hash(connection):
    with duckdb.connect(":memory:") as other:
        use_key(other, "another secret")
        query = f"select {call('phone_key', 't')} from (select '13912345678' as t)"
        assert other.execute(query).fetchone() != connection.execute(query).fetchone()


@pytest.mark.parametrize(
    ("kind", "one", "same"),
    [
        ("email_key", "Lin@Shop.cn", "lin@shop.CN"),
        ("phone_key", "13912345678", "+86 139-1234-5678"),
        ("phone_key", "13912345678", "'008613912345678"),
        ("phone_key", "１３９１２３４５６７８", "13912345678"),
        ("person_key", "张三 浙江省 杭州市 西湖区(310000)", "张三，浙江省杭州市西湖区"),
    ],
)
def test_one_person_written_twice_has_one_key(connection, kind, one, same):
    assert clean(connection, "clean_text", kind, one) is not None
    assert clean(connection, "clean_text", kind, one) == clean(connection, "clean_text", kind, same)


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("email_key", "none"),
        ("email_key", "a***@shop.cn"),
        ("phone_key", "138****0000"),
        ("phone_key", "13800000000"),
        ("phone_key", "13800138000"),
        ("phone_key", "11111111111"),
        ("phone_key", "1234567890"),
        ("phone_key", "12345"),
        ("person_key", "张** 浙江省杭州市"),
    ],
)
def test_what_is_masked_or_made_up_is_nobody(connection, kind, raw):
    assert clean(connection, "clean_text", kind, raw) is None


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("1511544070", datetime(2017, 11, 25, 1, 21, 10)),
        ("1511544070.0", datetime(2017, 11, 25, 1, 21, 10)),
        ("0", datetime(1970, 1, 1, 8)),
        ("-5", None),
        ("99999999999999999999", None),
        ("2017-11-25", None),
    ],
)
def test_unix_time(connection, raw, expected):
    assert clean(connection, "clean_text", "clean_unix_time", raw, ZONE) == expected


PLAIN = {
    "id": (),
    "amount": (),
    "quantity": (),
    "time": (ZONE,),
}
# What the plain macros see at their borders, beside the values of the tests above.
BORDERS = [
    "12.50", " 12", "12 ", "13e", " 13e ", "12\n", "12\u00a0", "1e3", "5.", ".5", "+5", "-5",
    "0x10", "1_000", "nan", "inf", "1.23456", "99999999999999999999", "abc", "abcde", "null",
    "None1", "12 34",
    "2024-01-01 10:00:00", "2024-01-01 10:00:0 ", " 024-01-01 10:00:00", "2024-01-01 \t0:00:0 ",
    "2024-02-30 10:00:00", "2024-01-01 24:00:00", "2024-01-01T10:00:00", "1,299.00", "86元", "",
    "   ", "12.元", "无退款申请", None,
]  # fmt: skip


@pytest.mark.parametrize("kind", PLAIN)
def test_plain_values_are_what_the_other_steps_make_of_them(connection, kind):
    spec = KINDS[kind]
    assert spec.plain_macro is not None
    given = 0
    for raw in BORDERS:
        (plain,) = connection.execute(
            f"select {call(spec.plain_macro, 'raw')} from (select cast(? as varchar) as raw)", [raw]
        ).fetchone()
        if plain is not None and (kind != "time" or plain.year >= 1990):
            given += 1
            assert clean(connection, spec.text_macro, spec.value_macro, raw, *PLAIN[kind]) == plain
    assert given > 0
