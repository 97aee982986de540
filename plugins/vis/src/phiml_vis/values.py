"""Marks of values that need no physics: NumPy arrays and tensors, with cells of size one."""

from __future__ import annotations

from typing import Any

import numpy as np
from phiml_core.marks import Mark, MarkError, Points, arrows_mark, curve_mark, grid_mark, marks
from phiml_core.tensor import Tensor

__all__: list[str] = []


@marks.dispatch
def _(value: np.ndarray):
    return [grid_mark(value, (0,) * value.ndim, value.shape, ("x", "y", "z")[: value.ndim])]


@marks.dispatch
def _(value: Tensor):
    """Over one spatial dim a curve, against the positions 0, 1, …; over two or three a grid, of arrows for vectors of as many
    components; points where the dims are instances and positions.  One panel for each element along other dims."""
    space = value.shape.spatial.names
    count = value.shape.get_size("vector") if "vector" in value.shape.channel.names else 0
    points = value.shape.instance.names
    if not space and not (points and count):
        raise MarkError(
            f"A tensor {value.shape} has no picture: it has neither spatial dims nor positions (instances with the dim vector).  "
            "Rename a dim, e.g. rename_dims(t, 'time', spatial('time'))."
        )
    vector = bool(points) if not space else len(space) > 1 and count == len(space)
    used = (*(space or points), *(("vector",) if vector else ()))
    return [
        _labelled(_mark(value[index].numpy(used), space, value, vector), index, value)
        for index in value.shape.without(used).meshgrid(names=True)
    ]


def _mark(array: np.ndarray, space: tuple[str, ...], value: Tensor, vector: bool) -> Mark:
    array = np.abs(array) if np.iscomplexobj(array) else array.astype(float)
    if not space:
        axes = value.shape.get_item_names("vector") or ("x", "y", "z")[: array.shape[-1]]
        return Points(array.reshape(-1, array.shape[-1]), axes)
    if len(space) == 1:
        return curve_mark(np.arange(len(array)), array, axis=space[0])
    sizes = array.shape[: len(space)]
    return (arrows_mark if vector else grid_mark)(array, (0,) * len(sizes), sizes, space)


def _labelled(mark: Mark, index: dict[str, Any], value: Tensor) -> Mark:
    for dim, label in reversed(index.items()):
        mark = mark.at(dim, label)
    return mark
