"""Sparse words of NumPy, by SciPy's compiled products."""

from typing import Any

import numpy as np

from phiml_core.backend import primitive

SCIPY = frozenset(map(np.dtype, ("float32", "float64", "complex64", "complex128", "int32", "int64")))


@primitive.segment_sum.dispatch
def _(x: np.ndarray, segments: np.ndarray, count: int, ordered: bool) -> Any:
    if x.ndim == 1 and x.dtype == np.float64 and x.size:
        return np.bincount(segments, x, count)
    if x.dtype not in SCIPY or not x.size:
        out = np.zeros((count, *x.shape[1:]), x.dtype)
        np.add.at(out, segments, x)
        return out
    from scipy.sparse import csc_array

    entries = len(segments)
    ones, pointers = np.ones(entries, x.dtype), np.arange(entries + 1, dtype=segments.dtype)
    summing = csc_array((ones, segments, pointers), shape=(count, entries), copy=False)
    return (summing @ x.reshape(entries, -1)).reshape(count, *x.shape[1:])


@primitive.sparse_product.dispatch
def _(
    values: np.ndarray,
    pointers: Any,
    major: np.ndarray,
    minor: np.ndarray,
    x: np.ndarray,
    count: int,
    across: bool,
) -> Any:
    from scipy.sparse import coo_array, csc_array, csr_array

    if values.dtype not in SCIPY:
        products = values.reshape(-1, *[1] * (x.ndim - 1)) * x.take(major if across else minor, 0)
        return primitive.segment_sum(products, minor if across else major, count, not across)
    if pointers is None:
        at = (minor, major) if across else (major, minor)
        return coo_array((values, at), shape=(count, x.shape[0]), copy=False) @ x
    if pointers.dtype != minor.dtype:
        pointers, minor = pointers.astype(np.int64, copy=False), minor.astype(np.int64, copy=False)
    if across:
        return csc_array((values, minor, pointers), shape=(count, x.shape[0]), copy=False) @ x
    return csr_array((values, minor, pointers), shape=(count, x.shape[0]), copy=False) @ x
