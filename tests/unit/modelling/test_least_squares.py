"""Factors of made purchases: two tastes are told apart, whatever the number of threads."""

from __future__ import annotations

import numpy as np
import pytest

from dagster_project.modelling import least_squares

pytest.importorskip("implicit", reason="the extra `recommendations` is not installed")


def two_tastes(customers: int = 60, products: int = 20):
    """Even customers buy even products, odd ones odd; each leaves some out."""
    pick = np.random.default_rng(5)
    rows = [
        (customer, product, 1 + pick.integers(3))
        for customer in range(customers)
        for product in range(products)
        if product % 2 == customer % 2 and pick.random() < 0.7
    ]
    columns = np.array(rows).T
    return least_squares.purchase_matrix(*columns, (customers, products))


def test_a_customer_is_shown_what_those_of_the_same_taste_buy_and_nothing_owned() -> None:
    bought = two_tastes()
    customer, place, product, score = least_squares.recommend(bought, np.arange(60), 2)
    owned = set(zip(*bought.nonzero(), strict=True))
    assert not owned & set(zip(customer, product, strict=True))
    first = place == 1
    assert (product[first] % 2 == customer[first] % 2).mean() > 0.95
    assert (score > 0).all()


def test_batches_and_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    bought = two_tastes()
    whole = least_squares.recommend(bought, np.arange(60), 3)
    monkeypatch.setattr(least_squares, "_BATCH", 7)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    in_parts = least_squares.recommend(bought, np.arange(60), 3)
    for left, right in zip(whole, in_parts, strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1)])
def test_a_shop_of_next_to_nothing_does_not_fall(shape: tuple[int, int]) -> None:
    bought = least_squares.purchase_matrix(np.array([0]), np.array([0]), np.array([1]), shape)
    customer, *_ = least_squares.recommend(bought, np.arange(shape[0]), 5)
    assert (customer < shape[0]).all()


def test_a_giant_customer_who_bought_everything_gets_nothing_new() -> None:
    bought = two_tastes().tolil()
    bought[0, :] = 5.0
    customer, _, product, _ = least_squares.recommend(bought.tocsr(), np.arange(60), 3)
    assert 0 not in customer
    assert len(product) > 0


def test_nobody_asked_gives_nothing() -> None:
    assert all(
        len(column) == 0 for column in least_squares.recommend(two_tastes(), np.arange(0), 3)
    )
