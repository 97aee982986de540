"""Structural words for NumPy arrays."""

import math
import operator
from functools import lru_cache
from typing import Any

import numpy as np

from phiml_core.backend import primitive
from phiml_core.backend.dtype import DType

from .trait import NumPy

ARRAY = np.ndarray | np.generic

primitive.reshape.register((ARRAY,), lambda x, sizes: x.reshape(sizes))
primitive.transpose.register((ARRAY,), lambda x, axes: x.transpose(axes))
primitive.broadcast_to.register((ARRAY,), np.broadcast_to)
primitive.getitem.register((ARRAY,), operator.getitem)
primitive.concat.register((ARRAY,), lambda x, others, axis: np.concatenate((x, *others), axis))
primitive.flip.register((ARRAY,), np.flip)
primitive.roll.register((ARRAY,), np.roll)
primitive.solve.register((ARRAY,), np.linalg.solve)
primitive.take.register((ARRAY,), lambda x, indices, axis: x.take(indices, axis))
primitive.nonzero.register((ARRAY,), lambda x: np.argwhere(x))
primitive.boolean_mask.register((ARRAY,), lambda x, mask, axis: np.compress(mask, x, axis))


@primitive.einsum.dispatch
def _(x: np.ndarray | np.generic, others: tuple[Any, ...], subscripts: str) -> Any:
    large = x.size + others[0].size > 2**14 and _is_matrix_product(subscripts) if len(others) == 1 else True
    return np.einsum(subscripts, x, *others, optimize=large)  # type: ignore[arg-type]


@lru_cache(maxsize=1024)
def _is_matrix_product(subscripts: str) -> bool:
    """Whether all that two arrays share is summed over, which is work for BLAS."""
    inputs, output = subscripts.split("->")
    first, second = inputs.split(",")
    return not set(first) & set(second) & set(output)


@primitive.stack.dispatch
def _(x: np.ndarray | np.generic, others: tuple[Any, ...], axis: int) -> Any:
    out = np.empty((*x.shape[:axis], 1 + len(others), *x.shape[axis:]), x.dtype)
    parts = out if axis == 0 else np.moveaxis(out, axis, 0)
    parts[0] = x
    for i, other in enumerate(others, 1):
        parts[i] = other
    return out


@primitive.pad.dispatch
def _(x: np.ndarray, widths: tuple[tuple[int, int], ...], mode: str, value: Any) -> Any:
    # np.pad spends tens of microseconds on generality
    sizes = x.shape
    out = np.empty([lo + n + up for n, (lo, up) in zip(sizes, widths, strict=True)], x.dtype)
    inner = [slice(lo, lo + n) for n, (lo, _) in zip(sizes, widths, strict=True)]
    if mode == "constant" and out.size < 16384:  # one fill takes less time than several margins
        out.fill(value)
        out[tuple(inner)] = x
        return out
    out[tuple(inner)] = x
    for axis, (lo, up) in enumerate(widths):
        if not (lo or up):
            continue
        n = sizes[axis]
        if mode in ("wrap", "symmetric") and max(lo, up) > n:
            return np.pad(x, widths, mode=mode)  # type: ignore[call-overload]
        end = lo + n
        if mode == "constant":
            before = inner[:axis]
            if lo:
                out[(*before, slice(0, lo))] = value
            if up:
                out[(*before, slice(end, None))] = value
            continue
        # axes already done are copied with their margins, the others without
        done, after = (slice(None),) * axis, inner[axis + 1 :]
        if lo:
            out[(*done, slice(0, lo), *after)] = out[(*done, _source(mode, lo, end, lo, False), *after)]
        if up:
            out[(*done, slice(end, None), *after)] = out[(*done, _source(mode, lo, end, up, True), *after)]
    return out


def _source(mode: str, start: int, end: int, width: int, upper: bool) -> slice:
    """Where the values of a margin come from: inside, between `start` and `end`."""
    if mode == "edge":
        return slice(end - 1, end) if upper else slice(start, start + 1)
    if mode == "wrap":
        return slice(start, start + width) if upper else slice(end - width, end)
    if mode != "symmetric":
        raise ValueError(f"Unknown mode of padding {mode!r}.  Use 'constant', 'edge', 'wrap' or 'symmetric'.")
    if upper:
        return slice(end - 1, end - 1 - width if end - 1 - width >= 0 else None, -1)
    return slice(start + width - 1, start - 1 if start else None, -1)


@primitive.gather.dispatch
def _(x: np.ndarray, indices: tuple[Any, ...]) -> Any:
    if len(indices) == 1:
        return x.take(indices[0], 0)
    # one flat index and take() are several times faster than fancy indexing
    lead = x.shape[: len(indices)]
    flat = indices[0]
    for size, index in zip(lead[1:], indices[1:], strict=True):
        flat = flat * size + index
    return x.reshape((math.prod(lead), *x.shape[len(indices) :])).take(flat, 0)


@primitive.scatter.dispatch
def _(base: np.ndarray, indices: tuple[Any, ...], values: Any, mode: str) -> Any:
    out = base.copy()
    if mode == "update":
        out[indices] = values
    else:
        {"add": np.add, "max": np.maximum, "min": np.minimum}[mode].at(out, indices, values)
    return out


@primitive.zeros.dispatch
def _(place: NumPy, sizes: tuple[int, ...], dtype: DType, device: Any) -> Any:
    return np.zeros(sizes, dtype.name)


@primitive.full.dispatch
def _(place: NumPy, sizes: tuple[int, ...], value: Any, dtype: DType, device: Any) -> Any:
    return np.full(sizes, value, dtype.name)


@primitive.arange.dispatch
def _(place: NumPy, start: int, stop: int, dtype: DType, device: Any) -> Any:
    return np.arange(start, stop, dtype=dtype.name)
