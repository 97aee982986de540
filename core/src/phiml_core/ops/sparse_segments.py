"""Sums and extremes of values that carry the same number."""

from typing import Any

import numpy as np
from phiml_core.backend import primitive
from phiml_core.backend.choose import join
from phiml_core.backend.dtype import BOOL
from phiml_core.backend.precision import current
from phiml_core.shape import Shape, concat_shapes, merge_shapes
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.dense_elementwise import preparation
from phiml_core.tensor.promote import common_type
from phiml_core.tensor.spec import Spec, make_spec

__all__ = ["neutral", "segment_extreme", "segment_sum"]


def segment_sum(values: Dense, segments: Dense, into: Shape, ordered: bool = False) -> Dense:
    """Sums of values with the same number: the dims of `segments` are replaced by the dims `into`, numbered row by row.

    Args:
        values: any dims besides those of `segments`.
        segments: integers from 0 to the volume of `into` - 1, along one or two dims.
        into: the dims of the result that the numbers stand for.
        ordered: whether the numbers ascend.
    """
    return _run("sum", values, segments, into, ordered)


def segment_extreme(values: Dense, segments: Dense, into: Shape, mode: str) -> Dense:
    """The largest ('max') or smallest ('min') of the values with the same number; where there are none, the neutral element."""
    return _run(mode, values, segments, into, False)


def _run(mode: str, values: Dense, segments: Dense, into: Shape, ordered: bool) -> Dense:
    precision = current()
    key = ("segments", mode, values.spec, segments.spec, into.columns, ordered)
    plan = precision.plans.get(key)
    if plan is None:
        plan = precision.keep(key, _plan(mode, values.spec, segments.spec, into, ordered))
    run, out = plan
    return Dense(run(values.native_array, segments.native_array), out)


def _plan(mode: str, values: Spec, segments: Spec, into: Shape, ordered: bool) -> Any:
    backend = join(values.backend, segments.backend)
    dtype = common_type((values,), current(), mode) if values.dtype.kind in (float, complex) else values.dtype
    if dtype is BOOL and mode == "sum":
        dtype = current().int
    lists = segments.shape
    rest = values.stored.without(lists)
    order = concat_shapes(lists, rest)
    to_values = preparation(backend, values, dtype, order, full_rank=True)
    to_numbers = preparation(backend, segments, segments.dtype, lists, full_rank=True)
    bind = backend.bind
    broadcast, reshape = bind(primitive.broadcast_to), bind(primitive.reshape)
    full, flat = tuple(order.sizes), (lists.volume, *rest.sizes)
    count, result = into.volume, (*into.sizes, *rest.sizes)
    if mode == "sum":
        word = bind(primitive.segment_sum)

        def compute(x: Any, numbers: Any) -> Any:
            return word(x, numbers, count, ordered)
    else:
        scatter, start = bind(primitive.scatter), neutral(mode, dtype)
        create = primitive.full.resolve(type(backend))

        def compute(x: Any, numbers: Any) -> Any:
            return scatter(create(backend, (count, *rest.sizes), start, dtype, None), (numbers,), x, mode)

    def run(x: Any, numbers: Any) -> Any:
        x = x if to_values is None else to_values(x)
        numbers = numbers if to_numbers is None else to_numbers(numbers)
        x = reshape(broadcast(x, full), flat) if x.shape != full else reshape(x, flat)
        numbers = reshape(broadcast(numbers, tuple(lists.sizes)), (lists.volume,))
        return reshape(compute(x, numbers), result)

    shape = merge_shapes(values.shape.without(lists), into)
    out = make_spec(concat_shapes(into, rest), shape, backend, dtype)
    return backend.fuse(run, out.wide or values.wide or segments.wide), out


def neutral(mode: str, dtype: Any) -> Any:
    """What does not change the largest ('max') or smallest ('min') of numbers."""
    if dtype.kind is float:
        return -np.inf if mode == "max" else np.inf
    if dtype.kind is bool:
        return mode == "min"
    limits = np.iinfo(dtype.to_numpy())
    return int(limits.min if mode == "max" else limits.max)
