"""Coefficients of all faces of a grid, from those of the faces that operators keep."""

from typing import Any

from phiml_core.math import concat, expand, wrap
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.tensor import Tensor

from ..operator.boundary import OPEN_ENDS, PERIODIC
from ..operator.box import BoxLaplace
from ..operator.shift import stored, with_ends

__all__ = ["all_faces"]


def all_faces(box: BoxLaplace, weights: tuple[Any, ...]) -> list[Dense]:
    """Per dim the coefficients of all faces normal to it, the outer ones included, divided by the squared distance of the values.

    Args:
        box: the grid; its scale and shift are not looked at.
        weights: per dim the coefficients of the free faces, see `MaskedLaplace`.
    """
    found = []
    for dim, pair, h, w in zip(box.dims, box.boundary, box.spacing, weights):
        w = w if isinstance(w, Tensor) else wrap(w)
        w = stored(expand(w, box.face_resolution(dim)), box.dims) * (1 / h**2)
        count = w.shape.get_size(dim)
        if pair[0] == PERIODIC:
            w = concat([w, w[{dim: slice(0, 1)}]], dim)
        else:
            first, last = (int(side in OPEN_ENDS) for side in pair)
            if first or last:  # zero may lie at the face, half a cell away
                parts = [w[{dim: slice(first, count - last)}]]
                if first:
                    parts.insert(0, w[{dim: slice(0, 1)}] * OPEN_ENDS[pair[0]])
                if last:
                    parts.append(w[{dim: slice(count - 1, count)}] * OPEN_ENDS[pair[1]])
                w = concat(parts, dim)
            w = with_ends(stored(w, box.dims), dim, 1 - first, 1 - last)
        found.append(w)
    return found
