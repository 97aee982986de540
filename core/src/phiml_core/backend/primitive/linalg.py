"""Array words of linear algebra."""

from typing import Any

from phiml_core.dispatch import generic

__all__ = [
    "einsum",
    "solve",
]

Array = Any


@generic(on="x")
def einsum(x: Array, others: tuple[Array, ...], subscripts: str) -> Array:
    """Sum of products in Einstein notation."""


@generic(on="matrix")
def solve(matrix: Array, rhs: Array) -> Array:
    """Solution of square systems (…, n, n) with right-hand sides (…, n, k)."""
