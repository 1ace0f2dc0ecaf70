"""A day costs a day and nothing else changes: after any sequence of files the tables are those of
a build of everything."""

from __future__ import annotations

import csv
import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dagster_project.ingestion.loader import load_files
from dagster_project.modelling.buy_till_die import FirstPurchase, Parameters, dropout_nodes
from dagster_project.modelling.cluster_features import feature_names
from dagster_project.modelling.clusters import CLUSTERS
from dagster_project.modelling.predictions import PREDICTIONS
from dagster_project.modelling.versions import write_version
from dagster_project.settings import Settings
from dagster_project.transformation.builds import complete_build, plan_build
from dagster_project.transformation.own_tables import ensure_own_tables
from tests.pipeline.conftest import SECRET, Warehouse

FIRST_DAY = datetime(2024, 1, 3, 9)
DAYS = 150
DECIDED_BY = "the same all along"


def _names(text: str) -> list[str]:
    return text.split()


LINE_HEADER = _names("""
    source shop order_id line_id product_id product_title category quantity unit_price gross_amount
    discount_amount refunded_amount customer_id ordered_at status currency
""")
ORDER_HEADER = _names("""
    source shop order_id customer_id ordered_at paid_at status gross_amount discount_amount
    paid_amount refunded_amount item_count channel province city coupon_code currency phone email
""")
REFUND_HEADER = _names("source refund_id order_id product_id refunded_at amount status")
# Says when it was built, and numbers baskets by their place among all.
NOT_COMPARED = {"mart_status": {"built_at"}, "int_basket_products": {"basket_number"}}


@dataclass(frozen=True)
class Order:
    """An order as an export tells it at one time."""

    number: int
    customer: str | None
    at: datetime
    products: tuple[tuple[int, int], ...]
    status: str = "completed"
    refunded: float = 0
    has_record: bool = False
    contact: str | None = None


class Shop:
    """A shop of made orders; the same seed makes the same shop."""

    def __init__(self, seed: int, landing: Path) -> None:
        self.random = random.Random(seed)
        self.landing = landing
        self.orders: dict[int, Order] = {}
        self.files = 0
        self.refunds = 0

    def new_orders(self, count: int, first_day: int, last_day: int) -> list[Order]:
        """Orders of these days, some of nobody, some with a record and a contact."""
        made = []
        for _ in range(count):
            pick = self.random
            order = Order(
                number=len(self.orders) + 1,
                customer=None if pick.random() < 0.05 else f"C{int(40 * pick.random() ** 2)}",
                at=FIRST_DAY
                + timedelta(days=pick.randint(first_day, last_day), hours=pick.random() * 12),
                products=tuple(
                    (pick.randint(1, 12), pick.choice([1, 1, 1, 2, 60]))
                    for _ in range(pick.randint(1, 3))
                ),
                status=pick.choice(["completed"] * 8 + ["unpaid", "cancelled"]),
                has_record=pick.random() < 0.3,
                contact=pick.choice([None, None, f"p{pick.randint(1, 60)}@example.com"]),
            )
            self.orders[order.number] = order
            made.append(order)
        return made

    def corrected(self, count: int) -> list[Order]:
        """Other versions of orders that were exported before."""
        pick, changed = self.random, []
        for number in pick.sample(sorted(self.orders), count):
            order = self.orders[number]
            order = pick.choice(
                [
                    replace(order, refunded=5.0),
                    replace(order, status="cancelled"),
                    replace(order, customer=f"C{pick.randint(0, 45)}"),
                    replace(order, at=order.at - timedelta(days=pick.randint(0, 40))),
                    replace(order, products=order.products[:1]),
                    replace(order, contact="p1@example.com", has_record=True),
                ]
            )
            self.orders[number] = order
            changed.append(order)
        return changed

    def export(self, orders: list[Order], exported_on: int, *, title: str = "") -> None:
        """Drop files of these orders: lines of all, records of those that have one."""
        self.files += 1
        lines, records = [], []
        for order in orders:
            moment = f"{order.at:%Y-%m-%d %H:%M:%S}"
            total = 0.0
            for place, (product, pieces) in enumerate(order.products):
                price = 20.0 + 13 * product
                total += price * pieces
                lines.append(
                    ["own", "shop", f"O{order.number}", f"{order.number}-{place}", f"P{product}",
                     f"商品{product}{title}", f"K{product % 4}", pieces, price, price * pieces,
                     2 if product % 3 == 0 else 0, order.refunded if place == 0 else 0,
                     order.customer, moment, order.status, "CNY"]
                )  # fmt: skip
            if order.has_record:
                paid = 0 if order.status in ("unpaid", "cancelled") else total
                records.append(
                    ["own", "shop", f"O{order.number}", order.customer, moment, moment,
                     order.status, total, 0, paid, order.refunded, 2, "mobile", "浙江省", "杭州市",
                     "", "CNY", "", order.contact]
                )  # fmt: skip
        self._write(f"order_lines_{self.files}.csv", LINE_HEADER, lines, exported_on)
        if records:
            self._write(f"orders_{self.files}.csv", ORDER_HEADER, records, exported_on)

    def refund(self, count: int, exported_on: int) -> None:
        """Drop a file of refunds of some orders."""
        self.files += 1
        rows = []
        for number in self.random.sample(sorted(self.orders), count):
            self.refunds += 1
            at = self.orders[number].at + timedelta(days=2)
            rows.append(
                [
                    "own",
                    f"R{self.refunds}",
                    f"O{number}",
                    "",
                    f"{at:%Y-%m-%d %H:%M:%S}",
                    3,
                    "succeeded",
                ]
            )
        self._write(f"refunds_{self.files}.csv", REFUND_HEADER, rows, exported_on)

    def _write(self, name: str, header: list[str], rows: list[list[Any]], exported_on: int) -> None:
        path = self.landing / name
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *rows])
        moment = (FIRST_DAY + timedelta(days=exported_on, hours=self.files / 100)).timestamp()
        os.utime(path, (moment, moment))


def build(warehouse: Warehouse, *, everything: bool = False) -> str | None:
    """Load what landed and build all tables; returns why everything was built, if it was."""
    load_files(warehouse.settings)
    with duckdb.connect(str(warehouse.settings.work_db)) as connection:
        ensure_own_tables(connection)
        pretend_fits(connection)
    reason = plan_build(warehouse.settings, DECIDED_BY, "latest")
    refresh = ["--full-refresh"] if everything or reason else []
    warehouse.dbt("build", *refresh, "--resource-type", "model", "--resource-type", "seed")
    return reason


def pretend_fits(connection: duckdb.DuckDBPyConnection) -> None:
    """Versions of the models as of the first month: so few customers have none of their own."""
    day = FIRST_DAY.date().replace(day=1)
    parameters = Parameters(0.6, 30.0, 1.1, 2.3, 0.0, FirstPurchase.CAN_BE_LAST)
    nodes = dropout_nodes(parameters)
    row = {"customers": 1, "repeat_buyers": 1, "r": 0.6, "alpha": 30.0, "a": 1.1, "b": 2.3}
    row |= {"log_likelihood": 0.0, "spend_p": 3.0, "spend_q": 3.0, "spend_gamma": 40.0}
    row |= {"purchases_per_day": 1.1, "interval_deviation": 0.7}
    predictions = {
        "prediction_parameters": {name: [value] for name, value in row.items()},
        "prediction_nodes": {
            "node": range(len(nodes.dropout)),
            "dropout": nodes.dropout,
            "log_weight": nodes.log_weight,
        },
    }
    features = feature_names()
    clusters = {
        "cluster_scales": {"feature": features, "mean": [5.0, 1, 3, 1], "deviation": [1.0] * 4},
        "cluster_centres": {
            "cluster_id": [1] * 4 + [2] * 4,
            "feature": features * 2,
            "centre": [0.5] * 4 + [-0.5] * 4,
        },
        "cluster_names": {
            "cluster_id": [1, 2],
            "name_zh": ["多", "少"],
            "name_en": ["much", "little"],
            "share": [0.5, 0.5],
        },
    }
    write_version(connection, PREDICTIONS, day, 1, predictions)
    write_version(connection, CLUSTERS, day, 1, clusters)


def tables(work_db: Path) -> dict[str, set[tuple[Any, ...]]]:
    """Rows of every table below the scopes, with how often each stands there."""
    found = {}
    with duckdb.connect(str(work_db), read_only=True) as connection:
        names = connection.execute(
            "select schema_name, table_name from duckdb_tables() "
            "where schema_name in ('intermediate', 'marts') and table_name not like 'int_touched%'"
        ).fetchall()
        for schema, name in names:
            left_out = NOT_COMPARED.get(name)
            columns = f"* exclude ({', '.join(left_out)})" if left_out else "*"
            found[name] = set(
                connection.execute(
                    f"select columns(*)::varchar, count(*) over (partition by r) "
                    f"from (select {columns} from {schema}.{name}) as r"
                ).fetchall()
            )
    return found


def differences(increments: Path, everything: Path) -> dict[str, tuple[Any, ...]]:
    """Tables that are not the same, each with rows of one side only."""
    left, right = tables(increments), tables(everything)
    assert left.keys() == right.keys()
    return {
        name: (
            sorted(left[name] - right[name], key=str)[:3],
            sorted(right[name] - left[name], key=str)[:3],
        )
        for name in left
        if left[name] != right[name]
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_any_sequence_of_files_gives_the_tables_of_a_build_of_everything(
    new_warehouse: Callable[..., Warehouse], tmp_path: Path, seed: int
) -> None:
    warehouse = new_warehouse()
    shop = Shop(seed, warehouse.landing)
    pick = shop.random

    shop.export(shop.new_orders(pick.randint(90, 140), 0, DAYS // 2), DAYS // 2)
    assert build(warehouse) == "nothing was ever published whole"
    complete_build(warehouse.settings, DECIDED_BY)

    day = DAYS // 2
    for step in range(3):
        earlier, day = day, pick.randint(day + 1, day + 1 + DAYS // 6)
        orders = [
            *shop.new_orders(pick.randint(3, 15), earlier, day),
            *shop.new_orders(pick.randint(0, 3), 0, earlier),  # late
            *shop.corrected(pick.randint(1, 6)),
            *pick.sample(list(shop.orders.values()), 10),  # said again
        ]
        unique = list({order.number: order for order in orders}.values())
        # The second file was exported before the first one of all, and is found now.
        shop.export(unique, 1 if step == 1 else day, title="礼盒" if step == 2 else "")
        if step != 1:
            shop.refund(2, day)
        assert build(warehouse) is None
        if step == 1:
            # Killed before it was published: what it touched is still to be published.
            continue
        copy = tmp_path / str(step)
        shutil.copytree(warehouse.settings.warehouse_dir, copy)
        again = Warehouse(Settings.from_env({"WAREHOUSE_DIR": str(copy), "PSEUDONYM_KEY": SECRET}))
        again.dbt("build", "--full-refresh", "--resource-type", "model", "--resource-type", "seed")
        assert differences(warehouse.settings.work_db, again.settings.work_db) == {}
        complete_build(warehouse.settings, DECIDED_BY)
