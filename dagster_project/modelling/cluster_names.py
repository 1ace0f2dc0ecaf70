"""A name for each cluster, from where its centre lies: spending power, rhythm, breadth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Half a standard deviation: a third of a normal distribution lies beyond it on either side.
_REMARKABLE = 0.5


@dataclass(frozen=True)
class Name:
    """What a shop reads."""

    zh: str
    en: str


@dataclass(frozen=True)
class Position:
    """A centre, in standard deviations from all customers' mean; 0 where all are alike.

    Attributes:
        amount: what a purchase is worth.
        days: on how many days they bought.
        recency: how long ago that was.
        breadth: from how many categories; None where the shop's products name none.
    """

    amount: float
    days: float
    recency: float
    breadth: float | None


def name_clusters(positions: Sequence[Position]) -> list[Name]:
    """A name for each; of several with the same the later ones get a number.

    Args:
        positions: in the order of their ids.
    """
    names: list[Name] = []
    for position in positions:
        parts = [_spending(position.amount), _rhythm(position.days, position.recency)]
        if position.breadth is not None:
            parts.append(_breadth(position.breadth))
        name = Name(" · ".join(zh for zh, _ in parts), ", ".join(en for _, en in parts))
        same = 1 + sum(other.en.rstrip(" 0123456789") == name.en for other in names)
        names.append(name if same == 1 else Name(f"{name.zh} {same}", f"{name.en} {same}"))
    return names


def _level(value: float) -> int:
    return (value > _REMARKABLE) - (value < -_REMARKABLE)


def _spending(amount: float) -> tuple[str, str]:
    return {
        1: ("高消费", "spends much"),
        0: ("中等消费", "spends as most"),
        -1: ("低消费", "spends little"),
    }[_level(amount)]


def _rhythm(days: float, recency: float) -> tuple[str, str]:
    often, long_ago = _level(days), _level(recency)
    if often == 1:
        return ("曾常来", "came often, not lately") if long_ago == 1 else ("常来", "comes often")
    if long_ago == 1:
        return ("久未来", "has not come for long")
    if often == -1:
        return ("新近来过", "new or rare, lately") if long_ago == -1 else ("少来", "comes rarely")
    return ("近期来过", "came lately") if long_ago == -1 else ("偶尔来", "comes now and then")


def _breadth(breadth: float) -> tuple[str, str]:
    return {
        1: ("品类广", "many categories"),
        0: ("品类一般", "some categories"),
        -1: ("品类专", "few categories"),
    }[_level(breadth)]
