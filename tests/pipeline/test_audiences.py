"""Audiences from the landing folder to the list that leaves, and what the next night knows."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from dagster_project.audiences.command import run
from tests.pipeline.conftest import Warehouse, pseudonym

ORDER_HEADER = "source,order_id,customer_id,ordered_at,status,gross_amount,phone,email\n"
# Thirty customers who bought twice, a month apart: the shop's rhythm.
OLD = "".join(
    f"club,{n}-{k},old{n:02d},2024-0{4 + k}-{n:02d} 10:00:00,completed,100,,\n"
    for n in range(1, 31)
    for k in range(2)
)
NEW = (
    "club,n1,=new,2024-06-28 10:00:00,completed,80,13711112222,new@mail.example\n"
    "club,n2,refuses,2024-06-28 11:00:00,completed,80,13722223333,\n"
    "club,n3,refuses all,2024-06-28 12:00:00,completed,80,,refuses@mail.example\n"
    "club,n4,refunded,2024-06-28 13:00:00,completed,80,,\n"
    "club,n5,asks,2024-06-28 14:00:00,completed,80,,\n"
    "club,u1,payer,2024-06-29 10:00:00,unpaid,60,,\n"
    "club,n6,,2024-06-28 15:00:00,completed,80,,guest@mail.example\n"
    "club,last,old01,2024-06-30 10:00:00,completed,100,,\n"
)
OPT_OUTS = (
    "source,customer_id,email,channel,opted_out_at\n"
    "club,refuses,,,2024-06-29 10:00:00\n"
    ",,Refuses@mail.example,sms,\n"
)
REFUNDS = (
    "source,refund_id,order_id,amount,status,refunded_at\n"
    "club,r1,n4,10,succeeded,2024-06-29 10:00:00\n"
    "club,r2,n5,80,pending,\n"
)
CUSTOMERS = "source,customer_id,birth_date\nclub,old02,1990-07-03\nclub,old03,1990-07-08\n"
EVENTS = (
    "source,customer_id,event_at,event_type,product_id\n"
    "club,old04,2024-06-29 20:00:00,cart,p1\nclub,old05,2024-06-26 20:00:00,cart,p1\n"
)


def drop(warehouse: Warehouse, name: str, text: str) -> None:
    path = warehouse.landing / "club" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def members(warehouse: Warehouse, code: str) -> list[str]:
    return [
        customer
        for (customer,) in warehouse.rows(
            f"select customer_id from audience_members where code = '{code}' order by 1"
        )
    ]


@pytest.fixture(scope="module")
def shop(new_warehouse: Callable[..., Warehouse]) -> Warehouse:
    warehouse = new_warehouse(AS_OF_DATE="2024-06-30")
    drop(warehouse, "orders.csv", ORDER_HEADER + OLD + NEW)
    drop(warehouse, "opt_outs.csv", OPT_OUTS)
    drop(warehouse, "refunds.csv", REFUNDS)
    drop(warehouse, "customers.csv", CUSTOMERS)
    drop(warehouse, "events.csv", EVENTS)
    assert warehouse.nightly().success
    return warehouse


def test_new_customers_are_welcomed_unless_they_must_be_left_alone(shop: Warehouse) -> None:
    listed = members(shop, "welcome")
    guest = [customer for customer in listed if customer.startswith("guest-")]
    assert set(listed) - set(guest) == {"=new"}
    assert len(guest) == 1
    ((matched, opted_out, refunded, customers),) = shop.rows(
        "select matched_customers, opted_out_customers, refunded_customers, customers "
        "from audiences where code = 'welcome'"
    )
    assert (matched, opted_out, refunded, customers) == (6, 2, 2, 2)
    assert (
        shop.rows(
            "select source_file, disposition from row_dispositions where source_file like '%opt%'"
        )
        == []
    )


def test_each_input_finds_its_customers(shop: Warehouse) -> None:
    assert members(shop, "birthday") == ["old02"]
    assert members(shop, "abandoned_cart") == ["old04"]
    assert members(shop, "unpaid_order") == ["payer"]
    missing = dict(shop.rows("select code, missing_inputs from audiences"))
    assert missing["birthday"] is None
    assert missing["anniversary"] == "shop_anniversary"
    assert missing["cross_sell"] == "order_lines, products"
    status = dict(shop.rows("select mart, missing_inputs from mart_status"))
    assert status["audiences"] == "order_lines, products, shop_anniversary"


def test_the_list_is_safe_and_holds_no_contact(shop: Warehouse) -> None:
    console = Console(width=200)
    assert run(shop.settings, console, "welcome", keep_record=False) == 0
    folder = shop.settings.audience_exports_dir
    listed = rows_of(folder / "welcome_2024-06-30.csv")
    held = rows_of(folder / "welcome_2024-06-30_holdout.csv")
    found = {row["customer_id"]: row for row in (*listed, *held)}
    new = found["'=new"]
    assert {row["customer_id"] for row in held} == {
        # Cells that look like formulas have a mark in the file.
        "'" + customer if customer.startswith("=") else customer
        for (customer,) in shop.rows(
            "select customer_id from audience_members where code = 'welcome' and is_holdout"
        )
    }
    if new in listed:
        assert new["phone_key"] == pseudonym("13711112222")
        assert new["email_key"] == pseudonym("new@mail.example")
    assert listed
    assert not {"email", "phone"} & set(listed[0])
    for path in folder.iterdir():
        text = path.read_text(encoding="utf-8-sig")
        assert "13711112222" not in text
        assert "mail.example" not in text


def test_contacts_leave_only_where_the_owner_allowed_it(shop: Warehouse) -> None:
    allowed = replace(shop.settings, export_contacts=True)
    assert run(allowed, Console(quiet=True), "welcome", "json", keep_record=False) == 0
    path = shop.settings.audience_exports_dir / "welcome_2024-06-30.json"
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    told = {row["email"]: row["phone"] for row in found}
    held = {
        customer
        for (customer,) in shop.rows(
            "select customer_id from audience_members where code = 'welcome' and is_holdout"
        )
    }
    assert ("new@mail.example" in told) == ("=new" not in held)
    assert told.get("new@mail.example", "13711112222") == "13711112222"
    assert ("guest@mail.example" in told) == (not any(h.startswith("guest-") for h in held))
    assert told
    path.unlink()


def test_an_exported_list_counts_on_the_next_day_and_not_on_its_own(shop: Warehouse) -> None:
    before = shop.rows("select * from audience_members order by all")
    assert run(shop.settings, Console(quiet=True), "welcome") == 0
    recorded = sorted(path.name for path in (shop.landing / "audiences").iterdir())
    assert recorded == ["welcome_campaigns_2024-06-30.csv", "welcome_members_2024-06-30.csv"]
    assert shop.nightly().success
    # The day run again gives the same lists, though the export has landed.
    assert shop.rows("select * from audience_members order by all") == before
    assert (
        shop.rows(
            "select source_file from ingested_files where unreadable_rows > 0 or status = 'refused'"
        )
        == []
    )
    with shop.work() as connection:
        sent = connection.execute(
            "select source_customer_id, source from intermediate.int_campaign_members order by all"
        ).fetchall()
    assert len(sent) == 2
    assert ("=new", "club") in sent
    # A day later they have been welcomed: the list is empty, and says why.
    tomorrow = Warehouse(replace(shop.settings, as_of_date=None), ("audiences", "dim_customers"))
    drop(tomorrow, "more.csv", ORDER_HEADER + "club,m1,old02,2024-07-01 10:00:00,completed,9,,\n")
    assert tomorrow.nightly().success
    ((as_of, matched, resting, customers),) = tomorrow.rows(
        "select as_of_date, matched_customers, resting_customers, customers "
        "from audiences where code = 'welcome'"
    )
    assert str(as_of) == "2024-07-01"
    assert (matched, resting, customers) == (6, 2, 0)
    # Guests are known by their own id, and it makes no customer of its own.
    assert (
        tomorrow.value("select count(*) from dim_customers where customer_id like 'guest-%'") == 1
    )


def test_errors_say_what_to_do(
    shop: Warehouse, new_warehouse: Callable[..., Warehouse], capsys: pytest.CaptureFixture[str]
) -> None:
    quiet = Console(quiet=True)
    assert run(shop.settings, quiet, "welcom", keep_record=False) == 2
    assert "there are unpaid_order, birthday" in capsys.readouterr().err
    assert run(shop.settings, quiet, "vip", url="http://crm.example/", keep_record=False) == 2
    assert "use https://" in capsys.readouterr().err
    assert run(new_warehouse().settings, quiet, None) == 1
    assert "make nightly" in capsys.readouterr().err


def test_days_far_away_have_lists_too(shop: Warehouse) -> None:
    for day in ("1999-12-31", "2150-01-01"):
        settings = replace(shop.settings, as_of_date=date.fromisoformat(day))
        far = Warehouse(settings, ("audiences", "audience_members"))
        assert far.nightly().success, day
        missing = dict(far.rows("select code, missing_inputs from audiences"))
        assert len(missing) == 15
        assert missing["spring_festival"] == "lunar_dates"
        listed = far.value("select count(*) from audience_members")
        assert listed == far.value("select sum(customers) from audiences")
