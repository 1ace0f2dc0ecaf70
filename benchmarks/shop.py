"""The order lines of a made Tmall shop, and of the day after: the same size gives the same bytes.

`python -m benchmarks.shop --help`. Everything is computed from the row number in DuckDB, nothing is
drawn at random. Three years of orders in the order of their time, two or three lines each; a few
customers buy very often, all others seldom, and everybody has at least one order. As in real
exports 1 % of the lines stand there twice (one in ten of them restated with another refund), 1 %
of the lines have no buyer, and there are refunds, unpaid and cancelled orders, absurd amounts, ids
that a spreadsheet wrapped or ruined, amounts with their unit and lines without a product.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

DEFAULT_LINES = 1_000_000
SMALL_LINES = 5_000

SOURCE, SHOP = "bench", "晨曦女装旗舰店"
# The date in a file's name says when it was exported: the newer file is right.
FULL_NAME, DAY_NAME = "orders_2025-01-01", "orders_2025-01-02"
MAPPING_NAME = "mapping.yml"

# Header of the export → what stands in it. The peers read these names.
COLUMNS = (
    *("子订单编号", "主订单编号", "买家会员名", "店铺名称", "标题", "外部系统编号", "商品属性"),
    *("商品类目", "价格", "购买数量", "应付邮费", "优惠", "买家应付货款", "买家实付金额"),
    *("订单状态", "退款状态", "退款金额", "订单创建时间", "订单付款时间", "物流公司"),
    *("买家留言", "订单备注"),
)

MAPPING = f"""\
entity: order_lines
source: {SOURCE}
shop: {SHOP}
columns:
  line_id: 子订单编号
  order_id: 主订单编号
  customer_id: 买家会员名
  product_title: 标题
  product_id: 外部系统编号
  category: 商品类目
  unit_price: 价格
  quantity: 购买数量
  freight_amount: 应付邮费
  discount_amount: 优惠
  gross_amount: 买家应付货款
  refunded_amount: 退款金额
  status:
    column: 订单状态
    values:
      交易成功: completed
      卖家已发货: shipped
      买家已付款: paid
      等待买家付款: unpaid
      交易关闭: cancelled
  ordered_at: 订单创建时间
  currency: {{constant: CNY}}
"""

_LINES_A_BLOCK = 100  # after so many lines one of them stands there again: 1 %
_LINES_A_CUSTOMER = 9.5  # about 1.05 million customers in ten million lines
_LINES_A_DAY_OF_SHOP = 900  # a day has a line for so many lines of the shop
_SECONDS = 1096 * 86_400  # 2022-01-01 to 2024-12-31

# `u(i, k)` is a number from 0 to 1 that depends on the row and on k alone; `chance(i, k, n)` is
# true once in n.
_MACROS = """
create macro u(i, k) as (hash(i * 1000 + k) % 1000003) / 1000003.0;
create macro chance(i, k, n) as hash(i * 1000 + k) % n = 0;
create macro pick(i, k, names) as names[1 + cast(hash(i * 1000 + k) % len(names) as bigint)];
create macro money(cents) as cast(cast(cents as decimal(18, 2)) / 100 as decimal(18, 2));
-- Everybody has one of the orders, spread over the years; the others fall to few.
create macro buyer(o) as case
    when (o * 7368787) % $orders < $customers then (o * 7368787) % $orders
    else cast(floor($customers * pow(u(o, 1), 3)) as bigint)
end;
create macro regular(o) as cast(floor($customers * pow(u(o, 1), 3)) as bigint);
create macro moment(o) as timestamp '2022-01-01' + to_seconds(o * $seconds // $orders);
"""

# Lines of the three years: i the line, o its order, c its buyer, version of its refund.
_FULL = """
    select
        case when k % 101 < 100 then k // 101 * 100 + k % 101
            else k // 101 * 100 + cast(hash(k) % 100 as bigint) end as i,
        case when k % 101 = 100 and chance(k, 90, 10) then 1 else 0 end as version,
        i * 2 // 5 as o,
        buyer(o) as c,
        moment(o) as moment
    from range($lines) as r(k)
"""

# A day: 97 % new lines, 1 % late orders, 2 % lines of the last two weeks with another refund.
_DAY = """
    with new_lines as (
        select
            $distinct + k as i,
            0 as version,
            $orders + k * 2 // 5 as o,
            case when chance(o, 70, 7) then $customers + o - $orders else regular(o) end as c,
            case when chance(o, 71, 100)
                then timestamp '2025-01-01' - to_seconds(cast(floor(u(o, 72) * 864000) as bigint))
                else timestamp '2025-01-01' + to_seconds(cast(floor(u(o, 73) * 86400) as bigint))
            end as moment
        from range($day * 98 // 100) as r(k)
    ),
    corrected as (
        select
            $distinct - 1 - k * $recent // ($day * 2 // 100 + 1) as i,
            2 as version,
            i * 2 // 5 as o,
            buyer(o) as c,
            moment(o) as moment
        from range($day * 2 // 100) as r(k)
    )
    select * from new_lines
    union all
    select * from corrected
"""

# A line says the same whenever it is exported, but for what was refunded of it since.
_ROWS = """
with lines as ({lines}),
chosen as (
    select
        *,
        cast(floor(20000 * pow(u(i, 2), 2)) as bigint) as p,
        case when chance(i, 3, 50000) then 12000 when chance(i, 4, 8) then 2
            when chance(i, 5, 40) then 5 else 1 end as quantity,
        case
            when chance(o, 6, 30) then '等待买家付款' when chance(o, 7, 25) then '交易关闭'
            when chance(o, 8, 40) then '卖家已发货' when chance(o, 9, 60) then '买家已付款'
            else '交易成功'
        end as status,
        c >= 0 and chance(o, 10, 74) and (o * 7368787) % $orders >= $customers as is_unknown,
        case when chance(i, 11, 80) then 1000 else 0 end as freight
    from lines
),
priced as (
    select
        *,
        -- A season's price of the product; one line in twenty thousand lost its decimal point.
        (1900 + (p * 7919) % 48000) * (90 + cast(hash(o * 1000 + 12) % 21 as bigint)) // 100
            * case when chance(i, 13, 20000) then 100 else 1 end as price
    from chosen
),
summed as (
    select
        *,
        price * quantity + freight as gross,
        case when chance(i, 14, 5) then price * quantity // 10 else 0 end as discount
    from priced
),
refunded as (
    select
        *,
        gross - discount as paid,
        case
            when version = 1 then (gross - discount) // 2
            when version = 2 then (gross - discount) // 4
            when status <> '交易成功' then 0
            when chance(o, 15, 60) or chance(i, 16, 40) then gross - discount
            when chance(i, 17, 50) then (gross - discount) // 3
            else 0
        end as refund
    from summed
)
select
    cast(2200000000000000000 + i as varchar) as "子订单编号",
    case
        when chance(i, 18, 10000) then '1.2E+18'
        when chance(o, 19, 20) then '="' || (1200000000000000000 + o * 7) || '"'
        else cast(1200000000000000000 + o * 7 as varchar)
    end as "主订单编号",
    case when is_unknown then '' else 'tb' || c || '_' || hash(c) % 90 end as "买家会员名",
    '{shop}' as "店铺名称",
    pick(p, 20, ['2024秋冬新款', '春夏季新品', '爆款热卖', '轻奢高级感', '法式复古', '国风改良'])
        || pick(p, 21, ['女装', '大码女装', '小个子', '通勤职业', '设计感小众'])
        || pick(p, 22, ['修身显瘦', '宽松慵懒风', '高腰垂感', '加厚保暖', '气质名媛'])
        || pick(p, 23, ['连衣裙', '针织衫', '羊毛大衣', '阔腿裤', '衬衫', '半身裙', '羽绒服'])
        || pick(p, 24, ['中长款', '短款', '两件套', '长袖', '百搭', '礼盒装'])
        || ' 货号' || p as "标题",
    case when chance(i, 25, 10000) then '' else 'SKU-' || lpad(cast(p as varchar), 6, '0') end
        as "外部系统编号",
    '颜色分类:' || pick(i, 26, ['黑色', '米白', '雾霾蓝', '焦糖色', '酒红']) || ';尺码:'
        || pick(i, 27, ['S', 'M', 'L', 'XL', '均码']) as "商品属性",
    '女装/' || pick(p, 28, ['裙装', '上衣', '裤装', '外套', '套装']) || '/类目' || p % 50
        as "商品类目",
    cast(money(price) as varchar) as "价格",
    cast(quantity as varchar) as "购买数量",
    cast(money(freight) as varchar) as "应付邮费",
    cast(money(discount) as varchar) as "优惠",
    money(gross) || case when chance(i, 29, 100) then '元' else '' end as "买家应付货款",
    case when status in ('等待买家付款', '交易关闭') then '0.00'
        else cast(money(paid) as varchar) end as "买家实付金额",
    status as "订单状态",
    case when refund > 0 then '退款成功' else '没有申请退款' end as "退款状态",
    case when refund > 0 then cast(money(refund) as varchar) else '无退款申请' end as "退款金额",
    strftime(moment, '%Y-%m-%d %H:%M:%S') as "订单创建时间",
    case when status in ('等待买家付款', '交易关闭') then ''
        else strftime(moment + to_seconds(cast(30 + hash(o) % 1700 as bigint)), '%Y-%m-%d %H:%M:%S')
    end as "订单付款时间",
    case when status in ('交易成功', '卖家已发货')
        then pick(o, 30, ['顺丰速运', '中通快递', '圆通速递', '韵达快递'])
        else '' end as "物流公司",
    case when chance(o, 31, 12) then '请尽快发货，谢谢' else '' end as "买家留言",
    case when chance(o, 32, 9) then '已核对，' || pick(o, 33, ['送小样', '改尺码', '加急', '老客'])
        else '' end as "订单备注"
from refunded
"""


@dataclass(frozen=True)
class Shop:
    """Sizes of a shop, all from the number of lines in its file.

    Attributes:
        lines: rows of the file, lines that stand there twice included.
    """

    lines: int

    @property
    def distinct(self) -> int:
        """Lines without those that stand there again."""
        return self.lines - self.lines // (_LINES_A_BLOCK + 1)

    @property
    def orders(self) -> int:
        """Orders, of two or three lines."""
        return (self.distinct - 1) * 2 // 5 + 1

    @property
    def customers(self) -> int:
        """Customers, each with at least one order."""
        return max(1, min(self.orders, int(self.lines / _LINES_A_CUSTOMER)))

    @property
    def day_lines(self) -> int:
        """Rows of the file of the following day."""
        return max(100, self.lines // _LINES_A_DAY_OF_SHOP)

    def make(self, path: Path) -> Path:
        """Write the three years to `path` (.csv or .parquet) and the mapping beside it."""
        return self._write(path, _FULL)

    def make_day(self, path: Path) -> Path:
        """Write the day after the three years to `path` (.csv or .parquet), mapping included."""
        return self._write(path, _DAY)

    def _write(self, path: Path, lines: str) -> Path:
        values = {
            "lines": self.lines,
            "distinct": self.distinct,
            "orders": self.orders,
            "customers": self.customers,
            "seconds": _SECONDS,
            "day": self.day_lines,
            # Lines of the last two weeks.
            "recent": max(1, self.distinct * 14 // 1096),
        }
        form = "header" if path.suffix == ".csv" else "format parquet, compression zstd"
        unfinished = path.with_name(f".{path.name}.tmp")
        path.parent.mkdir(parents=True, exist_ok=True)
        with duckdb.connect() as connection:
            connection.execute(_filled(_MACROS, values))
            rows = _filled(_ROWS.replace("{lines}", lines).replace("{shop}", SHOP), values)
            if path.suffix != ".csv":
                # A CSV file cannot tell nothing from an empty text, Parquet can.
                columns = ", ".join(f'nullif("{name}", \'\') as "{name}"' for name in COLUMNS)
                rows = f"select {columns} from ({rows})"
            connection.execute(f"copy ({rows}) to '{unfinished}' ({form})")
        unfinished.replace(path)
        (path.parent / MAPPING_NAME).write_text(MAPPING, encoding="utf-8")
        return path


def _filled(sql: str, values: dict[str, int]) -> str:
    for name in sorted(values, key=len, reverse=True):
        sql = sql.replace(f"${name}", str(values[name]))
    return sql


def main(arguments: Sequence[str] | None = None) -> int:
    """Make a shop's files in a folder."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shop", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the files are made")
    parser.add_argument("--lines", type=int, default=DEFAULT_LINES, help="rows of the file")
    parser.add_argument("--format", choices=("csv", "parquet"), default="csv")
    parser.add_argument("--day", action="store_true", help="the day after the last one, too")
    options = parser.parse_args(arguments)
    shop = Shop(options.lines)
    print(shop.make(options.folder / f"{FULL_NAME}.{options.format}"))
    if options.day:
        print(shop.make_day(options.folder / f"{DAY_NAME}.{options.format}"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
