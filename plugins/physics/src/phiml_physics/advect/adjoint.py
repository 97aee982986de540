"""The adjoint of the interpolation at x - d: shifts for shifts, scatters for gathers.

The corners are found again, which is cheaper than keeping them.
"""

import functools
import itertools
from typing import Any

from phiml_core import math
from phiml_core.math import Tensor
from phiml_core.transform import barrier

from phiml_physics.grid.lookup import (
    Vectors,
    cells_of,
    fractions,
    gather_corners,
    picks,
    scatter_corners,
    shift_corners,
    shift_fractions,
    sum_to,
)
from phiml_physics.grid.window import window

__all__ = ["extremes", "gather_backward", "shift_backward"]

Job = tuple[Tensor, ...]


def shift_backward(dims: tuple[str, ...], back: bool, bounds: bool, padded: Job, d: Any, gradients: Any) -> Any:
    """Gradients of the padded arrays and of their displacements, |d| < 1.

    Args:
        dims: the axes.
        back: whether the values are those at x + d.
        bounds: whether the gradients are those of value, lower and upper bound; else of the value alone.
        padded: arrays with one layer of boundary values around.
        d: for each of them the displacement along each axis, in cells.
        gradients: for each of them those of its results.
    """
    to_padded, to_d = [], []
    for p, x, g in zip(padded, d, gradients, strict=True):
        corners, weights = shift_corners(p, x, dims, back), shift_fractions(x)
        by_weight = slopes_by_weight(corners, weights)
        slopes = [g[0] * math.where(y > 0, s, -s) for y, s in zip(x, by_weight, strict=True)]
        bound = bound_gradient(corners, g) if bounds else None
        to_padded.append(sum_to(shift_adjoint(dims, back, p, x, g[0], bound), p.shape))
        to_d.append(like(slopes, x))
    return tuple(to_padded), tuple(to_d)


def gather_backward(
    dims: tuple[str, ...],
    periodic: tuple[tuple[bool, ...], ...],
    back: bool,
    bounds: bool,
    padded: Job,
    d: Any,
    gradients: Any,
) -> Any:
    """The same for any d; arguments as for `shift_backward`, and `periodic`: for each array whether it repeats along
    each axis.
    """
    to_padded, to_d = [], []
    for p, wraps, x, g in zip(padded, periodic, d, gradients, strict=True):
        sizes = [p.shape.get_size(n) - 2 for n in dims]  # type: ignore[operator]
        cells = cells_of(x, dims, sizes, wraps, back)
        corners, weights = gather_corners(p, cells, dims), fractions(x, back)
        slopes = [g[0] * (s if back else -s) for s in slopes_by_weight(corners, weights)]
        shares = gather_shares(g[0], weights, corners, bound_gradient(corners, g) if bounds else None)
        to_padded.append(sum_to(scatter_corners(shares, cells, dims, p), p.shape))
        to_d.append(like(slopes, x))
    return tuple(to_padded), tuple(to_d)


def like(slopes: list[Tensor], d: Vectors) -> Vectors:
    """Gradients with the dims and types of the displacements."""
    return tuple([math.cast(sum_to(s, x.shape), x.dtype) for s, x in zip(slopes, d, strict=True)])


def shift_adjoint(dims: tuple[str, ...], back: bool, padded: Tensor, d: Vectors, g: Tensor, bound: Any) -> Tensor:
    """A sum over 3^rank shifted products: for each entry, over the cells that may have it as a corner."""
    cells = g.shape.only(dims)
    d = tuple([math.store(math.expand(-x if back else x, cells), cells) for x in d])
    fields = [math.store(math.expand(g, cells), cells), *d, *(bound or ())]
    wide = barrier(tuple([math.pad(f, {n: (2, 2) for n in dims}, 0) for f in fields]))
    sizes = [padded.shape.get_size(n) for n in dims]
    total: Any = None
    for offset in itertools.product((-1, 0, 1), repeat=len(dims)):
        start = [1 - o for o in offset]
        g_, *rest = (window(f, dims, start, sizes) for f in wide)
        d_, bound_ = rest[: len(d)], rest[len(d) :]
        part = g_
        for x, o in zip(d_, offset, strict=True):
            part = part * (math.maximum(x, 0.0) if o < 0 else math.maximum(-x, 0.0) if o > 0 else 1.0 - abs(x))
        if bound:
            value, share = bound_
            chosen = value == padded
            for x, o in zip(d_, offset, strict=True):
                if o:
                    chosen = chosen & ((x > 0) if o < 0 else (x <= 0))
            part = part + math.where(chosen, share, 0.0)
        total = part if total is None else total + part
    return total


def gather_shares(g: Tensor, weights: Vectors, corners: list[Tensor], bound: Any) -> list[Tensor]:
    """What each corner receives."""
    shares = []
    for pick, corner in zip(picks(len(weights)), corners, strict=True):
        share = g
        for p, w in zip(pick, weights, strict=True):
            share = share * (w if p else 1.0 - w)
        if bound:
            share = share + math.where(corner == bound[0], bound[1], 0.0)
        shares.append(share)
    return shares


def extremes(corners: list[Tensor]) -> tuple[Tensor, Tensor]:
    """The smallest and the largest of the corners."""
    return functools.reduce(math.minimum, corners), functools.reduce(math.maximum, corners)


def slopes_by_weight(corners: list[Tensor], weights: Vectors) -> list[Tensor]:
    """Derivatives of the interpolated value by each weight."""
    found = []
    for k in range(len(weights)):
        values = corners
        for axis in reversed(range(len(weights))):
            pairs = zip(values[::2], values[1::2], strict=True)
            values = [b - a if axis == k else a + weights[axis] * (b - a) for a, b in pairs]
        found.append(values[0])
    return found


def bound_gradient(corners: list[Tensor], gradients: Any) -> tuple[Tensor, Tensor]:
    """The bound a gradient comes by, and its share for each corner that has this value."""
    low, high = extremes(corners)
    by_low = gradients[1] != 0
    bound = math.where(by_low, low, high)
    count = functools.reduce(lambda a, b: a + b, [math.to_float(c == bound) for c in corners])
    return bound, (gradients[1] + gradients[2]) / count
