"""Native arrays whose axes pack several dims, as libraries without names want them."""

from collections.abc import Sequence
from typing import Any

from phiml_core.backend import primitive
from phiml_core.shape import EMPTY, Shape, ShapeError, concat_shapes, select
from phiml_core.tensor.stacked import as_dense
from phiml_core.tensor.tensor import Tensor

from .native import full_array, to_numpy
from .repeat import expand

__all__ = ["reshaped_native", "reshaped_numpy"]


def reshaped_native(value: Tensor, groups: Sequence[Any], force_expand: bool = True) -> Any:
    """The native array of `value` in which each axis packs the dims of one group, in row-major order.

    Args:
        value: tensor.
        groups: one entry per axis: dim names, a shape, a filter such as `batch`, or None for an axis of size 1.  A
            shape with sizes adds dims that `value` lacks.
        force_expand: give axes of dims along which `value` is constant their full size, else 1.

    Raises:
        ShapeError: a dim of `value` is in no group, or in two.

    >>> from phiml_core import math
    >>> math.reshaped_native(math.zeros(math.batch(b=2) & math.spatial(x=4, y=3)), [math.batch, 'x,y']).shape
    (2, 12)
    """
    shapes = []
    for group in groups:
        if isinstance(group, Shape):
            missing = group.without(value.shape)
            if missing:
                if not missing.well_defined:
                    raise ShapeError(f"reshaped_native: {value.shape} lacks {missing}.  Give their sizes to add them.")
                value = expand(value, missing)
        shapes.append(select(value.shape, group))
    order = concat_shapes(*shapes) if shapes else EMPTY
    left = value.shape.without(order)
    if left:
        raise ShapeError(
            f"reshaped_native: the groups leave out {left} of {value.shape}.  Put each dim into one group."
        )
    block = as_dense(value)
    if force_expand:
        array = full_array(block, order)
        return block.backend.bind(primitive.reshape)(array, tuple(s.volume for s in shapes))
    constant = [s for s in shapes if not s.only(block.spec.stored)]
    sizes = tuple(1 if s in constant else s.volume for s in shapes)
    kept = [s for s in shapes if s not in constant]
    array = full_array(_first(block, constant), concat_shapes(*kept) if kept else EMPTY)
    return block.backend.bind(primitive.reshape)(array, sizes)


def _first(value: Any, shapes: list[Shape]) -> Any:
    for shape in shapes:
        for name in shape.names:
            value = value[{name: 0}]
    return value


def reshaped_numpy(value: Tensor, groups: Sequence[Any], force_expand: bool = True) -> Any:
    """`reshaped_native` as a NumPy array."""
    array = reshaped_native(value, groups, force_expand)
    if not value.backend.is_available(array):
        to_numpy(value, value.shape)  # raises, saying what to do instead
    return value.backend.to_numpy(array)
