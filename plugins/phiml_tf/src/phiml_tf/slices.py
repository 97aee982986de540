"""Basic indexing of TensorFlow tensors as one operation, with a plan that is kept.

The operator of tensors takes ten times as long as the operation that it ends in.
"""

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from .leaks import naming_leaks
from .tensors import EagerTensor, eager_constant

__all__ = ["getitem"]


class _Plan(NamedTuple):
    begin: tuple[int, ...]
    end: tuple[int, ...]
    strides: tuple[int, ...]
    masks: dict[str, int]


@naming_leaks
def getitem(x: Any, index: tuple[Any, ...]) -> Any:
    """x[index] for ints, slices, None and an Ellipsis."""
    key = tuple([(i.start, i.stop, i.step) if type(i) is slice else i for i in index])
    plan = _plan(key)
    rows = _constants(key) if type(x) is EagerTensor else [np.asarray(row, np.int32) for row in plan[:3]]
    begin, end, strides = rows
    masks = plan.masks
    return tf.raw_ops.StridedSlice(input=x, begin=begin, end=end, strides=strides, **masks)


@lru_cache(maxsize=4096)
def _plan(key: tuple[Any, ...]) -> _Plan:
    begin: list[int] = []
    end: list[int] = []
    strides: list[int] = []
    masks: dict[str, int] = dict.fromkeys(
        ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"), 0
    )
    for place, item in enumerate(key):
        bit = 1 << place
        row: tuple[Any, Any, Any] = (0, 0, 1)
        if item is None:
            masks["new_axis_mask"] |= bit
        elif item is Ellipsis:
            masks["ellipsis_mask"] |= bit
        elif type(item) is tuple:
            row = (item[0] or 0, item[1] or 0, 1 if item[2] is None else item[2])
            masks["begin_mask"] |= bit if item[0] is None else 0
            masks["end_mask"] |= bit if item[1] is None else 0
        else:
            row = (int(item), int(item) + 1, 1)
            masks["shrink_axis_mask"] |= bit
        for values, value in zip((begin, end, strides), row, strict=True):
            values.append(int(value))
    return _Plan(tuple(begin), tuple(end), tuple(strides), masks)


@lru_cache(maxsize=4096)
def _constants(key: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(eager_constant(row) for row in _plan(key)[:3])
