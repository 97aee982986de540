"""Linear interpolation at positions, given as a displacement from the cell centers of the grid (in cells) or in length.

Two forms give the same values.  While every displacement is shorter than one cell, each corner of the cell around a
position is the value of the cell itself or of a neighbour, chosen by the sign of the displacement: shifted copies and
selections, no indices.  For any displacement: indices and gathers.  Both pick the cell index + floor(-d), so that also
the smallest and the largest corner, which limit MacCormack's correction, agree.  Both read an array that has one layer
of boundary values around.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from phiml_core import math
from phiml_core.backend import primitive
from phiml_core.backend.choose import join
from phiml_core.extrapolation import Extrapolation, Periodic
from phiml_core.math import Tensor, instance, spatial
from phiml_core.ops.native import full_array
from phiml_core.shape import Shape, concat_shapes, merge_shapes
from phiml_core.tensor import Dense, Stacked, as_dense, dense

from phiml_physics.geom.uniform_grid import UniformGrid
from phiml_physics.geom.vectors import check_vector

from .window import window

__all__ = [
    "at_positions",
    "cells_of",
    "fractions",
    "gather_corners",
    "is_periodic",
    "lerp",
    "picks",
    "scatter_corners",
    "shift_corners",
    "shift_fractions",
    "sum_to",
]

Vectors = tuple[Tensor, ...]
Pair = tuple[Tensor, Tensor]


def picks(rank: int) -> list[tuple[int, ...]]:
    """Corners of a cell in the order used here: 0 is the nearer one along an axis, the last axis varies fastest."""
    return list(itertools.product((0, 1), repeat=rank))


def lerp(corners: list[Tensor], weights: Vectors) -> Tensor:
    """Linear interpolation between corners; `weights` is 0 at the nearer ones."""
    for w in reversed(weights):
        corners = [a + w * (b - a) for a, b in zip(corners[::2], corners[1::2], strict=True)]
    return corners[0]


# --- displacements below one cell ---


def shift_fractions(d: Vectors) -> Vectors:
    """|d|, with the derivative at 0 of the side that is chosen there (that of `abs` is 0, which is wrong for a fluid
    at rest).
    """
    return tuple([math.where(x > 0, x, -x) for x in d])


def shift_corners(padded: Tensor, d: Vectors, dims: tuple[str, ...], back: bool = False) -> list[Tensor]:
    """Values at the corners of the cells around x - d, |d| < 1, from an array with one layer around.

    Args:
        back: around x + d instead.  At d = 0 the cells on both sides of x are chosen, one on each way, as for d < 0:
            the derivative of going forth and back is that of one direction, also in a fluid at rest.
    """
    sizes = [padded.shape.get_size(n) - 2 for n in dims]
    lower = [x <= 0 if back else x > 0 for x in d]

    def corners(k: int, start: tuple[int, ...]) -> list[Tensor]:
        if k == len(dims):
            return [window(padded, dims, start, sizes)]
        here, below, above = (corners(k + 1, (*start, s)) for s in (1, 0, 2))
        return here + [math.where(lower[k], b, a) for b, a in zip(below, above, strict=True)]

    return corners(0, ())


# --- any displacement ---


def fractions(d: Vectors, back: bool = False) -> Vectors:
    """Distance of x - d (`back`: of x + d) from the lower corner of its cell."""
    if back:
        return tuple([1.0 + x + math.floor(-x) for x in d])
    return tuple([-x - math.floor(-x) for x in d])


def cells_of(
    d: Vectors, dims: tuple[str, ...], sizes: Sequence[int], periodic: Sequence[bool], back: bool = False
) -> list[Pair]:
    """Positions of the lower and the upper corner of the cell around x - d (`back`: x + d, see `shift_corners`) in an
    array with one layer around, limited to it.
    """
    found = []
    for x, name, n, wraps in zip(d, dims, sizes, periodic, strict=True):
        cell = math.cast(math.floor(-x), "int32")
        index = indices(name, n) - cell - 1 if back else cell + indices(name, n)
        found.append(_limited(index, n, wraps))
    return found


def _limited(index: Tensor, n: int, wraps: bool) -> Pair:
    if wraps:
        lower = index % n + 1
        return lower, lower + 1
    return math.clip(index + 1, 0, n + 1), math.clip(index + 2, 0, n + 1)


def indices(name: str, n: int) -> Tensor:
    """0, 1, … along an axis of space, a constant that joins any backend."""
    return math.wrap(np.arange(n, dtype=np.int32), spatial(name))


def gather_corners(padded: Tensor, cells: list[Pair], dims: tuple[str, ...]) -> list[Tensor]:
    """Values of an array with one layer around at the corners of cells, given by the positions of the corners along
    each axis.
    """
    if isinstance(padded, Stacked):
        columns = [gather_corners(c, cells, dims) for c in padded.components]
        return [Stacked(row, padded.dim) for row in zip(*columns, strict=True)]
    block = as_dense(padded)
    order, rest, positions = _addresses(block.shape, block.spec.stored, cells, dims)
    backend = join(block.backend, positions[0].backend)
    flat = primitive.reshape(full_array(block, concat_shapes(order, rest)), (order.volume, *rest.sizes))
    flat = backend.as_array(flat)
    outer = block.shape.without(order).without(rest)
    corners: list[Tensor] = []
    for p in positions:
        values = primitive.gather(flat, (backend.as_array(p.native_array),))
        stored = concat_shapes(p.spec.stored, rest)
        corners.append(dense(values, stored, merge_shapes(stored, outer)))
    return corners


def scatter_corners(values: list[Tensor], cells: list[Pair], dims: tuple[str, ...], like: Tensor) -> Tensor:
    """The adjoint of `gather_corners`: an array like `like` to which the values of all corners are added."""
    block = as_dense(like)
    order, rest, positions = _addresses(block.shape, block.spec.stored, cells, dims)
    backend = join(block.backend, *(v.backend for v in values))
    flat = primitive.zeros(backend, (order.volume, *rest.sizes), block.dtype, None)
    for p, v in zip(positions, values, strict=True):
        stored = concat_shapes(p.spec.stored, rest)
        v = sum_to(math.expand(v, stored), stored)
        added = full_array(as_dense(v), stored)
        flat = primitive.scatter(flat, (backend.as_array(p.native_array),), added, "add")
    full = concat_shapes(order, rest)
    return dense(primitive.reshape(flat, full.sizes), full)


def sum_to(value: Tensor, shape: Shape) -> Tensor:
    """`value` summed over the dims that `shape` lacks: the adjoint of repeating it."""
    extra = value.shape.without(shape)
    return math.sum_(value, extra) if extra else value


def _addresses(
    shape: Shape, stored: Shape, cells: list[Pair], dims: tuple[str, ...]
) -> tuple[Shape, Shape, list[Dense]]:
    """Dims that are flattened (batch dims shared with the positions first), all others, and the address of each
    corner.
    """
    shared = merge_shapes(*(side.shape for pair in cells for side in pair)).batch.only(stored)
    order = concat_shapes(shared, shape.only(dims, reorder=True))
    start: Any = None
    volume = order.only(dims).volume
    for name, size in zip(reversed(shared.names), reversed(shared.sizes), strict=True):
        rows = math.wrap(np.arange(size, dtype=np.int32) * volume, shared[name].with_size(None))
        start = rows if start is None else rows + start
        volume *= size  # type: ignore[operator]
    found = [start]
    stride = order.only(dims).volume
    for name, pair in zip(dims, cells, strict=True):
        stride //= shape.get_size(name)  # type: ignore[operator]
        sides = pair if stride == 1 else (pair[0] * stride, pair[1] * stride)
        found = [side if f is None else f + side for f in found for side in sides]
    return order, stored.without(order), [as_dense(f) for f in found]


# --- positions in length ---


def at_positions(values: Tensor, boundary: Extrapolation, cells: UniformGrid, location: Tensor) -> Tensor:
    """Values at the centers of `cells`, interpolated at positions (…, vector)."""
    dims = cells.names
    location = check_vector(location, dims, "A position")
    padded = math.pad(values, {n: (1, 1) for n in dims}, boundary)
    index, weights = [], []
    for name, n, low, dx in zip(dims, cells.resolution.sizes, cells.lower, cells.spacing, strict=True):
        x = (location[{"vector": name}] - low) / dx - 0.5
        lower = math.floor(x)
        weights.append(x - lower)
        index.append(_limited(math.cast(lower, "int32"), n, is_periodic(boundary, name)))  # type: ignore[arg-type]
    clash = location.shape.spatial.only(dims)
    if clash:  # positions may lie on a grid of the same dim names: they count as other dims while values are looked up
        names = {n: instance(f"_{n}") for n in clash.names}
        index = [(_renamed(a, names), _renamed(b, names)) for a, b in index]
        weights = [_renamed(w, names) for w in weights]
        found = lerp(gather_corners(padded, index, dims), tuple(weights))
        back = {f"_{n}": spatial(n) for n in clash.names}
        return _renamed(found, back)
    return lerp(gather_corners(padded, index, dims), tuple(weights))


def _renamed(value: Tensor, names: dict[str, Any]) -> Tensor:
    for old, new in names.items():
        if old in value.shape.names:
            value = math.rename_dims(value, old, new)
    return value


def is_periodic(boundary: Extrapolation, dim: str) -> bool:
    """Whether what leaves on one side along `dim` comes back on the other."""
    return isinstance(boundary.side(dim, True), Periodic)
