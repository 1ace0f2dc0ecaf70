"""How well a file's column name fits a warehouse column, by the synonyms of `synonyms.yml`."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from importlib.resources import files

import yaml

# Below this likeness two names are different words: quantity and quality are 0.88 alike.
_LIKE = 0.89

# A word within a longer name says little when it is as short as `id` or `no`.
_SHORTEST_WORD = 3

# What a name that ends so is about is not the thing itself: Customer Group, Product Note.
_OTHER_THINGS = frozenset(
    [
        "group",
        "type",
        "name",
        "note",
        "notes",
        "message",
        "service",
        "method",
        "status",
        "reason",
        "level",
        "tier",
        "count",
        "url",
    ]
)

# A name of few signs is like too many others.
_SHORTEST_LIKE = 5

_BRACKETS = re.compile(r"[(（\[【][^)）\]】]*[)）\]】]")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True)
class NameMatch:
    """How a name was matched.

    Attributes:
        score: 0 (not at all) to 1 (the warehouse's own name).
        synonym: the name it was compared with.
        how: `same`, `synonym`, `contains` or `like`.
    """

    score: float
    synonym: str
    how: str


def words(name: str) -> tuple[str, ...]:
    """A name's words without case, accents, signs and brackets: `Sale Date (UTC)` → sale, date."""
    text = _HUMP.sub(" ", _BRACKETS.sub(" ", unicodedata.normalize("NFKC", name)))
    text = unicodedata.normalize("NFKD", text.casefold())
    text = "".join(sign for sign in text if not unicodedata.combining(sign))
    text = text.replace("编码", "编号").replace("代码", "编号")
    return tuple(re.findall(r"[^\W_]+", text))


def match_name(name: str, entity: str, column: str) -> NameMatch | None:
    """How `name` fits a column of an entity; None when no synonym is near."""
    given = words(name)
    if not given:
        return None
    joined = "".join(given)
    best: NameMatch | None = None
    for rank, (synonym, its_words) in enumerate(_synonyms(entity, column)):
        found = _compare(given, joined, its_words, rank)
        if found is not None and (best is None or found[0] > best.score):
            best = NameMatch(found[0], synonym, found[1])
    return best


def value_words(vocabulary: str) -> dict[str, str] | None:
    """Shop's word → warehouse's word, for the columns that hold few words; None for others."""
    groups = _document()["values"].get(vocabulary)
    if groups is None:
        return None
    return {
        "".join(words(word)): meaning
        for meaning, shop_words in groups.items()
        for word in (meaning, *shop_words)
    }


def _compare(
    given: tuple[str, ...], joined: str, synonym: tuple[str, ...], rank: int
) -> tuple[float, str] | None:
    """Score and way; a name further down the list is a little less telling."""
    other = "".join(synonym)
    less = min(rank, 40) * 0.002
    if joined == other:
        return (1.0, "same") if rank == 0 else (0.97 - less, "synonym")
    if sorted(given) == sorted(synonym):
        return 0.95 - less, "synonym"
    if len(synonym) > 1 and set(synonym) < set(given):
        return 0.75 - less, "contains"
    if not other.isascii() and len(other) >= 4 and other in joined:
        return 0.75 - less, "contains"
    # What a name is stands at its end in English and in Chinese: Deal Price, 客户性别.
    if (
        len(synonym) == 1
        and len(other) >= 2
        and joined.endswith(other)
        and (given[-1] == other or not other.isascii())
    ):
        return 0.68 - less, "contains"
    if (
        len(synonym) == 1
        and len(other) >= _SHORTEST_WORD
        and other in given
        and given[-1] not in _OTHER_THINGS
    ):
        return 0.62 - less, "contains"
    if min(len(joined), len(other)) >= _SHORTEST_LIKE:
        likeness = SequenceMatcher(None, joined, other).ratio()
        if likeness >= _LIKE:
            return 0.8 * likeness - less, "like"
    return None


@cache
def _synonyms(entity: str, column: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    columns = _document()["columns"]
    own = columns.get(entity, {}).get(column, [])
    common = columns["any"].get(column, [])
    return tuple((name, words(name)) for name in dict.fromkeys([column, *own, *common]))


@cache
def _document() -> dict[str, dict[str, dict[str, list[str]]]]:
    text = files(__package__).joinpath("synonyms.yml").read_text(encoding="utf-8")
    document: dict[str, dict[str, dict[str, list[str]]]] = yaml.safe_load(text)
    return document
