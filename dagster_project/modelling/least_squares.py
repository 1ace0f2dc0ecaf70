"""Products that customers who buy alike buy: implicit alternating least squares.

Hu, Koren and Volinsky (2008), by the library `implicit`, which is an optional extra. One start of
the random factors and no shared sums: the result is the same whatever the number of threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

# Chosen on Complete Journey's last month (docs/recommendations.md): 64 factors take half as long
# again for a hit rate that is a quarter of a point higher, a larger alpha loses three points.
_FACTORS = 32
_REGULARISATION = 0.05
_ALPHA = 1.0
_ROUNDS = 15
_SEED = 20240601
METHOD = f"least squares of {_FACTORS} factors, {_REGULARISATION}, {_ALPHA}, {_ROUNDS}, {_SEED}"
# Customers whose scores of all products are in memory at a time.
_BATCH = 10_000


def is_available() -> bool:
    """Whether the extra `recommendations` is installed; imports nothing."""
    return find_spec("implicit") is not None


def purchase_matrix(
    customers: NDArray[Any],
    products: NDArray[Any],
    days: NDArray[Any],
    shape: tuple[int, int],
) -> csr_matrix:
    """Customers × products with the logarithm of 1 + days bought: the tenth day tells less.

    Args:
        customers: number of the customer, from 0.
        products: number of the product, from 0.
        days: on which the customer bought the product.
        shape: customers and products there are.
    """
    from scipy.sparse import csr_matrix

    return csr_matrix((np.log1p(days).astype(np.float32), (customers, products)), shape=shape)


def recommend(
    bought: csr_matrix, customers: NDArray[np.int64], most: int
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    """Fit, and give each customer the best products that the customer has not bought.

    Args:
        bought: see `purchase_matrix`.
        customers: numbers of those who get recommendations.
        most: products per customer.

    Returns:
        Columns of one length: customer, place (from 1), product, score.
    """
    from implicit.cpu.als import AlternatingLeastSquares
    from threadpoolctl import threadpool_limits

    factors = max(1, min(_FACTORS, min(bought.shape) // 2))
    # The library's own threads do the work; those of the algebra library below would fight them.
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(
            factors=factors,
            regularization=_REGULARISATION,
            alpha=_ALPHA,
            iterations=_ROUNDS,
            random_state=_SEED,
        )
        model.fit(bought, show_progress=False)
        batches = [
            _batch(model.recommend(part, bought[part], N=most), part)
            for part in _batches(customers)
        ]
    if not batches:
        none = np.zeros(0, dtype=np.int32)
        return none, none, none, none.astype(np.float32)
    customer, place, product, score = (
        np.concatenate(column) for column in zip(*batches, strict=True)
    )
    return customer, place, product, score


def _batches(customers: NDArray[np.int64]) -> Sequence[NDArray[np.int64]]:
    return [customers[at : at + _BATCH] for at in range(0, len(customers), _BATCH)]


def _batch(
    found: tuple[NDArray[np.int32], NDArray[np.float32]], customers: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    products, scores = found
    places = np.broadcast_to(np.arange(1, products.shape[1] + 1, dtype=np.int32), products.shape)
    owners = np.broadcast_to(customers.astype(np.int32)[:, None], products.shape)
    # Where a customer has bought nearly everything, the library fills up with what was bought, at
    # the lowest number there is; at or below 0 nothing speaks for a product.
    real = scores > 0
    return owners[real], places[real], products[real], scores[real]
