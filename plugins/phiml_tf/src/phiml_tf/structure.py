"""Structural words for TensorFlow tensors, and creation."""

import contextlib
from functools import lru_cache
from typing import Any

import numpy as np
import tensorflow as tf
from phiml_core.backend import primitive
from phiml_core.backend.dtype import DType

from .slices import getitem
from .tensors import ARRAY, EagerTensor, SymbolicTensor, eager_constant, integers, native_dtype, sizes_of
from .trait import TENSORFLOW, TensorFlow

raw = tf.raw_ops

primitive.getitem.register((ARRAY,), getitem)
primitive.reshape.register((ARRAY,), lambda x, sizes: raw.Reshape(tensor=x, shape=integers(x, tuple(sizes))))
primitive.transpose.register((ARRAY,), lambda x, axes: raw.Transpose(x=x, perm=integers(x, tuple(axes))))
primitive.broadcast_to.register(
    (ARRAY,), lambda x, sizes: raw.BroadcastTo(input=x, shape=integers(x, tuple(map(int, sizes))))
)
primitive.flip.register((ARRAY,), lambda x, axes: raw.ReverseV2(tensor=x, axis=integers(x, tuple(axes))))
primitive.roll.register(
    (ARRAY,),
    lambda x, shifts, axes: raw.Roll(input=x, shift=integers(x, tuple(shifts)), axis=integers(x, tuple(axes))),
)
primitive.stack.register((ARRAY,), lambda x, others, axis: raw.Pack(values=[x, *others], axis=axis))


@primitive.concat.dispatch
def _(x: ARRAY, others: tuple[Any, ...], axis: int) -> Any:
    return raw.ConcatV2(values=[x, *others], axis=integers(x, axis)) if others else x


@primitive.einsum.dispatch
def _(x: ARRAY, others: tuple[Any, ...], subscripts: str) -> Any:
    if len(others) < 2:
        return raw.Einsum(inputs=[x, *others], equation=subscripts)
    return tf.einsum(subscripts, x, *others)  # in an order that takes few operations


@primitive.solve.dispatch
def _(matrix: ARRAY, rhs: Any) -> Any:
    batch = np.broadcast_shapes(sizes_of(matrix)[:-2], sizes_of(rhs)[:-2])
    matrix, rhs = (
        a if sizes_of(a)[:-2] == batch else tf.broadcast_to(a, (*batch, *sizes_of(a)[-2:])) for a in (matrix, rhs)
    )
    dtype = matrix.dtype if matrix.dtype.is_complex else rhs.dtype
    matrix, rhs = (a if a.dtype == dtype else raw.Cast(x=a, DstT=dtype) for a in (matrix, rhs))
    # what is not finite has a solution that is not, instead of an error from a kernel
    finite = tf.reduce_all(tf.equal(matrix - matrix, 0), (-2, -1), keepdims=True)
    unit = tf.eye(sizes_of(matrix)[-1], dtype=dtype)
    return raw.MatrixSolve(matrix=tf.where(finite, matrix, unit), rhs=tf.where(finite, rhs, tf.constant(np.nan, dtype)))


# --- margins ---


@primitive.pad.dispatch
def _(x: ARRAY, widths: tuple[tuple[int, int], ...], mode: str, value: Any = 0) -> Any:
    if mode == "constant":
        if isinstance(value, (EagerTensor, SymbolicTensor)):
            return _filled(x, widths, value if value.dtype == x.dtype else raw.Cast(x=value, DstT=x.dtype))
        value = tf.constant(value, x.dtype)
        return raw.PadV2(input=x, paddings=integers(x, tuple([(lo, up) for lo, up in widths])), constant_values=value)
    if mode == "edge" and max(max(w) for w in widths) <= 1:
        mode = "symmetric"  # the same for a margin of one
    if mode == "symmetric" and all(max(w) <= n for w, n in zip(widths, sizes_of(x), strict=True)):
        return raw.MirrorPad(input=x, paddings=integers(x, tuple([(lo, up) for lo, up in widths])), mode="SYMMETRIC")
    for axis, (lower, upper) in enumerate(widths):
        if lower or upper:
            x = _extend(x, axis, lower, upper, mode)
    return x


def _filled(x: Any, widths: tuple[tuple[int, int], ...], value: Any) -> Any:
    """A margin of one value that may be recorded: TensorFlow's own operation has no derivative by it."""
    sizes = sizes_of(x)
    margin = np.ones([lo + n + up for n, (lo, up) in zip(sizes, widths, strict=True)], bool)
    margin[tuple([slice(lo, lo + n) for n, (lo, _) in zip(sizes, widths, strict=True)])] = False
    paddings = integers(x, tuple([(lo, up) for lo, up in widths]))
    return raw.SelectV2(condition=margin, t=value, e=raw.Pad(input=x, paddings=paddings))


def _extend(x: Any, axis: int, lower: int, upper: int, mode: str) -> Any:
    n = sizes_of(x)[axis]
    if mode == "wrap" and max(lower, upper) <= n:
        before = (slice(None),) * axis
        parts = [getitem(x, (*before, slice(n - lower, n)))] if lower else []
        parts += [x, getitem(x, (*before, slice(0, upper)))] if upper else [x]
        return raw.ConcatV2(values=parts, axis=integers(x, axis))
    return raw.GatherV2(params=x, indices=_sources(n, lower, upper, mode), axis=integers(x, axis))


@lru_cache(maxsize=256)
def _sources(n: int, lower: int, upper: int, mode: str) -> np.ndarray:
    """Where the values along an axis come from."""
    places = np.arange(-lower, n + upper, dtype=np.int32)
    if mode == "edge":
        return np.clip(places, 0, n - 1)
    if mode == "wrap":
        return places % n
    if mode != "symmetric":
        raise ValueError(f"Unknown mode of padding {mode!r}.  Use 'constant', 'edge', 'wrap' or 'symmetric'.")
    places = places % (2 * n)
    return np.minimum(places, 2 * n - 1 - places)


# --- positions ---


def _as_index(index: Any) -> Any:
    if isinstance(index, (EagerTensor, SymbolicTensor)):
        return index if index.dtype in (tf.int32, tf.int64) else raw.Cast(x=index, DstT=tf.int64)
    return np.asarray(index)


@primitive.take.dispatch
def _(x: ARRAY, indices: Any, axis: int) -> Any:
    return raw.GatherV2(params=x, indices=_as_index(indices), axis=integers(x, axis))


def _flat_index(indices: tuple[Any, ...], lead: tuple[int, ...]) -> Any:
    """One position in the leading axes, taken as one."""
    flat = _as_index(indices[0])
    if len(indices) > 1:
        parts = [_as_index(i) for i in indices]
        kind = tf.int64 if any(p.dtype == tf.int64 for p in parts) else tf.int32
        flat, *rest = (tf.cast(p, kind) for p in parts)
        for size, part in zip(lead[1:], rest, strict=True):
            flat = flat * size + part
    return flat


@primitive.gather.dispatch
def _(x: ARRAY, indices: tuple[Any, ...]) -> Any:
    sizes = sizes_of(x)
    count = len(indices)
    if count > 1:
        x = raw.Reshape(tensor=x, shape=integers(x, (int(np.prod(sizes[:count])), *sizes[count:])))
    return raw.GatherV2(params=x, indices=_flat_index(indices, sizes[:count]), axis=integers(x, 0))


SCATTER = {
    "add": raw.TensorScatterAdd, "update": raw.TensorScatterUpdate, "max": raw.TensorScatterMax, "min": raw.TensorScatterMin,
}  # fmt: skip


@primitive.scatter.dispatch
def _(base: ARRAY, indices: tuple[Any, ...], values: Any, mode: str) -> Any:
    sizes = sizes_of(base)
    count = len(indices)
    lead, rest = sizes[:count], sizes[count:]
    flat = tf.convert_to_tensor(_flat_index(indices, lead))
    values = tf.convert_to_tensor(values, base.dtype)
    wanted = (*sizes_of(flat), *rest)
    if sizes_of(values) != wanted:
        values = tf.broadcast_to(values, wanted)
    number = int(np.prod(sizes_of(flat)))
    rows = raw.Reshape(tensor=values, shape=integers(values, (number, *rest)))
    where = raw.Reshape(tensor=flat, shape=integers(flat, (number, 1)))
    target = raw.Reshape(tensor=base, shape=integers(base, (int(np.prod(lead)), *rest)))
    if mode == "update" and TENSORFLOW.any_traced((base, values)):
        result = _update(target, where, rows)
    else:
        result = SCATTER[mode](tensor=target, indices=where, updates=rows)
    return raw.Reshape(tensor=result, shape=integers(result, sizes))


def _update(target: Any, where: Any, rows: Any) -> Any:
    """Of several rows for one position only the one that is written has a derivative; TensorFlow's rule gives it to all of them."""
    if not sizes_of(rows)[0]:
        return target
    numbers = tf.range(sizes_of(rows)[0])
    written = raw.TensorScatterUpdate(tensor=tf.fill(sizes_of(target)[:1], -1), indices=where, updates=numbers)
    found = raw.GatherV2(params=rows, indices=tf.maximum(written, 0), axis=integers(rows, 0))
    return tf.where(tf.reshape(written >= 0, (-1, *[1] * (len(sizes_of(target)) - 1))), found, target)


def _concrete(x: Any, what: str) -> Any:
    if type(x) is not EagerTensor:
        raise TypeError(
            f"{what} gives a result whose size depends on values, which compiled functions cannot have.  "
            "Use where() to keep the size, or call it outside of the compiled function."
        )
    return x


primitive.nonzero.register((ARRAY,), lambda x: raw.Where(condition=_concrete(x, "nonzero")))


@primitive.boolean_mask.dispatch
def _(x: ARRAY, mask: Any, axis: int) -> Any:
    known = mask if isinstance(mask, np.ndarray) else _concrete(mask, "boolean_mask")
    places = np.flatnonzero(np.asarray(known)).astype(np.int32)
    return raw.GatherV2(params=x, indices=places, axis=integers(x, axis))


# --- creation ---


def _on(device: Any) -> Any:
    return contextlib.nullcontext() if device is None else tf.device(str(device))


def _fill(sizes: tuple[int, ...], value: Any, device: Any) -> Any:
    with _on(device):
        return raw.Fill(dims=integers(value, tuple(map(int, sizes))), value=value)


@primitive.zeros.dispatch
def _(place: TensorFlow, sizes: tuple[int, ...], dtype: DType, device: Any = None) -> Any:
    native = native_dtype(dtype)
    if not tf.executing_eagerly():
        return tf.zeros(tuple(map(int, sizes)), native)
    return _fill(sizes, eager_constant(dtype.kind(0), native), device)


@primitive.full.dispatch
def _(place: TensorFlow, sizes: tuple[int, ...], value: Any, dtype: DType, device: Any = None) -> Any:
    native = native_dtype(dtype)
    if not isinstance(value, (EagerTensor, SymbolicTensor)):
        value = tf.constant(dtype.kind(np.asarray(value).item()), native)
    elif value.dtype != native:
        value = tf.cast(value, native)
    return _fill(sizes, raw.Reshape(tensor=value, shape=integers(value, ())) if value.shape.rank else value, device)


@primitive.arange.dispatch
def _(place: TensorFlow, start: int, stop: int, dtype: DType, device: Any = None) -> Any:
    with _on(device):
        if dtype.kind is int and dtype.bits >= 32 and not dtype.name.startswith("u"):
            return tf.range(start, stop, dtype=native_dtype(dtype))
        return tf.constant(np.arange(start, stop, dtype=dtype.to_numpy()))
