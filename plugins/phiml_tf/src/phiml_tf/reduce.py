"""Reductions of TensorFlow tensors."""

from typing import Any

import tensorflow as tf
from phiml_core.backend import primitive

from .tensors import ARRAY, integers

raw = tf.raw_ops
OVER_AXES = {
    "sum": raw.Sum,
    "prod": raw.Prod,
    "mean": raw.Mean,
}


def _over_axes(operation: Any) -> Any:
    return lambda x, axes: operation(input=x, axis=integers(x, axes))


for _name, _operation in OVER_AXES.items():
    getattr(primitive, _name).register((ARRAY,), _over_axes(_operation))


def _boolean(operation: Any) -> Any:
    def word(x: Any, axes: tuple[int, ...]) -> Any:
        x = x if x.dtype == tf.bool else raw.Cast(x=x, DstT=tf.bool)
        return operation(input=x, axis=integers(x, axes))

    return word


primitive.any.register((ARRAY,), _boolean(raw.Any))
primitive.all.register((ARRAY,), _boolean(raw.All))


def _position(operation: Any) -> Any:
    def word(x: Any, axis: int) -> Any:
        x = raw.Cast(x=x, DstT=tf.uint8) if x.dtype == tf.bool else x
        found = operation(input=x, dimension=axis, output_type=tf.int64)
        if not x.dtype.is_floating:
            return found
        strange = raw.Cast(x=raw.IsNan(x=x), DstT=tf.uint8)
        first = raw.ArgMax(input=strange, dimension=axis, output_type=tf.int64)
        return tf.where(raw.Max(input=strange, axis=integers(strange, axis)) > 0, first, found)

    return word


primitive.argmax.register((ARRAY,), _position(raw.ArgMax))
primitive.argmin.register((ARRAY,), _position(raw.ArgMin))
primitive.cumsum.register((ARRAY,), lambda x, axis: raw.Cumsum(x=x, axis=axis))


@primitive.sort.dispatch
def _(x: ARRAY, axis: int) -> Any:
    if x.dtype == tf.bool:
        return raw.Cast(x=tf.sort(raw.Cast(x=x, DstT=tf.uint8), axis=axis), DstT=tf.bool)
    if not x.dtype.is_floating:
        return tf.sort(x, axis=axis)
    largest, strange = _without_nan(x)
    ordered = tf.sort(largest, axis=axis)
    return tf.where(
        tf.sort(raw.Cast(x=strange, DstT=tf.uint8), axis=axis) > 0, tf.constant(float("nan"), x.dtype), ordered
    )


def _without_nan(x: Any) -> tuple[Any, Any]:
    """Infinity in the place of NaN, of which TensorFlow's order is any, and where NaN is; it belongs behind infinity."""
    strange = raw.IsNan(x=x)
    return tf.where(strange, tf.constant(float("inf"), x.dtype), x), strange


@primitive.argsort.dispatch
def _(x: ARRAY, axis: int) -> Any:
    x = raw.Cast(x=x, DstT=tf.uint8) if x.dtype == tf.bool else x
    if not x.dtype.is_floating:
        return tf.argsort(x, axis=axis, stable=True)
    last = x.shape.rank - 1
    swap = [last if i == axis % (last + 1) else axis if i == last else i for i in range(last + 1)]
    largest, strange = _without_nan(tf.transpose(x, swap))
    order = tf.argsort(largest, stable=True)
    late = tf.argsort(tf.gather(raw.Cast(x=strange, DstT=tf.uint8), order, batch_dims=last), stable=True)
    return tf.transpose(tf.gather(order, late, batch_dims=last), swap)
