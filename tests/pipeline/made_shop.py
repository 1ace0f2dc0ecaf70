"""A made shop of two thousand lines with what it knows of its customers, products and visitors."""

from __future__ import annotations

from pathlib import Path

import duckdb

from benchmarks.shop import DAY_NAME, FULL_NAME, MAPPING, MAPPING_NAME, SOURCE, Shop

LINES = 2_000

# Each file beside the orders: its query, its entity and the warehouse's names of its columns.
_FILES = {
    # Each buyer in one of three provinces, from one of two channels; every fifth was brought by
    # another one.
    "customers": (
        """
        select
            id,
            ['浙江省', '广东省', '上海市'][1 + cast(hash(id) % 3 as int)] as province,
            ['search', 'live'][1 + cast(hash(id || 'x') % 2 as int)] as channel,
            case when hash(id || 'sex') % 4 > 0 then '女' end as sex,
            case when hash(id || 'by') % 5 = 0 then min(id) over () end as brought_by
        from (select distinct 买家会员名 as id from orders where 买家会员名 is not null)
        order by id
        """,
        {
            "customer_id": "id",
            "province": "province",
            "acquisition_channel": "channel",
            "gender": "sex",
            "referrer_id": "brought_by",
        },
    ),
    # What half of the products cost.
    "product_costs": (
        """
        select 外部系统编号 as id, round(min(cast(价格 as double)) * 0.4, 2) as cost
        from orders
        where 外部系统编号 is not null and hash(外部系统编号) % 2 = 0
        group by all
        order by id
        """,
        {"product_id": "id", "unit_cost": "cost"},
    ),
    # Every third order was looked at two days before, by somebody who may not have bought then.
    "events": (
        """
        select
            买家会员名 as id,
            cast(订单创建时间 as timestamp) - interval 2 day as seen_at,
            'view' as what
        from orders
        where 买家会员名 is not null and hash(主订单编号) % 3 = 0
        order by seen_at, id
        """,
        {"customer_id": "id", "event_at": "seen_at", "event_type": "what"},
    ),
}


def write_exports(landing: Path, lines: int = LINES) -> None:
    """Put the shop's files, each with its `mapping.yml`, into folders under `landing`."""
    folder = landing / "orders"
    folder.mkdir()
    file = Shop(lines).make(folder / f"{FULL_NAME}.csv")
    (folder / MAPPING_NAME).write_text(MAPPING, encoding="utf-8")
    with duckdb.connect() as connection:
        connection.read_csv(str(file), all_varchar=True).create_view("orders")
        for entity, (query, columns) in _FILES.items():
            folder = landing / entity
            folder.mkdir()
            connection.execute(f"copy ({query}) to '{folder / entity}.csv' (header)")
            mapping = [f"entity: {entity}", f"source: {SOURCE}", "columns:"]
            mapping += [f"  {column}: {name}" for column, name in columns.items()]
            (folder / MAPPING_NAME).write_text("\n".join(mapping) + "\n", encoding="utf-8")


def write_next_day(landing: Path, lines: int = LINES) -> None:
    """Put the export of the day after beside the three years: new and restated orders."""
    Shop(lines).make_day(landing / "orders" / f"{DAY_NAME}.csv")
