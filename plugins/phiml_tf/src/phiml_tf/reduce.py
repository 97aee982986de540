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
        return operation(input=x, dimension=axis, output_type=tf.int64)

    return word


primitive.argmax.register((ARRAY,), _position(raw.ArgMax))
primitive.argmin.register((ARRAY,), _position(raw.ArgMin))
primitive.cumsum.register((ARRAY,), lambda x, axis: raw.Cumsum(x=x, axis=axis))


def _sort(function: Any) -> Any:
    def word(x: Any, axis: int) -> Any:
        if x.dtype == tf.bool:
            return raw.Cast(x=function(raw.Cast(x=x, DstT=tf.uint8), axis=axis), DstT=tf.bool)
        return function(x, axis=axis)

    return word


primitive.sort.register((ARRAY,), _sort(tf.sort))


@primitive.argsort.dispatch
def _(x: ARRAY, axis: int) -> Any:
    x = raw.Cast(x=x, DstT=tf.uint8) if x.dtype == tf.bool else x
    return tf.argsort(x, axis=axis, stable=True)
