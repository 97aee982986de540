"""Array words of sparse matrices: sums of segments, and products with dense matrices."""

from typing import Any

from phiml_core.dispatch import generic

from ..choose import backend_of
from .create import zeros
from .elementwise import multiply
from .structure import getitem, scatter, take

__all__ = ["segment_sum", "sparse_product"]

Array = Any


@generic(on="x")
def segment_sum(x: Array, segments: Array, count: int, ordered: bool) -> Array:
    """Sum of the items of x along axis 0 that belong to each of `count` segments; `ordered`: the segment numbers ascend."""
    backend = backend_of(x)
    base = zeros(backend, (count, *backend.sizes(x)[1:]), backend.dtype(x), None)
    return scatter(base, (segments,), x, "add")


@generic(on="values")
def sparse_product(
    values: Array, pointers: Array, major: Array, minor: Array, x: Array, count: int, across: bool
) -> Array:
    """The product of a sparse matrix with x, whose axis 0 is summed over.

    Args:
        values: an array (entries,).
        pointers: where each number of `major`, which ascends, begins; None if it does not ascend.
        major, minor: positions of the entries along both axes of the matrix.
        x: an array (n,) or (n, k) of the same type.
        count: the size of axis 0 of the result.
        across: multiply by the transposed matrix: the number of the result is `minor`, that of x `major`.
    """
    into, out_of = (minor, major) if across else (major, minor)
    items = take(x, out_of, 0)
    if len(backend_of(x).sizes(x)) > 1:
        values = getitem(values, (slice(None), None))
    return segment_sum(multiply(values, items), into, count, pointers is not None and not across)
