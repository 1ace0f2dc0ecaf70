"""From names and values to a proposed mapping, each guess with its evidence."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from dagster_project.ingestion.assistant.names import NameMatch, match_name, value_words, words
from dagster_project.ingestion.assistant.values import (
    Column,
    best_date_format,
    load_sample,
    look_at,
)
from dagster_project.ingestion.formats import Column as WarehouseColumn
from dagster_project.ingestion.formats import Format, load_formats
from dagster_project.ingestion.readers import Dialect, Table, find_tables

# A column whose values do not fit a kind is not of that kind, whatever its name.
_LEAST_FIT = 0.5

# Ids that may be a person's name or contact, and what such a column is called.
_IDS_OF_PEOPLE = ("customer_id", "person_id", "referrer_id", "referred_id")
_NAMES_PEOPLE = re.compile(
    r"昵称|会员名|账号|帐号|用户名|旺旺|姓名|名字|手机|电话|微信"
    r"|user ?name|nick|e-?mail|phone|mobile|name$",
    re.IGNORECASE,
)

# Of the name and the values, what a guess must reach.
_LEAST_SCORE = 0.55

# A required column that is missing costs an entity what this many good columns bring.
_MISSING_COST = 1.5

# Rows that share an order id are no orders, however many columns fit.
_REPEATED_ORDER_COST = 20.0

# How much less a required column's name may say than another column's for the same file column.
_REQUIRED_FIRST = 0.06

# Two file columns this near for one warehouse column are a question to the shop.
_NEAR = 0.03

_DATES = ("date", "future_date", "future_time", "time")


@dataclass(frozen=True)
class Text:
    """The same said in Chinese and in English."""

    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.zh} / {self.en}"


@dataclass(frozen=True)
class Guess:
    """One warehouse column and where the file seems to hold it.

    Attributes:
        column: the warehouse column.
        header: the file's column (or its position); None for a constant or the row number.
        position: 0-based; None as `header`.
        score: 0 to 1.
        evidence: why.
        constant: the same text for every row.
        values: the file's word → the warehouse's.
        row_number: the id is made of the row's number.
        hashed: the id is a name or a contact; only its hash may leave the raw layer.
    """

    column: WarehouseColumn
    header: str | None
    position: int | None
    score: float
    evidence: Text
    constant: str | None = None
    values: tuple[tuple[str, str], ...] = ()
    row_number: bool = False
    hashed: bool = False


@dataclass(frozen=True)
class Proposal:
    """A proposed mapping of one table of a file.

    Attributes:
        format: of the entity.
        table: of the file.
        dialect: what the mapping must say of the file's form.
        guesses: in the order of the warehouse's columns.
        unused: the file's columns that no guess takes.
        missing: required columns that found nothing.
        questions: what the values cannot decide.
        date_format: strptime format, where dates need one.
        decimal_comma: numbers are written as 1.299,00.
    """

    format: Format
    table: Table
    dialect: Dialect
    guesses: tuple[Guess, ...]
    unused: tuple[str, ...]
    missing: tuple[str, ...]
    questions: tuple[Text, ...]
    date_format: str | None
    decimal_comma: bool


@dataclass(frozen=True)
class _Sheet:
    """A table and what stands in it."""

    table: Table
    dialect: Dialect
    columns: tuple[Column, ...]
    date_format: str | None
    decimal_comma: bool
    questions: tuple[Text, ...]
    dated: dict[int, float] = field(default_factory=dict)

    def times(self, column: Column) -> float:
        """Share of a column that reads as a time, the date format given."""
        return max(column.share(column.times), self.dated.get(column.position, 0.0))

    def amounts(self, column: Column) -> float:
        """Share of a column that reads as an amount."""
        count = column.comma_amounts if self.decimal_comma else column.amounts
        return column.share(count)


def propose(
    path: Path, connection: duckdb.DuckDBPyConnection, entity: str | None = None
) -> Proposal:
    """The mapping that fits a file best; of a workbook, that of the sheet that fits best.

    Args:
        path: the file.
        connection: any DuckDB connection; a temporary table is left in it.
        entity: what one row is, when the shop knows; None guesses.

    Raises:
        RefusedFile: the file cannot be read.
    """
    formats = [f for f in load_formats() if f.mapped and entity in (None, f.entity)]
    best: tuple[float, Proposal] | None = None
    for table, dialect in _tables(path, connection):
        load_sample(connection, path, table)
        sheet = _look(connection, table, dialect)
        for format_ in formats:
            scored = _assign(sheet, format_)
            if best is None or scored[0] > best[0]:
                best = scored
    assert best is not None  # find_tables refuses a file without any table
    return best[1]


def _tables(path: Path, connection: duckdb.DuckDBPyConnection) -> list[tuple[Table, Dialect]]:
    """The file's tables in the dialect that their first records look like."""
    spaces = Dialect(delimiter="\t", spaces=True)
    found = []
    for table in find_tables(path, connection):
        dialect = Dialect()
        if table.kind == "csv" and len(table.header) == 1 and _parted_by_spaces(table):
            dialect = spaces
            (table,) = find_tables(path, connection, dialect)
        if table.kind == "csv" and _is_data(table.header):
            dialect = Dialect(False, dialect.delimiter, dialect.spaces)
            table = table.without_header()
        found.append((table, dialect))
    return found


def _parted_by_spaces(table: Table) -> bool:
    widths = {len(" ".join(record).split()) for record in table.first_records}
    return len(widths) == 1 and widths.pop() > 1


def _is_data(header: tuple[str, ...]) -> bool:
    """Is the first record no header? Names of columns are no numbers."""
    numbers = sum(not any(sign.isalpha() for sign in name) for name in header if name.strip())
    return numbers * 2 > len(header)


def _look(connection: duckdb.DuckDBPyConnection, table: Table, dialect: Dialect) -> _Sheet:
    columns = tuple(look_at(connection, position) for position in range(len(table.header)))
    dated = [column for column in columns if column.share(column.dates) > _LEAST_FIT]
    named = [
        column
        for column in columns
        if column not in dated
        and column.letters
        and column.share(column.times) <= _LEAST_FIT
        and (found := best_date_format(connection, column.position, None)) is not None
        and found[1] > _LEAST_FIT
    ]
    order, question = _day_order(dated, table)
    found = {
        column.position: form
        for column in [*dated, *named]
        if (form := best_date_format(connection, column.position, order)) is not None
        and form[1] > _LEAST_FIT
    }
    forms = [form for form, _ in found.values()]
    date_format = max(forms, key=forms.count, default=None)
    return _Sheet(
        table,
        dialect,
        columns,
        date_format,
        _has_decimal_comma(columns),
        (question,) if question else (),
        # What the chosen format does not read is read by no other: a mapping has one.
        {
            position: share if form == date_format else share - _NEAR
            for position, (form, share) in found.items()
        }
        | {c.position: 1.0 for c in dated if order is None},
    )


def _day_order(dated: list[Column], table: Table) -> tuple[bool | None, Text | None]:
    """Is the day first? None, with a question, when the values do not say it."""
    if not dated:
        return None, None
    day = sum(column.day_first for column in dated)
    month = sum(column.month_first for column in dated)
    if day and not month:
        return True, None
    if month and not day:
        return False, None
    names = ", ".join(table.label(column.position) for column in dated)
    if day and month:
        return None, Text(
            f"{names}：有些日期只能是日在前，有些只能是月在前，请在原系统里统一后再导出",
            f"{names}: some dates can only be day first, others only month first; export them in "
            "one form",
        )
    if any("." in word for column in dated for word in column.words):
        return True, None  # nobody writes the month first with dots
    return None, Text(
        f"{names}：日和月都不超过 12，看不出哪个在前，请写 date_format，"
        "例如 %d/%m/%Y（日在前）或 %m/%d/%Y（月在前）",
        f"{names}: day and month never exceed 12, so nothing says which is first; write "
        "date_format, such as %d/%m/%Y (day first) or %m/%d/%Y (month first)",
    )


def _has_decimal_comma(columns: tuple[Column, ...]) -> bool:
    comma = sum(c.comma_only for c in columns if c.share(c.comma_amounts) > _LEAST_FIT)
    point = sum(c.decimals for c in columns if c.share(c.amounts) > _LEAST_FIT)
    return comma > point


def _assign(sheet: _Sheet, format_: Format) -> tuple[float, Proposal]:
    """The best guesses for one entity, and how well they explain the file."""
    offers = [
        guess
        for column in sheet.columns
        for target in format_.given_columns
        if target.name not in ("source", "shop")
        and (guess := _guess(sheet, column, target, format_.entity)) is not None
    ]
    # What must be there is looked for first: a transaction may be the order or only its line.
    offers.sort(key=lambda g: (-g.score - _REQUIRED_FIRST * g.column.required, g.position))
    taken: dict[str, Guess] = {}
    used: set[int] = set()
    questions = list(sheet.questions)
    for guess in offers:
        assert guess.position is not None
        rival = taken.get(guess.column.name)
        if guess.position in used:
            continue
        if rival is None:
            taken[guess.column.name] = guess
            used.add(guess.position)
        elif rival.score - guess.score < _NEAR and not guess.column.personal:
            questions.append(_either(rival, guess))
    _add_by_values(sheet, format_, taken, used)
    questions += _status_questions(sheet, taken)
    _add_constants(sheet, format_, taken, questions)
    missing = [c.name for c in format_.columns if c.required and c.name not in taken]
    groups = format_.require_any
    if groups and not any(taken.keys() >= set(group) for group in groups):
        missing.append(" | ".join(" + ".join(group) for group in groups))
    score = sum(guess.score for guess in taken.values() if guess.position is not None)
    score += _grain(sheet, format_, taken) - _MISSING_COST * len(missing)
    needed = _needs_date_format(sheet, taken)
    if format_.entity == "orders" and _names_products(sheet):
        questions.append(
            Text(
                "每行还写着一件商品：要留下商品，请用 --entity order_lines"
                "（订单的付款和地区列会用不上）",
                "each row also names a product: to keep the products use --entity order_lines (the "
                "order's payment and region are then not used)",
            )
        )
    return score, Proposal(
        format=format_,
        table=sheet.table,
        dialect=sheet.dialect,
        guesses=tuple(taken[c.name] for c in format_.columns if c.name in taken),
        unused=tuple(
            sheet.table.label(column.position)
            for column in sheet.columns
            if column.position not in used and sheet.table.header[column.position].strip()
        ),
        missing=tuple(missing),
        questions=tuple(dict.fromkeys(questions)),
        date_format=sheet.date_format if needed else None,
        decimal_comma=sheet.decimal_comma,
    )


def _guess(sheet: _Sheet, column: Column, target: WarehouseColumn, entity: str) -> Guess | None:
    if not sheet.table.has_header:
        return None
    header = sheet.table.header[column.position]
    name = match_name(header, entity, target.name)
    if name is None:
        return None
    fit, seen = _fit(sheet, column, target)
    if column.filled and fit < _LEAST_FIT:
        return None
    score = name.score * (0.6 + 0.4 * fit)
    if score < _LEAST_SCORE:
        return None
    return Guess(
        target,
        header,
        column.position,
        score,
        _evidence(name, column, seen),
        values=_known_values(target, column),
        hashed=_is_a_person(header, column, target),
    )


def _is_a_person(header: str, column: Column, target: WarehouseColumn) -> bool:
    """An id that people can read: a nickname, an account's name, an e-mail address, a phone."""
    if target.kind != "id" or target.name not in _IDS_OF_PEOPLE:
        return False
    contacts = column.share(column.emails) + column.share(column.phones)
    return contacts > _LEAST_FIT or _NAMES_PEOPLE.search(header) is not None


def _fit(sheet: _Sheet, column: Column, target: WarehouseColumn) -> tuple[float, Text | None]:
    """Share of the values that can be what the warehouse column holds, and what to say of it."""
    if not column.filled:
        return 1.0, None
    share, zh, en = 1.0, "", ""
    if target.kind == "amount":
        share, zh, en = sheet.amounts(column), "读得出金额", "read as amounts"
    elif target.kind == "quantity":
        share, zh, en = column.share(column.quantities), "读得出数字", "read as numbers"
    elif target.kind in _DATES:
        share, zh, en = sheet.times(column), "读得出时间", "read as times"
    elif target.kind == "boolean":
        share, zh, en = column.share(column.booleans), "读得出是/否", "read as yes or no"
    elif target.name == "email":
        share, zh, en = column.share(column.emails), "像邮箱", "look like e-mail addresses"
    elif target.name == "phone":
        share, zh, en = column.share(column.phones), "像电话号码", "look like phone numbers"
    elif (vocabulary := _vocabulary(target)) is not None:
        known = sum(_plain(word) in vocabulary for word in column.words)
        # Shops have words of their own, so few words are enough; the unknown ones are asked.
        share = 0.5 + 0.5 * known / len(column.words) if column.words else 0.0
        return share, Text(f"认得 {known} 种取值", f"{known} of its words are known")
    elif target.kind == "id" and max(column.decimals, column.emails) > _LEAST_FIT * column.filled:
        # An address must not become an id: ids leave the raw layer.
        return 0.0, None
    if not zh:
        return 1.0, None
    return share, Text(f"{share:.0%} {zh}", f"{share:.0%} {en}")


def _evidence(name: NameMatch, column: Column, seen: Text | None) -> Text:
    how = {
        "same": Text("列名相同", "the same name"),
        "synonym": Text(f"列名是“{name.synonym}”的另一种写法", f"its name says {name.synonym}"),
        "contains": Text(f"列名含“{name.synonym}”", f"its name contains {name.synonym}"),
        "like": Text(f"列名接近“{name.synonym}”", f"its name is like {name.synonym}"),
    }[name.how]
    parts = [how, _filling(column), *([seen] if seen else [])]
    return Text("；".join(part.zh for part in parts), "; ".join(part.en for part in parts))


def _filling(column: Column) -> Text:
    if not column.filled:
        return Text("样本里都是空的", "empty in the sample")
    filled = column.filled / column.rows
    return Text(
        f"{filled:.0%} 有值，{column.distinct} 种",
        f"{filled:.0%} filled, {column.distinct} different",
    )


def _vocabulary(target: WarehouseColumn) -> dict[str, str] | None:
    return value_words(target.name if target.name == "event_type" else target.kind)


def _plain(word: str) -> str:
    return "".join(words(word))


def _known_values(target: WarehouseColumn, column: Column) -> tuple[tuple[str, str], ...]:
    vocabulary = _vocabulary(target)
    if vocabulary is None:
        return ()
    pairs = ((word, vocabulary.get(_plain(word))) for word in column.words)
    return tuple((word, meaning) for word, meaning in pairs if meaning and meaning != word)


def _status_questions(sheet: _Sheet, taken: dict[str, Guess]) -> list[Text]:
    questions = []
    for guess in taken.values():
        vocabulary = _vocabulary(guess.column)
        if vocabulary is None or guess.position is None or guess.column.name == "event_type":
            continue
        column = sheet.columns[guess.position]
        unknown = [word for word in column.words if _plain(word) not in vocabulary]
        if unknown:
            known = ", ".join(dict.fromkeys(vocabulary.values()))
            listed = ", ".join(unknown)
            questions.append(
                Text(
                    f"{guess.header} 里这些取值是什么意思：{listed}？请在 values 里写成：{known}",
                    f"what do these words of {guess.header} mean: {listed}? Say it under values "
                    f"with one of: {known}",
                )
            )
    return questions


def _either(first: Guess, second: Guess) -> Text:
    return Text(
        f"{first.column.name} 取了 {first.header}；也可能是 {second.header}",
        f"{first.column.name} was taken from {first.header}; it may also be {second.header}",
    )


def _add_by_values(sheet: _Sheet, format_: Format, taken: dict[str, Guess], used: set[int]) -> None:
    """What names did not find: the only column of times; everything, when there are no names."""

    def take(name: str, candidates: list[Column], zh: str, en: str) -> None:
        target = format_.column(name)
        free = [column for column in candidates if column.position not in used]
        if target is None or name in taken or not free:
            return
        column = free[0]
        filling = _filling(column)
        evidence = Text(f"{zh}；{filling.zh}", f"{en}; {filling.en}")
        header = sheet.table.header[column.position]
        values = _known_values(target, column)
        taken[name] = Guess(target, header, column.position, 0.6, evidence, values=values)
        used.add(column.position)

    timed = [c for c in sheet.columns if c.filled and sheet.times(c) > 1 - _NEAR]
    required = [c.name for c in format_.columns if c.required and c.kind == "time"]
    if required and len([c for c in timed if c.position not in used]) == 1:
        take(required[0], timed, "唯一读得出时间的列", "the only column that reads as times")
    if sheet.table.has_header:
        return
    filled = [c for c in sheet.columns if c.filled and c not in timed]
    money = [c for c in filled if c.decimals and sheet.amounts(c) > 1 - _NEAR]
    whole = [c for c in filled if not c.decimals and sheet.amounts(c) > 1 - _NEAR]
    few = [c for c in whole if not c.padded and (c.largest or 0) < 1000 and c.distinct < 100]
    repeated = [c for c in filled if c not in money and c not in few and c.distinct < c.rows]
    unique = [c for c in filled if c not in money and c.distinct == c.rows]
    take("order_id", unique, "每行都不同", "different in every row")
    take("customer_id", repeated, "会重复的编号", "ids that come again")
    take("gross_amount", money, "有小数的金额", "amounts with decimals")
    count = "item_count" if format_.column("item_count") else "quantity"
    take(count, few, "小的整数", "small whole numbers")


def _add_constants(
    sheet: _Sheet, format_: Format, taken: dict[str, Guess], questions: list[Text]
) -> None:
    order_id = format_.column("order_id")
    if format_.entity == "orders" and order_id is not None and "order_id" not in taken:
        evidence = Text("没有订单号，每行算一个订单", "no order id; each row counts as an order")
        taken["order_id"] = Guess(order_id, None, None, 0.0, evidence, row_number=True)
        questions.append(
            Text(
                "文件里没有订单号：每行真的是一个订单吗？",
                "the file has no order id: is each row really an order?",
            )
        )
    quantity = format_.column("quantity")
    if (
        format_.entity == "order_lines"
        and quantity is not None
        and ("unit_price" in taken and not taken.keys() & {"quantity", "gross_amount"})
    ):
        evidence = Text("没有数量，每行算一件", "no quantity; each row counts as one piece")
        taken["quantity"] = Guess(quantity, None, None, 0.0, evidence, constant="1")
        questions.append(
            Text(
                "文件里没有数量：每行真的是一件吗？",
                "the file has no quantity: is each row really one piece?",
            )
        )
    currency = format_.column("currency")
    seen = {
        sheet.columns[guess.position].currency
        for guess in taken.values()
        if guess.column.kind == "amount" and guess.position is not None
    } - {None}
    if currency is not None and "currency" not in taken and len(seen) == 1:
        code = seen.pop()
        evidence = Text(f"金额带有 {code} 的符号", f"the amounts carry the sign of {code}")
        taken["currency"] = Guess(currency, None, None, 0.0, evidence, constant=code)


def _grain(sheet: _Sheet, format_: Format, taken: dict[str, Guess]) -> float:
    """Is a row an order or a line? The order id comes again when it is a line."""
    order_id = taken.get("order_id")
    if order_id is None or order_id.position is None:
        return 0.0
    column = sheet.columns[order_id.position]
    repeats = column.filled > 0 and column.distinct < 0.999 * column.filled
    # Of rows with one order id only the newest would stay an order.
    if format_.entity == "orders":
        return -_REPEATED_ORDER_COST if repeats else 0.5
    return 0.5 if format_.entity == "order_lines" and repeats else 0.0


def _names_products(sheet: _Sheet) -> bool:
    found = (match_name(name, "order_lines", "product_id") for name in sheet.table.header)
    return any(match is not None for match in found)


def _needs_date_format(sheet: _Sheet, taken: dict[str, Guess]) -> bool:
    return any(
        guess.column.kind in _DATES
        and guess.position is not None
        and sheet.columns[guess.position].share(sheet.columns[guess.position].times) < 1 - _NEAR
        and guess.position in sheet.dated
        for guess in taken.values()
    )
