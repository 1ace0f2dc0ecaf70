"""Exports as the platforms write them, made for the tests: headers as in the real files."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path

import openpyxl

_TAOBAO_ORDERS = (
    "订单编号,买家会员名,买家支付宝账号,买家应付货款,买家应付邮费,买家支付积分,总金额,返点积分,"
    "买家实际支付金额,买家实际支付积分,订单状态,买家留言,收货人姓名,收货地址 ,运送方式,联系电话 ,"
    "联系手机,订单创建时间,订单付款时间 ,宝贝标题 ,宝贝种类 ,物流单号 ,物流公司,订单备注,"
    "宝贝总数量,店铺Id,店铺名称,订单关闭原因,卖家服务费,买家服务费,发票抬头,是否手机订单,分阶段订单信息,"
    "特权订金订单id,是否上传合同照片,是否上传小票,是否代付,定金排名,修改后的sku,修改后的收货地址,"
    "异常信息,天猫卡券抵扣,集分宝抵扣,是否是O2O交易,新零售交易类型,新零售导购门店名称,"
    "新零售导购门店id,新零售发货门店名称,新零售发货门店id,退款金额,预约门店,确认收货时间,"
    "打款商家金额,含应开票给个人的个人红包"
)
TAOBAO_ORDER_HEADER = _TAOBAO_ORDERS.split(",")

_REPORT = "订单编号,总金额,买家实际支付金额,收货地址 ,订单创建时间,订单付款时间 ,退款金额"
REPORT_HEADER = _REPORT.split(",")

Row = dict[str, str]


def taobao_order(
    number: str,
    buyer: str,
    total: str,
    created: str,
    *,
    paid: str | None = None,
    status: str = "交易成功",
    refund: str = "无退款申请",
    close_reason: str = "订单未关闭",
    memo: str = "",
    paid_at: str | None = None,
) -> Row:
    """One row of an order export; `paid` defaults to the total, `paid_at` to the creation time."""
    return {
        "订单编号": number,
        "买家会员名": buyer,
        "总金额": total,
        "买家应付货款": total,
        "买家应付邮费": "0.00",
        "买家实际支付金额": total if paid is None else paid,
        "订单状态": status,
        "收货人姓名": "张三",
        "收货地址 ": "浙江省 杭州市 西湖区 文三路1号(310000)",
        "联系手机": "'13800000000",
        "订单创建时间": created,
        "订单付款时间 ": created if paid_at is None else paid_at,
        "宝贝标题 ": "连衣裙",
        "宝贝总数量": "1",
        "店铺名称": "女装旗舰店",
        "是否手机订单": "手机订单",
        "订单关闭原因": close_reason,
        "订单备注": memo,
        "退款金额": refund,
    }


def as_csv(header: Sequence[str], rows: Iterable[Row]) -> str:
    """CSV text as the platforms write it: commas, quotes where needed, CRLF."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows([row.get(column, "") for column in header] for row in rows)
    return text.getvalue()


def shuffled(header: Sequence[str]) -> list[str]:
    """The columns in another order, the same for every run."""
    columns = list(header)
    random.Random(7).shuffle(columns)
    return columns


def write_text(path: Path, text: str, encoding: str = "utf-8") -> Path:
    """Write `text` below folders that need not exist yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


def write_xlsx(path: Path, header: Sequence[str], rows: Iterable[Row]) -> Path:
    """A workbook with one sheet, every cell a text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(header))
    for row in rows:
        sheet.append([row.get(column) or None for column in header])
    book.save(path)
    return path


def report_rows() -> list[Row]:
    """A report export of 60 orders whose paid amount is already net of refunds.

    45 paid of which 9 are fully and 5 partly refunded, 15 unpaid; one unpaid one of 188,320.
    """
    rows: list[Row] = []
    for number in range(1, 61):
        total = 188_320.0 if number == 60 else 50.0 + number
        is_paid = number <= 45
        refund = 0.0
        if number <= 9:
            refund = total
        elif number <= 14:
            refund = 10.0
        day = 1 + number % 28
        created = f"2020-02-{day:02d} 10:{number % 60:02d}:00"
        rows.append(
            {
                "订单编号": str(number),
                "总金额": f"{total}",
                "买家实际支付金额": f"{total - refund if is_paid else 0.0}",
                "收货地址 ": "上海",
                "订单创建时间": created,
                "订单付款时间 ": created if is_paid else "",
                "退款金额": f"{refund}",
            }
        )
    return rows


_JD_ORDERS = (
    "订单号,商品ID,商品名称,订购数量,下单时间,京东价,订单金额,结算金额,余额支付,应付金额,订单状态,订单类型,"
    "下单帐号,客户姓名,客户地址,联系电话,订单备注,付款确认时间,订单完成时间,订单来源,订单渠道,运费金额,货号,"
    "服务费,仓库id,仓库名称,商家备注,商家备注等级（等级1-5为由高到低）"
)
JD_HEADER = _JD_ORDERS.split(",")

_SHOPIFY_ADDRESS = "Name,Street,Address1,Address2,Company,City,Zip,Province,Country,Phone"
_SHOPIFY_ORDERS = (
    "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,"
    "Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,"
    "Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem compare at price,"
    "Lineitem sku,Lineitem requires shipping,Lineitem taxable,Lineitem fulfillment status"
)
_SHOPIFY_TAIL = (
    "Refunded Amount,Vendor,Outstanding Balance,Employee,Location,Device ID,Id,Tags,Risk Level,"
    "Source,Lineitem discount,Tax 1 Name,Tax 1 Value,Phone,Receipt Number,Duties"
)
# Older files end before the tail.
SHOPIFY_OLD_HEADER = [
    *_SHOPIFY_ORDERS.split(","),
    *(f"{kind} {part}" for kind in ("Billing", "Shipping") for part in _SHOPIFY_ADDRESS.split(",")),
    *["Notes", "Note Attributes", "Cancelled at", "Payment Method", "Payment Reference"],
]
SHOPIFY_HEADER = [*SHOPIFY_OLD_HEADER, *_SHOPIFY_TAIL.split(",")]


def jd_order(
    number: str,
    account: str,
    lines: Sequence[tuple[str, int, str]],
    *,
    ordered: str = "2024-01-05 10:00:00",
    paid_at: str | None = None,
    status: str = "完成",
    settled: str | None = None,
    balance: str = "0.00",
    freight: str = "0.00",
    memo: str = "",
) -> list[Row]:
    """The rows of a JD order, one for each (SKU, pieces, price); the order's amounts on each."""
    amount = sum(Decimal(price) * pieces for _, pieces, price in lines)
    settlement = amount if settled is None else Decimal(settled)
    return [
        {
            "订单号": number,
            "商品ID": sku,
            "商品名称": f"商品{sku}",
            "订购数量": str(pieces),
            "下单时间": ordered,
            "京东价": price,
            "订单金额": str(amount),
            "结算金额": str(settlement),
            "余额支付": balance,
            "应付金额": str(settlement + Decimal(freight) - Decimal(balance)),
            "订单状态": status,
            "订单类型": "SOP",
            "下单帐号": account,
            "客户姓名": "钱多多",
            "客户地址": "北京海淀区中关村大街1号",
            "联系电话": "13712345678",
            "付款确认时间": ordered if paid_at is None else paid_at,
            "订单渠道": "APP",
            "运费金额": freight,
            "商家备注": memo,
        }
        for sku, pieces, price in lines
    ]


def shopify_order(
    name: str,
    lines: Sequence[tuple[str, int, str]],
    *,
    email: str = "",
    phone: str = "",
    status: str = "paid",
    created: str = "2024-01-05 22:30:00 -0500",
    total: str | None = None,
    shipping: str = "0.00",
    discount: str = "0.00",
    refunded: str = "0.00",
    outstanding: str = "0.00",
    cancelled: str = "",
    fulfillment: str = "fulfilled",
) -> list[Row]:
    """The lines of a Shopify order, one for each (SKU, pieces, price); its fields on the first."""
    subtotal = sum(Decimal(price) * pieces for _, pieces, price in lines) - Decimal(discount)
    head = {
        "Financial Status": status,
        "Paid at": created if status not in ("pending", "authorized", "voided") else "",
        "Fulfillment Status": fulfillment,
        "Accepts Marketing": "no",
        "Currency": "USD",
        "Subtotal": str(subtotal),
        "Shipping": shipping,
        "Taxes": "0.00",
        "Total": str(subtotal + Decimal(shipping)) if total is None else total,
        "Discount Amount": discount,
        "Billing Name": "Wendy Buyer",
        "Shipping Name": "Wendy Buyer",
        "Shipping Address1": "12 Elm Street",
        "Shipping City": "Springfield",
        "Shipping Zip": "'62701",
        "Shipping Province": "IL",
        "Shipping Country": "US",
        "Shipping Phone": phone,
        "Notes": "leave it with Wendy",
        "Cancelled at": cancelled,
        "Refunded Amount": refunded,
        "Outstanding Balance": outstanding,
        "Id": "5" + name.strip("#"),
        "Source": "web",
    }
    return [
        {
            "Name": name,
            "Email": email,
            "Created at": created,
            "Lineitem quantity": str(pieces),
            "Lineitem name": f"Thing {sku}",
            "Lineitem price": price,
            "Lineitem sku": sku,
            **(head if index == 0 else {}),
        }
        for index, (sku, pieces, price) in enumerate(lines)
    ]


WOOCOMMERCE_HEADER = [
    "Date",
    "Order #",
    "N. Revenue (formatted)",
    "Status",
    "Customer",
    "Customer type",
    "Product(s)",
    "Items sold",
    "Coupon(s)",
    "Net Sales",
    "Attribution",
]
WOOCOMMERCE_OLD_HEADER = [
    *WOOCOMMERCE_HEADER[:-2],
    "N. Revenue",
]

TAOBAO_LINE_HEADER = [
    "子订单编号",
    "主订单编号",
    "商品标题",
    "价格",
    "购买数量",
    "外部系统编号",
    "商品属性",
    "订单状态",
    "商家编码",
    "买家应付货款",
    "退款状态",
    "退款金额",
    "订单创建时间",
]
TAOBAO_REFUND_HEADER = [
    "订单编号",
    "退款单编号",
    "退款类型",
    "订单付款时间",
    "商品ID",
    "订单创建时间",
    "宝贝标题",
    "交易金额",
    "买家退款金额",
    "发货状态",
    "退款状态",
    "买家退款原因",
    "完结时间",
]
TAOBAO_SHIPMENT_HEADER = [
    "订单编号",
    "物流单号",
    "物流公司",
    "发货时间",
    "收货人姓名",
    "收货地址",
    "联系手机",
]


def woocommerce_order(
    number: str,
    revenue: str,
    customer: str,
    *,
    status: str = "completed",
    date: str = "2024-01-05 10:00:00",
    sign: str = "৳",
    products: str = "2× Saree, 1× Scarf",
    items: str = "3",
) -> Row:
    """One order of a WooCommerce Analytics export; `revenue` is a plain number."""
    return {
        "Date": date,
        "Order #": number,
        "N. Revenue (formatted)": f"{sign}{float(revenue):,.0f}",
        "Status": status,
        "Customer": customer,
        "Customer type": "new",
        "Product(s)": products,
        "Items sold": items,
        "Coupon(s)": "",
        "Net Sales": revenue,
        "N. Revenue": revenue,
        "Attribution": "Direct",
    }


def taobao_line(
    line: str,
    order: str,
    price: str,
    *,
    pieces: str = "1",
    code: str = "A-1",
    status: str = "交易成功",
) -> Row:
    """One goods line of a new order line export."""
    return {
        "子订单编号": line,
        "主订单编号": order,
        "商品标题": f"连衣裙 {code}",
        "价格": price,
        "购买数量": pieces,
        "订单状态": status,
        "商家编码": code,
        "买家应付货款": str(Decimal(price) * int(pieces)),
        "退款状态": "没有申请退款",
        "退款金额": "无退款申请",
        "订单创建时间": "2024-01-05 10:00:00",
    }


def taobao_refund(
    number: str,
    order: str,
    amount: str,
    *,
    status: str = "退款成功",
    closed: str = "2024-02-20 10:00:00",
) -> Row:
    """One row of a refund export."""
    return {
        "订单编号": order,
        "退款单编号": number,
        "退款类型": "退货退款",
        "交易金额": amount,
        "买家退款金额": amount,
        "退款状态": status,
        "买家退款原因": "七天无理由",
        "完结时间": closed,
    }


def write_sheets(path: Path, sheets: dict[str, tuple[Sequence[str], Iterable[Row]]]) -> Path:
    """A workbook with a sheet for each name, every cell a text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, (header, rows) in sheets.items():
        sheet = book.create_sheet(name)
        sheet.append(list(header))
        for row in rows:
            sheet.append([row.get(column) or None for column in header])
    book.save(path)
    return path


# The nine public files, by their names; each row is a text with commas.
OLIST_HEADERS = {
    "orders": (
        "order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,"
        "order_delivered_carrier_date,order_delivered_customer_date,order_estimated_delivery_date"
    ),
    "order_items": (
        "order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value"
    ),
    "customers": (
        "customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state"
    ),
    "payments": "order_id,payment_sequential,payment_type,payment_installments,payment_value",
    "products": (
        "product_id,product_category_name,product_name_lenght,product_description_lenght,"
        "product_photos_qty,product_weight_g,product_length_cm,product_height_cm,product_width_cm"
    ),
    "category_translation": "product_category_name,product_category_name_english",
    "reviews": (
        "review_id,order_id,review_score,review_comment_title,review_comment_message,"
        "review_creation_date,review_answer_timestamp"
    ),
    "sellers": "seller_id,seller_zip_code_prefix,seller_city,seller_state",
    "geolocation": (
        "geolocation_zip_code_prefix,geolocation_lat,geolocation_lng,geolocation_city,"
        "geolocation_state"
    ),
}
