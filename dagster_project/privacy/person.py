"""Who is meant: the accounts, contacts, orders and plain values of one customer."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import duckdb

from dagster_project.ingestion.cleaning import call
from dagster_project.ingestion.formats import Column, Format, load_formats
from dagster_project.ingestion.tables import personal_table
from dagster_project.privacy.erase_tables import MARKED, mark_rows
from dagster_project.privacy.tokens import (
    CONTACT_KINDS,
    account_columns,
    account_token,
    contact_columns,
    contact_token,
    is_of_a_person,
    order_token,
    source_of,
)

# The tokens of the person that is being looked for or erased.
TOKENS = "person_tokens"

# Shorter texts, and short numbers, stand in every file by chance.
_SHORTEST_TEXT = 6
_SHORTEST_NUMBER = 7
_SHORTEST_NUMERIC_ID = 11


class NoSuchCustomer(LookupError):
    """Nobody is known by what was asked for."""


class SeveralCustomers(LookupError):
    """What was asked for names more than one customer."""


class NothingBuilt(LookupError):
    """The models that say who is one customer are not there."""


@dataclass(frozen=True)
class Person:
    """One customer, as the raw tables and the marts know them.

    Attributes:
        asked: what the person who erases wrote.
        customers: ids in the marts; empty for somebody who reached none.
        accounts: pairs (source, account id), as in the raw tables.
        contacts: pairs (email, phone or name_address; keyed hash), without shared ones.
        orders: pairs (source, order id).
        needles: the person's own values in lower case, long enough to be looked for anywhere.
        shared_values: how many values were left out of `needles` because other customers gave
            them too.
        rows: rows of the raw tables.
        files: paths below the landing folder of the files that hold them.
    """

    asked: str
    customers: tuple[str, ...] = ()
    accounts: tuple[tuple[str, str], ...] = ()
    contacts: tuple[tuple[str, str], ...] = ()
    orders: tuple[tuple[str, str], ...] = ()
    needles: tuple[str, ...] = ()
    shared_values: int = 0
    rows: int = 0
    files: tuple[str, ...] = ()


def find_person(connection: duckdb.DuckDBPyConnection, asked: str) -> Person:
    """Find who is meant by a customer id, an account name, an e-mail address or a phone.

    Args:
        connection: of the work database, with the secret of the hashes.
        asked: as it stands in the marts or in the person's letter.

    Raises:
        NoSuchCustomer: nobody is known by that.
        SeveralCustomers: it names several; the message lists their customer ids.
        NothingBuilt: files were loaded and no marts built yet.
    """
    _require_models(connection)
    asked = asked.strip()
    person = _accounts_of(connection, asked)
    write_tokens(connection, person)
    person = _with_contacts(connection, person)
    write_tokens(connection, person)
    person = _with_orders(connection, person)
    write_tokens(connection, person)
    rows = mark_rows(connection, TOKENS)
    if not rows:
        raise NoSuchCustomer(asked)
    files = connection.execute(
        f"select distinct f.source_file from {MARKED} as m "
        "inner join raw.ingested_files as f on m._file_id = f.file_id order by 1"
    ).fetchall()
    person = replace(person, rows=rows, files=tuple(name for (name,) in files))
    return _with_needles(connection, person)


def write_tokens(connection: duckdb.DuckDBPyConnection, person: Person) -> None:
    """Write the tokens of what is known of a person to the table `TOKENS`."""
    connection.execute(f"create or replace temp table {TOKENS} (token varchar)")
    _insert_tokens(connection, account_token("a", "b"), person.accounts)
    _insert_tokens(connection, order_token("a", "b"), person.orders)
    for kind in CONTACT_KINDS.values():
        keys = [("", key) for found, key in person.contacts if found == kind]
        _insert_tokens(connection, contact_token(kind, "b"), keys)


def save(person: Person, path: Path) -> None:
    """Keep what an erasure is about until it is finished; readable by its owner only."""
    scratch = path.with_name(path.name + ".new")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(asdict(person), file, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
    os.replace(scratch, path)


def load(path: Path) -> Person | None:
    """The erasure that was begun and not finished."""
    if not path.exists():
        return None
    kept = json.loads(path.read_text(encoding="utf-8"))
    pairs = {name: tuple(map(tuple, kept[name])) for name in ("accounts", "contacts", "orders")}
    lists = {name: tuple(kept[name]) for name in ("customers", "needles", "files")}
    return Person(**{**kept, **pairs, **lists})


def is_telling(value: str, *, is_id: bool = False) -> bool:
    """Whether a value found anywhere can only be this person's."""
    if value.isascii() and value.isdigit():
        return len(value) >= (_SHORTEST_NUMERIC_ID if is_id else _SHORTEST_NUMBER)
    return len(value) >= _SHORTEST_TEXT


def identifying_columns(format_: Format) -> tuple[Column, ...]:
    """Personal columns that name somebody, unlike memos and messages.

    They are those that a keyed hash is made of, in this format or in another.
    """
    hashed = {
        header
        for other in load_formats()
        for column in other.key_columns
        for header in (*column.of, *(() if column.of else column.headers))
    }
    return tuple(
        column for column in format_.personal_columns if hashed.intersection(column.headers)
    )


def _insert_tokens(
    connection: duckdb.DuckDBPyConnection, token: str, pairs: Iterable[tuple[str, str]]
) -> None:
    values = list(pairs)
    if values:
        connection.execute(
            f"insert into {TOKENS} select {token} "
            "from (select unnest(?::varchar[]) as a, unnest(?::varchar[]) as b)",
            [[a for a, _ in values], [b for _, b in values]],
        )


def _require_models(connection: duckdb.DuckDBPyConnection) -> None:
    found = connection.execute(
        "select count(*) from information_schema.tables where table_name in "
        "('int_customer_accounts', 'int_order_customers', 'int_identity_edges', 'int_accounts')"
    ).fetchone()
    if not found or found[0] < 4:
        raise NothingBuilt("the marts have not been built yet; run `make nightly` first")


def _accounts_of(connection: duckdb.DuckDBPyConnection, asked: str) -> Person:
    """The customer that is meant: its accounts, and the contact that names a guest."""
    if _known_customers(connection, "customer_id = $asked", {"asked": asked}):
        return _customer(connection, asked, asked)
    texts = connection.execute(
        f"select {call('clean_hashed_id', 't')}, {call('email_key', 't')}, "
        f"{call('phone_key', 't')} from (select ? as t)",
        [asked],
    ).fetchone()
    hashed, email, phone = texts or (None, None, None)
    accounts = _raw_accounts(connection, [asked, hashed])
    contacts = [(kind, key) for kind, key in (("email", email), ("phone", phone)) if key]
    given = _accounts_with(connection, contacts)
    customers: set[str] = set()
    unbuilt: set[tuple[str, str]] = set()
    for source, account in accounts | given:
        found = _known_customers(
            connection,
            "source = $source and (source_customer_id = $account or person_id = $account)",
            {"source": source, "account": account},
        )
        customers |= found
        if not found:
            unbuilt.add((source, account))
    for kind, key in contacts:
        customers |= _guest_customers(connection, f"{kind}:{key}")
    if len(customers) + len(unbuilt) > 1:
        names = sorted([*customers, *(f"{source}:{account}" for source, account in unbuilt)])
        raise SeveralCustomers(", ".join(names))
    if customers:
        return _customer(connection, asked, customers.pop())
    if unbuilt or contacts:
        return Person(asked, accounts=tuple(unbuilt), contacts=tuple(contacts))
    raise NoSuchCustomer(asked)


def _known_customers(
    connection: duckdb.DuckDBPyConnection, condition: str, values: dict[str, str]
) -> set[str]:
    rows = connection.execute(
        "select distinct customer_id from ("
        "select c.customer_id, c.source, c.source_customer_id, a.person_id "
        "from intermediate.int_customer_accounts as c "
        "left join intermediate.int_accounts as a "
        "on c.source = a.source and c.source_customer_id = a.source_customer_id "
        "union all select customer_id, null, null, null from intermediate.int_order_customers "
        f") where customer_id is not null and {condition}",
        values,
    ).fetchall()
    return {customer for (customer,) in rows}


def _guest_customers(connection: duckdb.DuckDBPyConnection, node: str) -> set[str]:
    rows = connection.execute(
        "select distinct customer_id from intermediate.int_order_customers "
        "where node = ? and customer_id is not null",
        [node],
    ).fetchall()
    return {customer for (customer,) in rows}


def _customer(connection: duckdb.DuckDBPyConnection, asked: str, customer: str) -> Person:
    accounts = connection.execute(
        "select distinct source, unnest([source_customer_id, person_id]) as account from ("
        "select c.source, c.source_customer_id, a.person_id "
        "from intermediate.int_customer_accounts as c "
        "left join intermediate.int_accounts as a "
        "on c.source = a.source and c.source_customer_id = a.source_customer_id "
        "where c.customer_id = ?) order by all",
        [customer],
    ).fetchall()
    guests = connection.execute(
        "select distinct node from intermediate.int_order_customers "
        "where customer_id = ? and node not like 'account:%' order by 1",
        [customer],
    ).fetchall()
    contacts = tuple(tuple(node.split(":", 1)) for (node,) in guests)
    known = tuple((source, account) for source, account in accounts if account is not None)
    return Person(asked, (customer,), known, contacts)


def _raw_accounts(
    connection: duckdb.DuckDBPyConnection, ids: list[str | None]
) -> set[tuple[str, str]]:
    """Accounts that are called so, or `source:account` when it is written like that."""
    found: set[tuple[str, str]] = set()
    for format_ in load_formats():
        for column in account_columns(format_):
            source = source_of(format_)
            found |= set(
                connection.execute(
                    f"select distinct {source}, {column.name} from raw.{format_.name} "
                    f"where {column.name} in (?, ?) or {source} || ':' || {column.name} = ?",
                    [*ids, ids[0]],
                ).fetchall()
            )
    return found


def _accounts_with(
    connection: duckdb.DuckDBPyConnection, contacts: list[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Accounts that gave a contact."""
    found: set[tuple[str, str]] = set()
    for format_ in load_formats():
        for kind, key in contacts:
            columns = [c.name for c in contact_columns(format_) if CONTACT_KINDS[c.kind] == kind]
            for account in account_columns(format_) if columns else ():
                found |= set(
                    connection.execute(
                        f"select distinct {source_of(format_)}, {account.name} "
                        f"from raw.{format_.name} "
                        f"where {account.name} is not null and ? in ({', '.join(columns)})",
                        [key],
                    ).fetchall()
                )
    return found


def _with_contacts(connection: duckdb.DuckDBPyConnection, person: Person) -> Person:
    """Add every contact that the person's rows give and that is not shared by many."""
    found = set(person.contacts)
    for format_ in load_formats():
        condition = is_of_a_person(format_, TOKENS)
        for column in contact_columns(format_):
            rows = connection.execute(
                f"select distinct '{CONTACT_KINDS[column.kind]}', {column.name} "
                f"from raw.{format_.name} where {column.name} is not null and {condition}"
            ).fetchall()
            found |= set(rows)
    shared = connection.execute(
        "select distinct contact from intermediate.int_identity_edges where is_shared"
    ).fetchall()
    names = {contact for (contact,) in shared}
    kept = sorted((kind, key) for kind, key in found if f"{kind}:{key}" not in names)
    return replace(person, contacts=tuple(kept))


def _with_orders(connection: duckdb.DuckDBPyConnection, person: Person) -> Person:
    found: set[tuple[str, str]] = set()
    for format_ in load_formats():
        condition = is_of_a_person(format_, TOKENS)
        if format_.column("order_id") and condition:
            found |= set(
                connection.execute(
                    f"select distinct {source_of(format_)}, order_id from raw.{format_.name} "
                    f"where order_id is not null and {condition}"
                ).fetchall()
            )
    return replace(person, orders=tuple(sorted(found)))


def _with_needles(connection: duckdb.DuckDBPyConnection, person: Person) -> Person:
    """Add the plain values that can be nobody else's; what others gave too stays theirs."""
    ids = {person.asked, *person.customers, *(account for _, account in person.accounts)}
    candidates = {value.lower() for value in ids if is_telling(value, is_id=True)}
    candidates |= {key for _, key in person.contacts}
    connection.execute("create or replace temp table candidates (needle varchar)")
    for format_ in load_formats():
        for column in identifying_columns(format_):
            for (value,) in connection.execute(
                f"select distinct p.{column.name} from raw.{personal_table(format_)} as p "
                f"where p.{column.name} is not null and {_marked(format_, 'p')}"
            ).fetchall():
                candidates |= {form for form in written_forms(value) if is_telling(form)}
    if candidates:
        connection.execute(
            "insert into candidates select unnest(?::varchar[])", [sorted(candidates)]
        )
    others: set[str] = set()
    for format_ in load_formats():
        tables = [(personal_table(format_), format_.personal_columns)]
        tables.append((format_.name, format_.key_columns))
        for table, columns in tables:
            for column in columns:
                others |= {
                    needle
                    for (needle,) in connection.execute(
                        f"select distinct c.needle from candidates as c "
                        f"inner join (select distinct lower({column.name}) as value "
                        f"from raw.{table} as p where {column.name} is not null "
                        f"and not {_marked(format_, 'p')}) as o on contains(o.value, c.needle)"
                    ).fetchall()
                }
    return replace(person, needles=tuple(sorted(candidates - others)), shared_values=len(others))


def written_forms(value: str) -> set[str]:
    """A value as it was written and, for a phone, its digits alone."""
    digits = "".join(filter(str.isdigit, value))
    forms = {value.strip(" '\"").lower()}
    if digits and not any(map(str.isalpha, value)):
        forms.add(digits)
        forms.add(digits.removeprefix("86") if len(digits) == 13 else digits)
    return forms


def _marked(format_: Format, table: str) -> str:
    return (
        f"exists (select 1 from {MARKED} as m where m.format = '{format_.name}' "
        f"and m._file_id = {table}._file_id and m._row_number = {table}._row_number)"
    )
