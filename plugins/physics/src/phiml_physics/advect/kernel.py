"""Interpolation at x - d as an operation with a derivative of its own.

The form (shifted copies or gathers, see `grid.lookup`) is chosen by one predicate inside the compiled program.  The
derivative stands around this choice, so that only the values and displacements are kept for it, and each form has an
adjoint of its own kind: shifts for shifts, scatters for gathers.
"""

import functools
import itertools
from typing import Any

from phiml_core import math
from phiml_core.math import Tensor
from phiml_core.transform import barrier, cond, custom_gradient

from phiml_physics.grid.lookup import (
    Vectors,
    cells_of,
    fractions,
    gather_corners,
    lerp,
    picks,
    scatter_corners,
    shift_corners,
    shift_fractions,
    sum_to,
)
from phiml_physics.grid.window import window

__all__ = ["interpolate", "interpolate_with_bounds"]

Job = tuple[Tensor, ...]
Periodic = tuple[bool, ...]


def interpolate(
    small: Any,
    padded: tuple[Tensor, ...],
    d: tuple[Vectors, ...],
    dims: tuple[str, ...],
    periodic: tuple[Periodic, ...],
    back: bool = False,
) -> tuple[Tensor, ...]:
    """Values at x - d.

    Args:
        small: whether all |d| < 1: a bool, or a tensor without dims.
        padded: arrays with one layer of boundary values around, one for each field or component.
        d: for each of them the displacement along each axis, in cells.
        dims: the axes.
        periodic: for each of them whether it repeats along each axis.
        back: at x + d instead: the way back, see `shift_corners`.
    """
    return tuple([r[0] for r in _operation(dims, periodic, False, back)(small, padded, d)])


def interpolate_with_bounds(
    small: Any,
    padded: tuple[Tensor, ...],
    d: tuple[Vectors, ...],
    dims: tuple[str, ...],
    periodic: tuple[Periodic, ...],
) -> tuple[tuple[Tensor, Tensor, Tensor], ...]:
    """Values at x - d, and the smallest and the largest corner of the cell there; arguments as for `interpolate`.

    A derivative may reach each value by one of both bounds at most, as from a limiter.
    """
    return _operation(dims, periodic, True, False)(small, padded, d)


@functools.lru_cache(maxsize=256)
def _operation(dims: tuple[str, ...], periodic: tuple[Periodic, ...], bounds: bool, back: bool) -> Any:
    shift, gather = _Shift(dims, bounds, back), _Gather(dims, periodic, bounds, back)

    def forward(small: Any, padded: Any, d: Any) -> Any:
        return cond(small, shift.forward, gather.forward, padded, d)

    def backward(inputs: Any, output: Any, gradients: Any) -> Any:
        small, padded, d = inputs
        return small if isinstance(small, bool) else None, *cond(
            small, shift.backward, gather.backward, padded, d, gradients
        )

    return custom_gradient(forward, backward)


class _Form:
    """One form of the interpolation of several arrays."""

    def __init__(self, dims: tuple[str, ...], bounds: bool, back: bool):
        self.dims, self.bounds, self.back = dims, bounds, back

    def corners(self, i: int, padded: Tensor, d: Vectors) -> tuple[list[Tensor], Vectors]:
        """Corners of the cells around x - d, and the weights of the farther ones."""
        raise NotImplementedError

    def forward(self, padded: Any, d: Any) -> Any:
        results = []
        for i, (p, x) in enumerate(zip(padded, d, strict=True)):
            corners, weights = self.corners(i, p, x)
            results.append((lerp(corners, weights), *extremes(corners)) if self.bounds else (lerp(corners, weights),))
        return tuple(results)

    def backward(self, padded: Any, d: Any, gradients: Any) -> Any:
        to_padded, to_d = [], []
        for i, (p, x, g) in enumerate(zip(padded, d, gradients, strict=True)):
            corners, weights = self.corners(i, p, x)
            slopes = [g[0] * s for s in self.slopes(corners, weights, x)]
            bound = bound_gradient(corners, g) if self.bounds else None
            to_padded.append(sum_to(self.adjoint(i, p, x, g[0], weights, corners, bound), p.shape))
            to_d.append(tuple([math.cast(sum_to(s, c.shape), c.dtype) for s, c in zip(slopes, x, strict=True)]))
        return tuple(to_padded), tuple(to_d)

    def slopes(self, corners: list[Tensor], weights: Vectors, d: Vectors) -> list[Tensor]:
        """Derivatives of the interpolated value by each displacement."""
        raise NotImplementedError

    def adjoint(
        self, i: int, padded: Tensor, d: Vectors, g: Tensor, weights: Vectors, corners: list[Tensor], bound: Any
    ) -> Tensor:
        """The gradient of the padded values."""
        raise NotImplementedError


class _Shift(_Form):
    def corners(self, i: int, padded: Tensor, d: Vectors) -> tuple[list[Tensor], Vectors]:
        return shift_corners(padded, d, self.dims, self.back), shift_fractions(d)

    def slopes(self, corners: list[Tensor], weights: Vectors, d: Vectors) -> list[Tensor]:
        by_weight = slopes_by_weight(corners, weights)
        return [math.where(x > 0, s, -s) for x, s in zip(d, by_weight, strict=True)]

    def adjoint(
        self, i: int, padded: Tensor, d: Vectors, g: Tensor, weights: Vectors, corners: list[Tensor], bound: Any
    ) -> Tensor:
        """A sum over 3^rank shifted products: for each entry, over the cells that may have it as a corner."""
        cells = g.shape.only(self.dims)
        d = tuple([math.store(math.expand(-x if self.back else x, cells), cells) for x in d])
        fields = [math.store(math.expand(g, cells), cells), *d, *(bound or ())]
        wide = barrier(tuple([math.pad(f, {n: (2, 2) for n in self.dims}, 0) for f in fields]))
        sizes = [padded.shape.get_size(n) for n in self.dims]
        total: Any = None
        for offset in itertools.product((-1, 0, 1), repeat=len(self.dims)):
            start = [1 - o for o in offset]
            g_, *rest = (window(f, self.dims, start, sizes) for f in wide)
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


class _Gather(_Form):
    def __init__(self, dims: tuple[str, ...], periodic: tuple[Periodic, ...], bounds: bool, back: bool):
        super().__init__(dims, bounds, back)
        self.periodic = periodic

    def cells(self, i: int, padded: Tensor, d: Vectors) -> Any:
        """Positions of the corners along each axis."""
        sizes = [padded.shape.get_size(n) - 2 for n in self.dims]  # type: ignore[operator]
        return cells_of(d, self.dims, sizes, self.periodic[i], self.back)

    def forward(self, padded: Any, d: Any) -> Any:
        return barrier(super().forward(padded, barrier(d)))  # else every use of the result gathers anew

    def corners(self, i: int, padded: Tensor, d: Vectors) -> tuple[list[Tensor], Vectors]:
        return gather_corners(padded, self.cells(i, padded, d), self.dims), fractions(d, self.back)

    def slopes(self, corners: list[Tensor], weights: Vectors, d: Vectors) -> list[Tensor]:
        by_weight = slopes_by_weight(corners, weights)
        return by_weight if self.back else [-s for s in by_weight]

    def adjoint(
        self, i: int, padded: Tensor, d: Vectors, g: Tensor, weights: Vectors, corners: list[Tensor], bound: Any
    ) -> Tensor:
        shares = []
        for pick, corner in zip(picks(len(self.dims)), corners, strict=True):
            share = g
            for p, w in zip(pick, weights, strict=True):
                share = share * (w if p else 1.0 - w)
            if bound:
                share = share + math.where(corner == bound[0], bound[1], 0.0)
            shares.append(share)
        return scatter_corners(shares, self.cells(i, padded, d), self.dims, padded)


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
