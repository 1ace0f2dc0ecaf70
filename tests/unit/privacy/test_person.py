"""Who is meant, and which values are looked for."""

from __future__ import annotations

import stat
from pathlib import Path

import duckdb
import pytest

from dagster_project.ingestion.formats import load_formats
from dagster_project.ingestion.loader import open_work_database
from dagster_project.privacy.person import (
    NoSuchCustomer,
    NothingBuilt,
    Person,
    SeveralCustomers,
    find_person,
    identifying_columns,
    is_telling,
    load,
    save,
    written_forms,
)
from tests.unit.ingestion.conftest import Warehouse

MAPPING = (
    "entity: orders\n"
    "columns: {order_id: no, customer_id: member, ordered_at: at, phone: tel, email: mail,"
    " receiver_name: called, receiver_address: home}\n"
)
HOME = "No. 5 Long Street"
ORDERS = f"""no,member,at,tel,mail,called,home
1,A-100001,2024-01-01,13711112222,ming@mail.cn,Mingming,{HOME}
2,A-100001,2024-01-02,13799998888,,Mingming,
3,B-100001,2024-01-03,13733334444,cat@mail.cn,Big Cat,{HOME}
4,,2024-01-04,13711112222,,Mingming,
5,,2024-01-05,13755556666,,Stranger,
"""


@pytest.fixture
def shops(warehouse: Warehouse) -> Warehouse:
    """Two sources with equal ids; the models that say who is one customer, by hand."""
    for source in ("red", "blue"):
        warehouse.drop(f"{source}/mapping.yml", MAPPING.encode())
    warehouse.drop("red/orders.csv", ORDERS.encode())
    warehouse.drop(
        "blue/orders.csv", ORDERS.splitlines()[0].encode() + b"\n9,B-100001,2024-02-01,,,,"
    )
    warehouse.load()
    return warehouse


def build(warehouse: Warehouse) -> None:
    with duckdb.connect(str(warehouse.settings.work_db)) as connection:
        connection.execute("create schema intermediate")
        connection.execute("set schema = 'intermediate'")
        connection.execute(
            "create table int_accounts as select distinct source, "
            "customer_id as source_customer_id, null::varchar as person_id "
            "from raw.mapped_orders where customer_id is not null"
        )
        connection.execute(
            "create table int_customer_accounts as select source, source_customer_id, "
            "case when source_customer_id like 'B%' then source || ':' else '' end "
            "|| source_customer_id as customer_id from int_accounts"
        )
        connection.execute(
            "create table int_order_customers as select 'phone:' || phone_key as node, "
            "case when order_id = '4' then 'A-100001' else 'guest-1' end as customer_id "
            "from raw.mapped_orders where customer_id is null"
        )
        connection.execute(
            "create table int_identity_edges as select 'phone:' || phone_key as contact, "
            "order_id = '2' as is_shared from raw.mapped_orders"
        )


def find(warehouse: Warehouse, asked: str) -> Person:
    with open_work_database(warehouse.settings) as connection:
        return find_person(connection, asked)


@pytest.mark.parametrize("asked", ["A-100001", "13711112222", "+86 137-1111-2222", "MING@mail.cn"])
def test_found_by_id_phone_and_mail(shops: Warehouse, asked: str) -> None:
    build(shops)
    person = find(shops, asked)
    assert person.customers == ("A-100001",)
    assert person.accounts == (("red", "A-100001"),)
    assert [number for _, number in person.orders] == ["1", "2", "4"]
    assert (person.rows, person.files) == (3, ("red/orders.csv",))
    kinds = [kind for kind, _ in person.contacts]
    # The phone of order 2 is shared by many, so it names nobody.
    assert kinds == ["email", "name_address", "phone"]
    expected = {"a-100001", "13711112222", "13799998888", "ming@mail.cn", "mingming"}
    assert expected <= set(person.needles)
    # The address is the cat's too.
    assert HOME.lower() not in person.needles
    assert person.shared_values == 1


def test_a_guest_is_a_customer_too(shops: Warehouse) -> None:
    build(shops)
    person = find(shops, "13755556666")
    assert person.customers == ("guest-1",)
    assert person.accounts == ()
    assert person.rows == 1


def test_one_id_in_two_sources_is_two_customers(shops: Warehouse) -> None:
    build(shops)
    with pytest.raises(SeveralCustomers, match="blue:B-100001, red:B-100001"):
        find(shops, "B-100001")
    assert find(shops, "blue:B-100001").orders == (("blue", "9"),)


def test_nobody_and_nothing_built(shops: Warehouse) -> None:
    with pytest.raises(NothingBuilt, match="make nightly"):
        find(shops, "A-100001")
    build(shops)
    with pytest.raises(NoSuchCustomer):
        find(shops, "13700001111")


def test_values_too_short_to_be_telling() -> None:
    assert [v for v in ("明明", "12345", "310000", "1234567", "Wendy B") if is_telling(v)] == [
        "1234567",
        "Wendy B",
    ]
    assert not is_telling("1234567", is_id=True)
    assert is_telling("12345678901", is_id=True)


def test_a_phone_is_looked_for_as_written_and_as_digits() -> None:
    assert written_forms("'+86 137-1111-2222") == {
        "+86 137-1111-2222",
        "8613711112222",
        "13711112222",
    }
    assert written_forms("A@b.cn") == {"a@b.cn"}


def test_memos_name_nobody() -> None:
    taobao = next(f for f in load_formats() if f.name == "taobao_orders")
    names = {column.name for column in identifying_columns(taobao)}
    assert names == {
        "buyer_name", "alipay_account", "receiver_name", "receiver_address", "phone", "mobile",
    }  # fmt: skip


def test_an_unfinished_erasure_is_kept_for_its_owner_only(tmp_path: Path) -> None:
    person = Person("x", ("c",), (("red", "a"),), (("phone", "k"),), (("red", "1"),), ("小明",), 1)
    path = tmp_path / "erasing.json"
    assert load(path) is None
    save(person, path)
    assert load(path) == person
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
