"""Exports as the platforms write them, made for the tests: headers as in the real files."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterable, Sequence
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
