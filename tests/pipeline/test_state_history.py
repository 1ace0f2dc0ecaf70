"""States through time: from the orders alone, as published then, and whatever the order of rows."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta

import pytest

from dagster_project.serving.state_record import DIMENSIONS
from tests.pipeline.conftest import Warehouse
from tests.pipeline.exports import TAOBAO_ORDER_HEADER, Row, as_csv, taobao_order, write_text

MAY, JUNE = "ExportOrderList20240601000000.csv", "ExportOrderList20240621000000.csv"
MONTH_END, TONIGHT = date(2024, 5, 31), date(2024, 6, 20)
# Its only order turns out to have been refunded before the month ended.
REFUNDED, LATE = "退款的买家", "迟到的买家"

# What depends on which nights there were, not only on the orders.
OF_THE_NIGHTS = {
    "customer_state_history",
    "segment_transitions",
    "ingested_files",
    "restatements",
    "gmv_bridge",
    "row_dispositions",
    "source_figures",
    "mart_status",  # the rows of these tables
    "watched_figures",  # tonight's and those of the nights before
}


def orders(first: date, last: date) -> list[Row]:
    """Orders of 80 buyers with habits of their own, the same for the same days."""
    rows = []
    for buyer in range(80):
        luck = random.Random(buyer)
        day = date(2023, 11, 1) + timedelta(days=luck.randrange(60))
        pause = luck.choice([9, 20, 45, 120])
        while day <= last:
            clock = datetime(day.year, day.month, day.day, luck.randrange(24), luck.randrange(60))
            # Few prices, so that many customers are twins.
            total = luck.choice(["19.90", "199.00", "199.00", "1999.00"])
            if day >= first:
                number = f"{buyer:02d}{day:%Y%m%d}"
                rows.append(taobao_order(number, f"买家{buyer:02d}", total, f"{clock}"))
            day += timedelta(days=1 + luck.randrange(2 * pause))
    return rows


def corrections() -> list[Row]:
    """What the export of June knows of May."""
    return [
        taobao_order(
            "R1", REFUNDED, "500.00", "2024-05-05 10:00:00", status="交易关闭", refund="500.00"
        ),
        taobao_order("L1", LATE, "60.00", "2024-05-06 10:00:00"),
    ]


def drop(shop: Warehouse, name: str, rows: Iterable[Row]) -> None:
    write_text(shop.landing / name, as_csv(TAOBAO_ORDER_HEADER, rows), "gb18030")


def drop_may(shop: Warehouse) -> None:
    known = taobao_order("R1", REFUNDED, "500.00", "2024-05-05 10:00:00")
    drop(shop, MAY, [*orders(date.min, MONTH_END), known])


@pytest.fixture(scope="module")
def shop(new_warehouse: Callable[..., Warehouse]) -> Warehouse:
    """Two nights: the last of May, and one in June whose export corrects May."""
    warehouse = new_warehouse()
    drop_may(warehouse)
    assert warehouse.nightly(partition=f"{MONTH_END}").success
    drop(warehouse, JUNE, [*orders(date(2024, 6, 1), TONIGHT), *corrections()])
    assert warehouse.nightly(partition=f"{TONIGHT}").success
    return warehouse


@pytest.fixture(scope="module")
def shuffled(new_warehouse: Callable[..., Warehouse]) -> Warehouse:
    """The same orders, first read in June and in another order of rows."""
    warehouse = new_warehouse()
    luck = random.Random(7)
    known = taobao_order("R1", REFUNDED, "500.00", "2024-05-05 10:00:00")
    files = {
        MAY: [*orders(date.min, MONTH_END), known],
        JUNE: [*orders(date(2024, 6, 1), TONIGHT), *corrections()],
    }
    for name, rows in files.items():
        drop(warehouse, name, luck.sample(rows, len(rows)))
    assert warehouse.nightly(partition=f"{TONIGHT}").success
    return warehouse


def test_the_order_of_rows_changes_no_mart(shop: Warehouse, shuffled: Warehouse) -> None:
    ours, theirs = shop.hashes(), shuffled.hashes()
    assert set(ours) == set(theirs)
    assert {name for name in ours if ours[name] != theirs[name]} <= OF_THE_NIGHTS
    assert ours["customer_rfm"][0] == 81


def test_the_orders_alone_give_the_states_of_every_month_end(
    shop: Warehouse, shuffled: Warehouse
) -> None:
    """A warehouse that was not there in May knows what May was, by the orders of today."""
    values = """
        select customer_id, dimension, value from customer_state_history
        where valid_from <= ? and (valid_to is null or valid_to > ?) order by all
    """
    days = [date(2024, 1, 31), date(2024, 3, 31), TONIGHT]
    for day in days:
        with shop.published() as ours, shuffled.published() as theirs:
            found = ours.execute(values, [day, day]).fetchall()
            assert found == theirs.execute(values, [day, day]).fetchall()
            assert len(found) > 100


def test_a_month_end_of_the_history_equals_a_run_of_that_day(shuffled: Warehouse) -> None:
    history = """
        select customer_id, dimension, value from customer_state_history
        where valid_from <= ? and (valid_to is null or valid_to > ?) order by all
    """
    marts = " union all ".join(
        f"select customer_id, '{dimension}', {dimension} from intermediate.int_customer_states "
        f"where snapshot_date = $day and {dimension} is not null"
        for dimension in DIMENSIONS
    )
    with shuffled.published() as published:
        expected = {
            day: published.execute(history, [day, day]).fetchall()
            for day in (date(2023, 12, 31), MONTH_END)
        }
    for day, states in expected.items():
        variables = json.dumps({"as_of_date": f"{day}", "history_month_ends": 0})
        shuffled.dbt("run", "--select", "tag:marts,+int_customer_states", "--vars", variables)
        with shuffled.work() as work:
            single = work.execute(f"select * from ({marts}) order by all", {"day": day}).fetchall()
        assert single == states


def test_restated_data_is_no_move_of_a_customer(shop: Warehouse) -> None:
    restated = shop.rows(
        "select from_value, to_value, customers from segment_transitions "
        f"where cause = 'restated' and dimension = 'lifecycle' and from_date = '{MONTH_END}' "
        "order by all"
    )
    # A buyer of May who had never paid in the end, and one whom the first export did not know.
    (refunded,) = [row for row in restated if row[1] == "prospect"]
    (late,) = [row for row in restated if row[0] == "none"]
    assert refunded[0] not in ("none", "prospect")
    assert late[1] not in ("none", "prospect")
    assert (refunded[2], late[2]) == (1, 1)
    # The others did the same in May as ever, whatever was learnt of these two.
    assert sum(customers for *_, customers in restated) < 10


def test_every_move_has_a_cause_and_adds_up(shop: Warehouse) -> None:
    causes = {cause for (cause,) in shop.rows("select distinct cause from segment_transitions")}
    assert causes == {"acted", "time", "cut_point", "restated"}
    # Who was in a segment in March is in one of April: stayed, or moved and counted once.
    balance = shop.rows(
        """
        with left_it as (
            select from_value, sum(customers) as customers from segment_transitions
            where dimension = 'segment' and from_date = '2024-03-31' group by all
        ),
        spans as (
            select value as from_value,
                count(*) as customers,
                count(*) filter (valid_to is null or valid_to > '2024-04-30') as stayed
            from customer_state_history
            where dimension = 'segment' and valid_from <= '2024-03-31'
                and (valid_to is null or valid_to > '2024-03-31')
            group by all
        )
        select from_value, spans.customers - stayed, coalesce(l.customers, 0)
        from spans left join left_it as l using (from_value)
        """
    )
    assert balance
    assert all(moved == counted for _, moved, counted in balance)


def test_a_label_holds_since_the_night_that_showed_it(shop: Warehouse) -> None:
    hashes = shop.hashes()
    assert shop.nightly(partition=f"{TONIGHT}").success
    assert shop.hashes() == hashes
    tomorrow = TONIGHT + timedelta(days=1)
    assert shop.nightly(partition=f"{tomorrow}", data_tests=True).success
    since = shop.rows(
        "select valid_from, count(*) from customer_state_history "
        f"where is_current and valid_from > '{MONTH_END}' group by all order by all"
    )
    # Most moves of June were seen last night already, and still say so.
    assert next(day for day, _ in since) == TONIGHT
    assert since[0][1] > 10
