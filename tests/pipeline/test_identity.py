"""One person behind several accounts, guests and shared mailboxes: who is whose customer."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable

import pytest

from tests.pipeline.conftest import Warehouse
from tests.pipeline.exports import write_text

MAPPING = """
entity: orders
columns:
  order_id: id
  customer_id: account
  ordered_at: at
  gross_amount: amount
  email: mail
  phone: phone
  receiver_name: name
  receiver_address: address
"""
HEADER = ["id", "account", "at", "amount", "mail", "phone", "name", "address"]
HOME = "上海市 上海市 徐汇区 某路1号"


def orders(prefix: str, rows: Iterable[dict[str, str]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, HEADER)
    writer.writeheader()
    for number, row in enumerate(rows, 1):
        given = {"id": f"{prefix}{number}", "at": "2024-01-01 10:00:00", "amount": "10"}
        writer.writerow({**given, **row})
    return text.getvalue()


def phone(number: int) -> str:
    return f"139{12_340_000 + number * 7:08d}"


@pytest.fixture(scope="module")
def shop(new_warehouse: Callable[..., Warehouse]) -> Warehouse:
    warehouse = new_warehouse().making(
        "fct_orders", "dim_customers", "identity_shared_contacts", "identity_sensitivity",
        "identity_segment_changes",
    )  # fmt: skip
    tmall = [
        {"account": "a", "phone": phone(1), "mail": "lin@mail.cn", "at": "2024-01-01 09:00:00"},
        {"account": "b", "phone": "+86 " + phone(1)},
        {"account": "c", "mail": "LIN@mail.cn"},
        {"mail": "lin@MAIL.cn"},  # a guest who is a
        {"mail": "guest@mail.cn", "phone": phone(2)},
        {"phone": phone(2)},  # the same guest
        {"account": "d", "name": "王五", "address": HOME},
        {"account": "e", "name": "王五", "address": HOME.replace(" ", "，")},
        {"name": "王五", "address": HOME},  # a name alone names nobody under the standard rule
        {},  # nobody
        {"account": "f", "phone": "13800000000"},
        {"account": "g", "phone": "138****0000"},
        {"account": "h", "phone": "138****0000"},
        {"account": "i", "phone": "13800000000"},
    ]
    company = [{"account": f"company-{n}", "mail": "office@company.cn"} for n in range(12)]
    desk = [{"mail": "desk@mail.cn", "phone": phone(100 + n)} for n in range(12)]
    chain = [
        {"account": f"chain-{n}", "phone": phone(200 + n + step)}
        for n in range(30)
        for step in (0, 1)
    ]
    family = [
        {"account": f"family-{n}", "phone": phone(300 + n + step)}
        for n in range(15)
        for step in (0, 1)
    ]
    files = {"tmall": [*tmall, *company, *desk, *chain, *family]}
    files["app"] = [{"account": "a"}, {"account": "z", "phone": phone(1)}]
    for source, rows in files.items():
        write_text(warehouse.landing / source / "mapping.yml", MAPPING)
        write_text(warehouse.landing / source / "orders.csv", orders(f"{source}-", rows))
    assert warehouse.nightly().success
    return warehouse


def customers(shop: Warehouse, *numbers: int, source: str = "tmall") -> set[str | None]:
    ids = ", ".join(f"'{source}-{number}'" for number in numbers)
    return {
        customer
        for (customer,) in shop.rows(
            f"select customer_id from fct_orders where order_id in ({ids})"
        )
    }


def test_accounts_with_one_phone_or_mailbox_are_one_person(shop: Warehouse) -> None:
    # Account a exists in both sources, so the source stands before it.
    assert customers(shop, 1, 2, 3, 4) == {"tmall:a"}
    assert customers(shop, 2, source="app") == {"tmall:a"}
    assert customers(shop, 1, source="app") == {"app:a"}


def test_a_guest_is_known_by_a_contact_and_only_by_one_the_rule_believes(shop: Warehouse) -> None:
    (guest,) = customers(shop, 5, 6)
    assert guest is not None and guest.startswith("guest-")
    assert customers(shop, 7, 8) == {"d", "e"}
    assert customers(shop, 9, 10) == {None}


def test_made_up_and_masked_phones_join_nobody(shop: Warehouse) -> None:
    assert customers(shop, 11, 12, 13, 14) == {"f", "g", "h", "i"}


def test_shared_mailboxes_and_endless_chains_join_nobody_and_are_reported(shop: Warehouse) -> None:
    assert customers(shop, *range(15, 27)) == {f"company-{n}" for n in range(12)}
    assert customers(shop, *range(27, 39)) == {None}
    assert customers(shop, *range(39, 99)) == {f"chain-{n}" for n in range(30)}
    assert len(customers(shop, *range(99, 129))) == 1  # fifteen accounts may be a person
    # The phones at the two ends belong to one account each and join nobody anyway.
    reported = shop.rows(
        "select reason, kind, count(*) from identity_shared_contacts "
        "where identity_rule in ('every', 'standard') group by all order by all"
    )
    assert reported == [("chain of contacts", "phone", 29), ("many people", "email", 2)]


def test_every_order_of_a_known_buyer_stands_in_the_customer_table(shop: Warehouse) -> None:
    assert (
        shop.value(
            "select count(*) from fct_orders anti join dim_customers using (customer_id) "
            "where customer_id is not null"
        )
        == 0
    )
    assert shop.value("select accounts from dim_customers where customer_id = 'tmall:a'") == 4


def test_sensitivity_tells_what_each_rule_would_say(shop: Warehouse) -> None:
    found = shop.rows(
        "select identity_rule, is_chosen, buyers, repeat_buyers, purchases_of_nobody "
        "from identity_sensitivity order by buyers desc"
    )
    # strict: a to i, the app's two, 12 of the company, 30 of the chain, 15 of the family.
    # standard: a, b, c and the app's z are one, the family is one, one guest is known.
    # loose: d, e and the guest of their name and address are one as well.
    assert found == [
        ("strict", False, 9 + 2 + 12 + 30 + 15, 30 + 15, 5 + 12),
        ("standard", True, 7 + 1 + 12 + 30 + 1 + 1, 30 + 3, 2 + 12),
        ("loose", False, 6 + 1 + 12 + 30 + 1 + 1, 30 + 4, 1 + 12),
    ]


def test_customers_whose_segment_depends_on_a_merge_are_listed(shop: Warehouse) -> None:
    listed = dict(
        shop.rows(
            "select customer_id, purchases from identity_segment_changes "
            "where identity_rule = 'standard'"
        )
    )
    assert listed["tmall:a"] == 5
