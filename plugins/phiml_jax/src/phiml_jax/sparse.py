"""Sparse words for JAX arrays, and its sparse arrays."""

from typing import Any

import jax
import jax.numpy as jnp
from phiml_core.backend import primitive
from phiml_core.ops.sparse_native import lists_of_native, make_native

from .elementwise import ARRAY
from .wide import wide_call


def _segment_sum(x: Any, segments: Any, count: int, ordered: bool) -> Any:
    base = jnp.zeros((count, *x.shape[1:]), x.dtype)
    return base.at[segments].add(x, mode="promise_in_bounds", indices_are_sorted=ordered)


primitive.segment_sum.register((ARRAY,), wide_call(_segment_sum))


def _make(values: Any, row: Any, column: Any, pointers: Any, sizes: tuple[int, int], format: str) -> Any:
    from jax.experimental.sparse import BCOO  # takes 0.4 s to import

    return BCOO((values, jnp.stack([row, column], -1)), shape=sizes, indices_sorted=format == "csr")


make_native.register((ARRAY,), _make)


def _lists(lead: Any, matrix: Any) -> Any:
    if hasattr(matrix, "indptr"):  # BCSR
        matrix = matrix.to_bcoo()
    if isinstance(matrix, jax.Array) or matrix.n_batch or matrix.n_dense or matrix.indices.shape[-1] != 2:
        from phiml_core.tensor.sparse import SparseError

        raise SparseError(f"{matrix} is no sparse matrix of JAX without batch and dense dims (BCOO or BCSR).")
    return matrix.data, matrix.indices[:, 0], matrix.indices[:, 1], matrix.shape, bool(matrix.unique_indices)


lists_of_native.register((ARRAY,), _lists)
