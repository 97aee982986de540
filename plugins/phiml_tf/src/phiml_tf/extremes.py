"""The larger and the smaller of values, where not-a-number wins, as it does everywhere else.

XLA, as TensorFlow sets it up, takes the other operand instead, without a word: a diverged simulation would look finite.  So
symbolic tensors, which XLA may compile, are asked.
"""

from typing import Any

import tensorflow as tf
from phiml_core.backend import primitive

from .elementwise import binary
from .tensors import ARRAY, EagerTensor, integers, is_number

raw = tf.raw_ops


def _of_two(operation: Any) -> Any:
    plain = binary(operation)

    def word(x: Any, y: Any) -> Any:
        found = plain(x, y)
        if type(found) is EagerTensor or not found.dtype.is_floating:
            return found
        strange = [raw.NotEqual(x=v, y=v) for v in (x, y) if not is_number(v)]
        where = strange[0] if len(strange) == 1 else raw.LogicalOr(x=strange[0], y=strange[1])
        return raw.SelectV2(condition=where, t=tf.constant(float("nan"), found.dtype), e=found)

    return word


maximum, minimum = _of_two(raw.Maximum), _of_two(raw.Minimum)
primitive.maximum.register((ARRAY,), maximum)
primitive.minimum.register((ARRAY,), minimum)


@primitive.clip.dispatch
def _(x: ARRAY, lower: Any, upper: Any) -> Any:
    if not (is_number(lower) and is_number(upper)) or lower != lower or upper != upper:
        return minimum(maximum(x, lower), upper)
    clipped = raw.Minimum(x=raw.Maximum(x=x, y=lower), y=upper)
    if type(clipped) is EagerTensor or not x.dtype.is_floating:
        return clipped
    return raw.SelectV2(condition=raw.NotEqual(x=x, y=x), t=x, e=clipped)


def _over_axes(operation: Any, of_booleans: Any) -> Any:
    def word(x: Any, axes: tuple[int, ...]) -> Any:
        places = integers(x, axes)
        if x.dtype == tf.bool:
            return of_booleans(input=x, axis=places)
        found = operation(input=x, axis=places)
        if type(found) is EagerTensor or not x.dtype.is_floating:
            return found
        strange = raw.Any(input=raw.NotEqual(x=x, y=x), axis=places)
        return raw.SelectV2(condition=strange, t=tf.constant(float("nan"), x.dtype), e=found)

    return word


primitive.max.register((ARRAY,), _over_axes(raw.Max, raw.Any))
primitive.min.register((ARRAY,), _over_axes(raw.Min, raw.All))


@primitive.erf.dispatch
def _(x: ARRAY) -> Any:
    if x.dtype == tf.float64:
        x = primitive.clip(x, -6.0, 6.0)  # the eager operation is NaN at infinity; 1 - erf(6) is 2e-17
    return raw.Erf(x=x)
