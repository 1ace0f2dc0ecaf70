"""Every format in every kind of file, whole and damaged: nothing is lost and nothing crashes.

The short form of `make fuzz`.
"""

from __future__ import annotations

import random

from tests.fuzz import batches, damage
from tests.fuzz.shop_files import KINDS_OF_FILE, every_kind

EVERYTHING = every_kind()
SHARE = 3  # one undamaged file in three is enough here; each format and kind of file has its turn

tried = batches.Tried()


def test_whole_files_load_whole() -> None:
    chosen = EVERYTHING[::SHARE]
    batches.run(batches.make(1, chosen, ["none"] * len(chosen)), tried)
    assert tried.loaded.total() == len(chosen)


def test_damaged_files_lose_nothing() -> None:
    names = [name for name in damage.NAMES if name != "none"]
    order = random.Random(2).sample(EVERYTHING, k=len(EVERYTHING))
    batches.run(batches.make(2, order, (names * len(order))[: len(order)]), tried)


def test_enough_was_tried() -> None:
    """Runs after the others of this module: pytest keeps a module's order on one worker."""
    assert tried.files == len(EVERYTHING[::SHARE]) + len(EVERYTHING)
    assert len(tried.formats) == len({format_.name for format_, _, _ in EVERYTHING})
    assert {kind for kind, _ in tried.loaded} == {kind for kind, _ in tried.refused}
    assert {kind for kind, _ in tried.loaded} == set(KINDS_OF_FILE)
    assert {name for _, name in [*tried.loaded, *tried.refused]} == set(damage.NAMES)
    assert tried.rows_seen >= 1_200 and tried.lost == []
