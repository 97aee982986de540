"""Sparse words of NumPy, by SciPy's compiled products."""

from functools import cache
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
    kernel = _kernel("csc_matvec" if across else "csr_matvec")
    if kernel is not None and x.ndim == 1 and x.dtype == values.dtype:
        out = np.zeros(count, x.dtype)
        kernel(count, len(x), pointers, minor, np.ascontiguousarray(values), np.ascontiguousarray(x), out)
        return out
    kind = csc_array if across else csr_array
    return kind((values, minor, pointers), shape=(count, x.shape[0]), copy=False) @ x


@cache
def _kernel(name: str) -> Any:
    """SciPy's compiled product, whose public form takes 15 µs to check the matrix each time; None where it is not there."""
    try:
        from scipy.sparse import _sparsetools

        function = getattr(_sparsetools, name)
        out = np.zeros(2)
        function(2, 2, np.array([0, 1, 2]), np.array([1, 0]), np.array([3.0, 4.0]), np.array([1.0, 2.0]), out)
    except (ImportError, AttributeError, TypeError, ValueError):
        return None
    return function if out.tolist() == ([8.0, 3.0] if name == "csc_matvec" else [6.0, 4.0]) else None
