"""One export of every format, with traps of each; what becomes of them is counted in
`test_all_formats.py`."""

from __future__ import annotations

from pathlib import Path

from dagster_project.ingestion.templates import write_templates
from tests.pipeline.exports import (
    JD_HEADER,
    OLIST_HEADERS,
    SHOPIFY_HEADER,
    SHOPIFY_OLD_HEADER,
    TAOBAO_LINE_HEADER,
    TAOBAO_ORDER_HEADER,
    TAOBAO_REFUND_HEADER,
    TAOBAO_SHIPMENT_HEADER,
    WOOCOMMERCE_HEADER,
    WOOCOMMERCE_OLD_HEADER,
    as_csv,
    jd_order,
    shopify_order,
    taobao_line,
    taobao_order,
    taobao_refund,
    woocommerce_order,
    write_sheets,
    write_text,
)

JD_FIRST = [
    # 2 × 50 + 80 = 180 goods, 10 off, 6 freight: 176 paid, 20 of it from the balance.
    *jd_order(
        "J1", "jd_a", [("100", 2, "50.00"), ("101", 1, "80.00")],
        settled="170.00", balance="20.00", freight="6.00",
    ),
    *jd_order("J2", "jd_b", [("100", 1, "50.00")], status="已取消", paid_at=""),
    *jd_order("J3", "jd_b", [("100", 1, "50.00")], status="(删除)等待出库"),
    *jd_order("J4", "jd_c", [("100", 3, "50.00"), ("102", 1, "9.00")], memo="刷单"),
    *jd_order("J5", "jd_c", [("100", 1, "50.00"), ("101", 1, "80.00")], status="等待出库"),
    # Exported twice into one file: the second time it has arrived.
    *jd_order("J6", "jd_d", [("100", 1, "50.00"), ("103", 1, "7.00")], status="等待确认收货"),
    *jd_order("J7", "jd_d", [("103", 1, "7.00")], status="等待付款", paid_at=""),
    *jd_order("J6", "jd_d", [("100", 1, "50.00"), ("103", 1, "7.00")], status="完成"),
]  # fmt: skip
# J5 comes again without one of its articles; J1 as it was.
JD_SECOND = [
    *JD_FIRST[:2],
    *jd_order("J5", "jd_c", [("101", 1, "80.00")], status="完成"),
]
SHOPIFY_FIRST = [
    # 2 × 20 + 15 = 55, 5 off, 8 shipping: 58; 10 went back.
    *shopify_order(
        "#1001", [("S1", 2, "20.00"), ("S2", 1, "15.00")], email="Wendy@Example.com",
        phone="+1 217 555 0142",
        discount="5.00", shipping="8.00", status="partially_refunded", refunded="10.00",
    ),
    *shopify_order("#1002", [("S1", 1, "20.00")], status="pending", fulfillment=""),
    *shopify_order(
        "#1003", [("S1", 1, "20.00")], status="voided", cancelled="2024-01-06 10:00:00 -0500"
    ),
    *shopify_order("#1004", [("S2", 2, "15.00")], status="refunded", refunded="30.00"),
    *shopify_order(
        "#1005", [("S1", 5, "20.00")], status="partially_paid", outstanding="40.00",
        phone="+1 (217) 555-0142",
    ),
]  # fmt: skip
# An older kind of file; #1002 was paid since, in it a guest bought.
SHOPIFY_OLD = [
    *shopify_order("#1002", [("S1", 1, "20.00"), ("S3", 1, "2.00")], email="wendy@example.com"),
    *shopify_order("#0900", [("S9", 1, "9.00")], created="2023-12-01 08:00:00 +0800"),
]
WOOCOMMERCE = [
    woocommerce_order("501", "2999", "Rahima Khatun"),
    woocommerce_order("502", "450", "Rahima Khatun", status="on-hold"),
    woocommerce_order("503", "120", "Karim", status="refunded"),
]
# Older files end in another name; 502 was paid since.
WOOCOMMERCE_OLD = [
    woocommerce_order("502", "450", "Rahima Khatun"),
    woocommerce_order("504", "80", "Karim", status="cancelled", sign="₹"),
]
TAOBAO_ORDERS = [
    taobao_order("T1", "小明", "100.00", "2024-01-05 10:00:00"),
    # Its own export knows of 30 that went back, the refund export of the same 30 and 20 more.
    taobao_order("T2", "小红", "80.00", "2024-01-06 10:00:00", refund="30.00"),
    taobao_order("T3", "小刚", "60.00", "2024-01-07 10:00:00"),
    taobao_order("T4", "小刚", "40.00", "2024-01-08 10:00:00", refund="40.00"),
]
TAOBAO_LINES = [
    taobao_line("T1-1", "T1", "70.00"),
    taobao_line("T1-2", "T1", "30.00", code="A-2"),
    # No order export holds T5: it is known from its lines.
    taobao_line("T5-1", "T5", "25.00", pieces="2"),
]
TAOBAO_REFUNDS = [
    taobao_refund("R1", "T2", "30.00", closed="2024-01-10 10:00:00"),
    taobao_refund("R2", "T2", "20.00"),
    taobao_refund("R3", "T3", "60.00", status="买家已经申请退款，等待卖家同意", closed=""),
    taobao_refund("R4", "T5", "10.00"),
    taobao_refund("R5", "T999", "15.00"),
]
SHIPMENTS = [
    {"订单编号": "T1", "物流单号": "SF1", "物流公司": "顺丰", "发货时间": "2024-01-06 09:00:00"}
]
OLIST = {
    # The customer's number is new with every order: k1 and k2 are one person.
    "orders": """\
o1,k1,delivered,2017-05-01 10:00:00,2017-05-01 11:00:00,,2017-05-09 10:00:00,2017-05-20 00:00:00
o2,k2,shipped,2017-06-01 10:00:00,2017-06-02 11:00:00,2017-06-03 10:00:00,,2017-06-20 00:00:00
o3,k3,canceled,2017-07-01 10:00:00,,,,2017-07-20 00:00:00
o4,k4,unavailable,2017-08-01 10:00:00,2017-08-01 10:10:00,,,2017-08-20 00:00:00
""",
    "order_items": """\
o1,1,op1,v1,2017-05-03 10:00:00,58.90,13.29
o1,2,op1,v1,2017-05-03 10:00:00,58.90,13.29
o2,1,op2,v1,2017-06-03 10:00:00,12.00,3.00
o3,1,op3,v1,2017-07-03 10:00:00,20.00,5.00
""",
    "customers": """\
k1,person1,01409,sao paulo,SP
k2,person1,01409,sao paulo,SP
k3,person2,14409,franca,SP
k4,person3,20000,rio de janeiro,RJ
""",
    # The payments of o2 come to a real more than its items and freight.
    "payments": """\
o1,1,credit_card,3,100.00
o1,2,voucher,1,44.38
o2,1,boleto,1,16.00
""",
    "products": """\
op1,beleza_saude,40,287,1,225,16,10,14
op2,pc_gamer,44,276,1,1000,30,18,20
op3,,,,,154,18,9,15
""",
    "category_translation": "beleza_saude,health_beauty\n",
    "reviews": """\
rv1,o1,5,otimo,"chegou antes, Maria",2017-05-10 00:00:00,2017-05-11 10:00:00
rv2,o2,1,,,2017-06-30 00:00:00,2017-07-01 10:00:00
rv2,o3,1,,,2017-06-30 00:00:00,2017-07-01 10:00:00
""",
    "sellers": "v1,13023,campinas,SP\n",
    "geolocation": "01409,-23.56,-46.66,sao paulo,SP\n01409,-23.56,-46.66,sao paulo,SP\n",
}
# A visitor looks twice at the same second: the two rows are one event, also in the second export.
BEHAVIOUR = (
    "1,2268318,2520377,pv,1511544070\n1,2268318,2520377,pv,1511544070\n2,5,7,fav,1511544071\n"
)
BEHAVIOUR_AGAIN = "2,5,7,fav,1511544071\n2,5,7,buy,1511544072\n"
COMPLETE_JOURNEY = {
    "campaigns": "campaign_id,household_id\n1,105\n1,1238\n",
    "campaign_descriptions": (
        "campaign_id,campaign_type,start_date,end_date\n1,Type B,2017-03-03,2017-04-09\n"
    ),
    "coupons": "coupon_upc,product_id,campaign_id\n10000085207,9676830,1\n10000085207,9676830,1\n",
    "coupon_redemptions": (
        "household_id,coupon_upc,campaign_id,redemption_date\n105,10000085207,1,2017-03-20\n"
    ),
}
# A shop's own tables under the warehouse's names; its orders stand in one file, their money in
# another.
OWN = {
    "orders": "order_id,ordered_at,status,customer_id\nW1,2024-01-03 10:00:00,completed,C1\n",
    "order_lines": (
        "order_id,product_id,quantity,unit_price,gross_amount,freight_amount\n"
        "W1,P1,2,95.00,200.00,10.00\n"
    ),
    "customers": "customer_id,gender\nC1,女\nC2,男\n",
    "products": "product_id,title,unit_cost\nP1,衬衫,30.00\n",
    "product_costs": (
        "product_id,unit_cost,valid_from,valid_to\nP1,35.00,2020-01-01,2022-12-31\n"
        "P1,41.50,2023-01-01,\n"
    ),
    "refunds": "refund_id,order_id,amount,refunded_at\nRF1,W1,20.00,2024-01-09 10:00:00\n",
    "reviews": "review_id,order_id,product_id,customer_id,rating\nRV1,W1,P1,C1,4\nRV2,,P1,C9,3\n",
    "events": (
        "event_id,customer_id,event_at,event_type,product_id,session_id\n"
        "E1,C1,2024-01-03 09:50:00,view,P1,S1\nE2,,2024-01-03 09:51:00,search,,S2\n"
    ),
    "campaigns": "campaign_id,name,started_at\nCA1,三月上新,2024-03-01\n",
    "campaign_members": "campaign_id,customer_id,variant\nCA1,C1,A\n",
    "coupons": "coupon_id,campaign_id,discount_amount\nSPRING,CA1,20.00\n",
    "coupon_redemptions": "coupon_id,order_id,redeemed_at\nSPRING,W1,2024-01-03 10:00:00\n",
    "referrals": (
        "referrer_id,referred_id,referred_at\nC2,C1,2023-11-11\nC3,C1,2023-12-12\n"
        "C9,C2,2023-10-10\n"
    ),
    "opt_outs": (
        "customer_id,email,channel,opted_out_at\nC2,,SMS,2024-01-02\n,Li@shop.example,,\n,,,2024-01-02\n"
    ),
    "points": "customer_id,posted_at,points\nC1,2024-01-03 10:05:00,200\n",
}
MAPPING = """\
entity: order_lines
source: mapped_shop
columns:
  order_id: 单号
  ordered_at: 下单时间
  product_id: 货号
  gross_amount: 金额
  customer_id: 会员
"""


def drop_everything(landing: Path) -> None:
    """Put all of them into the landing folder, each format in a folder of its own."""
    write_text(landing / "jd" / "1.csv", as_csv(JD_HEADER, JD_FIRST), "gb18030")
    write_text(landing / "jd" / "2.csv", as_csv(JD_HEADER, JD_SECOND), "utf-8-sig")
    write_text(landing / "shopify" / "1.csv", as_csv(SHOPIFY_HEADER, SHOPIFY_FIRST))
    write_text(landing / "shopify" / "2.csv", as_csv(SHOPIFY_OLD_HEADER, SHOPIFY_OLD))
    write_text(landing / "woo" / "1.csv", as_csv(WOOCOMMERCE_HEADER, WOOCOMMERCE))
    write_text(landing / "woo" / "2.csv", as_csv(WOOCOMMERCE_OLD_HEADER, WOOCOMMERCE_OLD))
    write_sheets(
        landing / "taobao" / "three.xlsx",
        {
            "订单报表": (TAOBAO_ORDER_HEADER, TAOBAO_ORDERS),
            "销售明细": (TAOBAO_LINE_HEADER, TAOBAO_LINES),
            "发货报表": (TAOBAO_SHIPMENT_HEADER, SHIPMENTS),
            "说明": (["备注"], [{"备注": "导出于二月"}]),
        },
    )
    write_text(
        landing / "taobao" / "refunds.csv", as_csv(TAOBAO_REFUND_HEADER, TAOBAO_REFUNDS), "gb18030"
    )
    for name, rows in OLIST.items():
        write_text(landing / "olist" / f"{name}.csv", f"{OLIST_HEADERS[name]}\n{rows}")
    write_text(landing / "behaviour" / "1.csv", BEHAVIOUR)
    write_text(landing / "behaviour" / "2.csv", BEHAVIOUR_AGAIN)
    for name, text in COMPLETE_JOURNEY.items():
        write_text(landing / "complete_journey" / f"{name}.csv", text)
    for name, text in OWN.items():
        write_text(landing / "own" / f"{name}.csv", text)
    for path, _ in write_templates(landing / "templates"):
        if path.suffix != ".csv":
            path.unlink()
    write_text(landing / "mapped" / "mapping.yml", MAPPING)
    write_text(
        landing / "mapped" / "lines.csv", "单号,下单时间,货号,金额,会员\nM1,2024/1/4,K9,86元,V1\n"
    )
