"""Large exports as the platforms write them, made by DuckDB: the same seed gives the same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

_SEED = 20260101
_ROWS_TO_MEASURE = 2_000
_CHUNK_CHARACTERS = 1 << 20

# The header of the first generation in its real order; what is not named here stays empty.
_TAOBAO_HEADER = (
    "订单编号,买家会员名,买家支付宝账号,买家应付货款,买家应付邮费,买家支付积分,总金额,返点积分,"
    "买家实际支付金额,买家实际支付积分,订单状态,买家留言,收货人姓名,收货地址 ,运送方式,联系电话 ,"
    "联系手机,订单创建时间,订单付款时间 ,宝贝标题 ,宝贝种类,物流单号,物流公司,订单备注,"
    "宝贝总数量,店铺Id,店铺名称,订单关闭原因,卖家服务费,买家服务费,发票抬头,是否手机订单,分阶段订单信息,"
    "特权订金订单id,是否上传合同照片,是否上传小票,是否代付,定金排名,修改后的sku,修改后的收货地址,"
    "异常信息,天猫卡券抵扣,集分宝抵扣,是否是O2O交易,新零售交易类型,新零售导购门店名称,"
    "新零售导购门店id,新零售发货门店名称,新零售发货门店id,退款金额,预约门店,确认收货时间,"
    "打款商家金额,含应开票给个人的个人红包"
)
# An order: one in twenty ids comes wrapped by a spreadsheet, one amount in a hundred with its
# unit, one order in eight closed. `i` is the row, `r(i, k, n)` a number below n.
_TAOBAO_ORDER = {
    "订单编号": "case when r(i, 1, 20) = 0 then '=\"' || (1200000000000000000 + i) || '\"' "
    "else cast(1200000000000000000 + i as varchar) end",
    "买家会员名": "'tb' || r(i, 2, 400000) || '_' || r(i, 3, 90)",
    "买家支付宝账号": "'u' || r(i, 2, 400000) || '@example.com'",
    "买家应付货款": "cast(cents / 100 as decimal(12, 2))",
    "买家应付邮费": "'0.00'",
    "买家支付积分": "'0'",
    "总金额": "case when r(i, 4, 100) = 0 then cast(cents / 100 as decimal(12, 2)) || '元' "
    "else cast(cast(cents / 100 as decimal(12, 2)) as varchar) end",
    "返点积分": "'0'",
    "买家实际支付金额": "cast(cents / 100 as decimal(12, 2))",
    "买家实际支付积分": "'0'",
    "订单状态": "case when closed then '交易关闭' else '交易成功' end",
    "买家留言": "case when r(i, 5, 10) = 0 then '请尽快发货，谢谢' else '' end",
    "收货人姓名": "list_extract(['王', '李', '张', '刘', '陈'], 1 + r(i, 6, 5)) "
    "|| '某' || r(i, 7, 99)",
    "收货地址 ": "'浙江省 杭州市 西湖区 文三路' || r(i, 8, 2000) || '号' "
    "|| r(i, 9, 40) || '幢(310000)'",
    "运送方式": "'快递'",
    "联系手机": "'''13' || lpad(cast(r(i, 2, 400000) * 2311 as varchar), 9, '0')",
    "订单创建时间": "strftime(created, '%Y-%m-%d %H:%M:%S')",
    "订单付款时间 ": "strftime(created + to_minutes(r(i, 10, 60)), '%Y-%m-%d %H:%M:%S')",
    "宝贝标题 ": "'2024秋冬新款女装连衣裙修身显瘦中长款' || r(i, 11, 3000)",
    "宝贝种类": "'1'",
    "物流单号": "'No:SF' || (1000000000 + i)",
    "物流公司": "'顺丰速运'",
    "订单备注": "case when r(i, 12, 50) = 0 then '补单' "
    "when r(i, 12, 50) < 10 then '已核对' else '' end",
    "宝贝总数量": "1 + r(i, 13, 3)",
    "店铺Id": "'58501'",
    "店铺名称": "'某某女装旗舰店'",
    "订单关闭原因": "case when closed then '买家未付款' else '订单未关闭' end",
    "卖家服务费": "'0'",
    "买家服务费": "'0元'",
    "是否手机订单": "case when r(i, 14, 4) > 0 then '手机订单' else '' end",
    "是否上传合同照片": "'否'",
    "是否上传小票": "'否'",
    "是否代付": "'否'",
    "退款金额": "case when r(i, 15, 12) = 0 then '12.50' else '无退款申请' end",
    "确认收货时间": "case when closed then '' "
    "else strftime(created + to_days(cast(3 + r(i, 16, 9) as integer)), '%Y-%m-%d %H:%M:%S') end",
    "打款商家金额": "cast(cents / 100 as decimal(12, 2)) || '元'",
}
_TAOBAO_LINE = {
    "子订单编号": "1300000000000000000 + i",
    "主订单编号": "1200000000000000000 + i // 2",
    "标题": "'2024秋冬新款女装连衣裙修身显瘦中长款' || r(i, 11, 3000)",
    "价格": "cast(cents / 100 as decimal(12, 2))",
    "购买数量": "1 + r(i, 13, 3)",
    "外部系统编号": "'A' || r(i, 17, 900)",
    "商品属性": "'颜色分类:红色,尺码:' || list_extract(['S', 'M', 'L'], 1 + r(i, 18, 3))",
    "订单状态": "case when closed then '交易关闭' else '交易成功' end",
    "商家编码": "'SKU-' || r(i, 17, 900)",
    "买家应付货款": "cast(cents / 100 as decimal(12, 2))",
    "退款状态": "case when r(i, 15, 12) = 0 then '退款成功' else '没有申请退款' end",
    "退款金额": "case when r(i, 15, 12) = 0 then '12.50' else '无退款申请' end",
    "订单创建时间": "strftime(created, '%Y-%m-%d %H:%M:%S')",
}
_COMPLETE_JOURNEY = {
    "household_id": "1 + r(i, 2, 2500)",
    "store_id": "300 + r(i, 3, 150)",
    "basket_id": "31198000000 + i // 9",
    "product_id": "800000 + r(i, 17, 90000)",
    "quantity": "1 + r(i, 13, 3)",
    "sales_value": "cast(cents / 10000 as decimal(12, 2))",
    "retail_disc": "cast(r(i, 18, 300) / 100 as decimal(12, 2))",
    "coupon_disc": "case when r(i, 19, 40) = 0 then '0.5' else '0' end",
    "coupon_match_disc": "'0'",
    "week": "1 + i % 53",
    "transaction_timestamp": "strftime(created, '%Y-%m-%d %H:%M:%S')",
}


@dataclass(frozen=True)
class Export:
    """One kind of file to be loaded.

    Attributes:
        format: the format it is recognised as.
        columns: header → SQL expression, in the order of the file.
        encoding: of the file; the same rows as UTF-8 stand beside it for what reads no other.
    """

    format: str
    columns: dict[str, str]
    encoding: str = "utf-8"


EXPORTS = {
    "taobao_orders": Export(
        "taobao_orders",
        {name: _TAOBAO_ORDER.get(name, "''") for name in _TAOBAO_HEADER.split(",")},
    ),
    "taobao_orders_gb18030": Export(
        "taobao_orders",
        {name: _TAOBAO_ORDER.get(name, "''") for name in _TAOBAO_HEADER.split(",")},
        "gb18030",
    ),
    "taobao_order_lines": Export("taobao_order_lines", _TAOBAO_LINE),
    "complete_journey_transactions": Export("complete_journey_transactions", _COMPLETE_JOURNEY),
}


@dataclass(frozen=True)
class Made:
    """A file that was made: the export itself, its rows as UTF-8, and how many rows."""

    path: Path
    utf8: Path
    rows: int

    @property
    def bytes(self) -> int:
        """Size of the export."""
        return self.path.stat().st_size

    @property
    def utf8_bytes(self) -> int:
        """Size of its rows as UTF-8."""
        return self.utf8.stat().st_size


def make_export(export: Export, name: str, megabytes: float, folder: Path) -> Made:
    """Write an export of about `megabytes` (10⁶ bytes of UTF-8) to `folder`."""
    utf8 = folder / f"{name}.utf8.csv"
    _write(export, _ROWS_TO_MEASURE, utf8)
    rows = max(1, int(megabytes * 1e6 / utf8.stat().st_size * _ROWS_TO_MEASURE))
    _write(export, rows, utf8)
    if export.encoding == "utf-8":
        return Made(utf8, utf8, rows)
    path = folder / f"{name}.csv"
    with (
        utf8.open(encoding="utf-8", newline="") as source,
        path.open("w", encoding=export.encoding, newline="") as sink,
    ):
        while text := source.read(_CHUNK_CHARACTERS):
            sink.write(text)
    return Made(path, utf8, rows)


def _write(export: Export, rows: int, path: Path) -> None:
    # An empty field, not "" in quotes.
    columns = ", ".join(
        f"nullif(cast({sql} as varchar), '') as \"{name}\"" for name, sql in export.columns.items()
    )
    with duckdb.connect() as connection:
        connection.execute(f"create macro r(i, k, n) as cast(hash(i, k, {_SEED}) % n as bigint)")
        connection.execute(
            f"""
            copy (
                with numbered as (
                    select
                        i,
                        500 + cast(hash(i, 0, {_SEED}) % 60000 as bigint) as cents,
                        hash(i, 20, {_SEED}) % 8 = 0 as closed,
                        timestamp '2024-01-01 08:00:00' + to_seconds(i * 7 % 31000000) as created
                    from range({rows}) as rows (i)
                )
                select {columns} from numbered
            ) to '{path}' (header, delimiter ',')
            """
        )
