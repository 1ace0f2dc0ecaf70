"""Every header generation is recognised for what it is, whatever its order and spacing."""

from __future__ import annotations

import random
import re

import pytest

from dagster_project.ingestion.formats import (
    FormatError,
    closest,
    load_formats,
    missing_columns,
    parse_format,
    recognise,
)
from tests.pipeline.exports import (
    JD_HEADER,
    OLIST_HEADERS,
    SHOPIFY_HEADER,
    SHOPIFY_OLD_HEADER,
    TAOBAO_REFUND_HEADER,
    TAOBAO_SHIPMENT_HEADER,
    WOOCOMMERCE_HEADER,
    WOOCOMMERCE_OLD_HEADER,
)

GENERATION_1 = (
    "订单编号,买家会员名,买家支付宝账号,买家应付货款,买家应付邮费,买家支付积分,总金额,"
    "返点积分,买家实际支付金额,买家实际支付积分,订单状态,买家留言,收货人姓名,收货地址 ,"
    "运送方式,联系电话 ,联系手机,订单创建时间,订单付款时间 ,宝贝标题 ,宝贝种类 ,物流单号 ,"
    "物流公司,订单备注,宝贝总数量,店铺Id,店铺名称,订单关闭原因,卖家服务费,买家服务费,"
    "发票抬头,是否手机订单,分阶段订单信息,特权订金订单id,是否上传合同照片,是否上传小票,"
    "是否代付,定金排名,修改后的sku,修改后的收货地址,异常信息,天猫卡券抵扣,集分宝抵扣,"
    "是否是O2O交易,新零售交易类型,新零售导购门店名称,新零售导购门店id,新零售发货门店名称,"
    "新零售发货门店id,退款金额,预约门店,确认收货时间,打款商家金额,"
    "含应开票给个人的个人红包"
)
GENERATION_2 = (
    GENERATION_1.replace("买家支付宝账号,", "买家支付宝账号,支付单号,支付详情,")
    + ",是否信用购,体验期结束时间,前N有礼,配送类型,主订单编号"
)
LATER = GENERATION_2.replace("买家会员名,买家支付宝账号,", "") + ",发货时间,商家备忘,预售订单"
GENERATION_3 = (
    "订单编号,支付单号,买家应付货款,买家应付邮费,总金额,买家实付金额,订单状态,收货地址,运送方式,订单创建时间,"
    "商品标题,宝贝种类,物流单号,物流公司,备注标签,商家备注,宝贝总数量,开票信息,手机订单,商品属性SKU,发货时间"
)
REPORT_FORM = "订单编号,总金额,买家实际支付金额,收货地址 ,订单创建时间,订单付款时间 ,退款金额"
LINES_OLD = "订单编号,标题,价格,购买数量,外部系统编号,商品属性,套餐信息,备注,订单状态,商家编码"
LINES_NEW = (
    "子订单编号,主订单编号,{title},价格,购买数量,外部系统编号,商品属性,订单状态,商家编码,买家应付货款,"
    "退款状态,退款金额,订单创建时间"
)
TRANSACTIONS = (
    "household_id,store_id,basket_id,product_id,quantity,sales_value,retail_disc,coupon_disc,"
    "coupon_match_disc,week,transaction_timestamp"
)
KNOWN = [
    (",".join(JD_HEADER), "jd_orders"),
    ("campaign_id,household_id", "complete_journey_campaigns"),
    (
        "campaign_id,campaign_type,start_date,end_date",
        "complete_journey_campaign_descriptions",
    ),
    ("coupon_upc,product_id,campaign_id", "complete_journey_coupons"),
    (
        "household_id,coupon_upc,campaign_id,redemption_date",
        "complete_journey_coupon_redemptions",
    ),
    *((header, f"olist_{name}") for name, header in OLIST_HEADERS.items()),
    (OLIST_HEADERS["products"].replace("lenght", "length"), "olist_products"),
    (",".join(SHOPIFY_HEADER), "shopify_orders"),
    (",".join(SHOPIFY_OLD_HEADER), "shopify_orders"),
    (",".join(WOOCOMMERCE_HEADER), "woocommerce_orders"),
    (",".join(WOOCOMMERCE_OLD_HEADER), "woocommerce_orders"),
    (",".join(TAOBAO_REFUND_HEADER), "taobao_refunds"),
    (",".join(TAOBAO_SHIPMENT_HEADER), "taobao_shipments"),
    (GENERATION_1, "taobao_orders"),
    (GENERATION_2, "taobao_orders"),
    (LATER, "taobao_orders"),
    (GENERATION_3, "taobao_orders"),
    (REPORT_FORM, "taobao_orders"),
    (LINES_OLD, "taobao_order_lines"),
    (LINES_NEW.format(title="标题"), "taobao_order_lines"),
    (LINES_NEW.format(title="商品标题"), "taobao_order_lines"),
    (TRANSACTIONS, "complete_journey_transactions"),
    (
        "product_id,manufacturer_id,department,brand,product_category,product_type,package_size",
        "complete_journey_products",
    ),
    (
        "household_id,age,income,home_ownership,marital_status,household_size,household_comp,"
        "kids_count",
        "complete_journey_demographics",
    ),
    (
        "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country",
        "online_retail",
    ),
    (
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
        "online_retail",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("header", "expected"), KNOWN)
def test_known_headers(header, expected):
    names = header.split(",")
    assert recognise(tuple(names), load_formats()).format.name == expected
    random.Random(1).shuffle(names)
    disturbed = ("extra", *(f"\u3000{name.upper()} " for name in names))
    assert recognise(disturbed, load_formats()).format.name == expected


@pytest.mark.parametrize(
    "header",
    [
        "order_id,ordered_at,gross_amount",
        "a,b,c",
        "",
    ],
)
def test_unknown_headers(header):
    assert recognise(tuple(header.split(",")), load_formats()) is None


def test_new_lines_take_the_main_order_number():
    header = tuple(LINES_NEW.format(title="标题").split(","))
    bound = {b.column.name: b for b in recognise(header, load_formats()).columns}
    assert header[bound["order_id"].positions[0]] == "主订单编号"
    assert header[bound["line_id"].positions[0]] == "子订单编号"


def test_memos_are_joined():
    bound = {
        b.column.name: b for b in recognise(tuple(GENERATION_3.split(",")), load_formats()).columns
    }
    assert len(bound["is_brushed"].positions) == 2
    assert bound["buyer_key"].positions == ()


def test_closest_names_what_is_missing():
    header = ("订单编号", "总金额", "收货地址")
    near = closest(header, load_formats())
    assert near.name == "taobao_orders"
    assert [column.name for column in missing_columns(near, header)] == ["created_at"]
    assert closest(("x",), load_formats()) is None


SPEAKS_OF_A_PERSON = re.compile(
    "name|phone|mobile|e-?mail|address|receiver|buyer|customer|household|employee|contact|memo|note"
    "|姓名|收货人|电话|手机|地址|会员名|旺旺|支付宝|帐号|账号|发票|开票|留言|备注|备忘|说明",
    re.IGNORECASE,
)
REGIONS = {"province", "city", "region_name"}
# What is named like something of a person and is not, with the reason.
NOT_OF_A_PERSON = {
    ("taobao_orders", "shop_name"): "the shop's own name",
    ("taobao_orders", "is_mobile"): "whether the order came from a phone",
    ("taobao_orders", "is_brushed"): "yes or no, found in a memo",
    ("jd_orders", "is_brushed"): "yes or no, found in a memo",
    ("shopify_orders", "line_title"): "the header is Lineitem name: an article's",
    ("mapped_campaigns", "name"): "a campaign's name",
    ("mapped_coupons", "name"): "a coupon's name",
    ("shopify_orders", "order_id"): "the header is Name: the order's number",
    ("woocommerce_orders", "customer_type"): "new or returning",
    ("olist_customers", "customer_state"): "a region as large as a province",
    ("olist_orders", "order_delivered_customer_date"): "when the goods arrived",
    ("olist_products", "product_category_name"): "a category's name",
    ("olist_products", "product_name_length"): "how long a title is",
    ("olist_category_translation", "product_category_name"): "a category's name",
    ("olist_category_translation", "product_category_name_english"): "a category's name",
}


def test_every_column_that_speaks_of_a_person_is_marked():
    speaking = {
        (format_.name, column.name): column
        for format_ in load_formats()
        for column in format_.columns
        if any(map(SPEAKS_OF_A_PERSON.search, (column.name, *column.headers)))
        and column.kind not in REGIONS
    }
    assert len(speaking) > 40
    unmarked = {key for key, c in speaking.items() if not c.personal and c.tie is None}
    assert unmarked == set(NOT_OF_A_PERSON)


def test_whatever_shares_a_header_with_a_personal_column_cannot_be_read_back():
    """A second column on the same header is a hash, a region or a flag, never the text again."""
    harmless = {*REGIONS, "hashed_id", "email_key", "phone_key", "person_key", "flag"}
    for format_ in load_formats():
        private = {h for column in format_.personal_columns for h in column.headers}
        for column in format_.main_columns:
            if private.intersection(column.headers):
                assert column.kind in harmless, (format_.name, column.name)


COLUMN = "format: f\nsource: s\nentity: e\ndescription: {zh: x, en: x}\ncolumns:\n  a: "


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (COLUMN + "{kind: money}", "unknown kind 'money'"),
        (COLUMN + "{kind: id, needed: true}", "needed"),
        (COLUMN + "{kind: id, combine: sum}", "combine"),
        (COLUMN + "{kind: id, personal: true}", "personal"),
        (COLUMN + "{kind: text, meta: {personal: perhaps}}", "meta is"),
        (COLUMN + "{kind: text, meta: {secret: true}}", "meta is"),
        (COLUMN + "{kind: phone_key}", "a phone_key names a person"),
        (COLUMN + "{kind: hashed_id, meta: {personal: true}}", "a hashed_id names a person"),
        (COLUMN + "{kind: id}\nextra: 1", "extra"),
        ("format: f\ncolumns: {}", "missing"),
    ],
)
def test_wrong_format_file_is_named(text, named):
    with pytest.raises(FormatError, match="f.yml.*" + named):
        parse_format(text, "f.yml")


def test_definition_hash_follows_what_is_read():
    plain = parse_format(COLUMN + "{kind: id}", "f.yml").definition_hash
    assert plain == parse_format(COLUMN + "{kind: id}  # note", "f.yml").definition_hash
    assert plain != parse_format(COLUMN + "{kind: id, headers: [b]}", "f.yml").definition_hash
    assert plain != parse_format(COLUMN + "{kind: text}", "f.yml").definition_hash


def test_every_format_is_described_in_both_languages():
    for format_ in load_formats():
        assert set(format_.description) == {"zh", "en"}
        assert format_.require_any or any(column.required for column in format_.columns)


def test_every_column_of_an_entity_is_described_in_both_languages_with_an_example():
    for format_ in load_formats():
        for column in format_.columns:
            if format_.mapped and not column.of:
                assert set(column.description) == {"zh", "en"}, (format_.name, column.name)
                assert all(column.description.values()), (format_.name, column.name)
                assert isinstance(column.example, str), (format_.name, column.name)


def test_a_description_does_not_change_how_a_file_is_read():
    plain = parse_format(COLUMN + "{kind: id}", "f.yml").definition_hash
    described = COLUMN + "{kind: id, description: {zh: x, en: x}, example: EXAMPLE}"
    assert parse_format(described, "f.yml").definition_hash == plain
