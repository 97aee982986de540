"""Differences along one axis: the building blocks of all operators on grids."""

import functools
from typing import Any

from phiml_core import math
from phiml_core.extrapolation import Extrapolation, ghost
from phiml_core.math import Tensor

from phiml_physics.grid.errors import GridError

__all__ = ["between_neighbours", "derivative", "second_derivative", "upwind_derivative"]

_STENCILS = {"central": (0, 2, 2.0), "forward": (1, 2, 1.0), "backward": (0, 1, 1.0)}

_FIRST = {4: (2 / 3, -1 / 12), 6: (3 / 4, -3 / 20, 1 / 60)}
"""Weights of the differences u(x + k h) - u(x - k h) for k = 1, 2, …; Fornberg 1988."""

_SECOND = {4: (4 / 3, -1 / 12), 6: (3 / 2, -3 / 20, 1 / 90)}
"""Weights of the sums u(x + k h) + u(x - k h) - 2 u(x)."""

_STAGGERED = {4: (9 / 8, -1 / 24), 6: (75 / 64, -25 / 384, 3 / 640)}
"""Weights of the differences u(x + (k - 1/2) h) - u(x - (k - 1/2) h)."""


def between_neighbours(
    values: Tensor, boundary: Extrapolation, dim: str, dx: float, outer: tuple[bool, bool], order: int = 2
) -> Tensor:
    """First derivative at the faces between neighbouring values, by differences of both (second order) or of more.

    Args:
        outer: whether the lower and the upper outermost face, which need a value beyond, are among them.
    """
    if order != 2:
        weights = _weights(_STAGGERED, order)
        wide = math.pad(values, {dim: (len(weights) - 1 + int(outer[0]), len(weights) - 1 + int(outer[1]))}, boundary)
        n: Any = wide.shape.get_size(dim) - 2 * len(weights) + 1
        ends = range(len(weights), 2 * len(weights)), range(len(weights) - 1, -1, -1)
        pairs = [wide[{dim: slice(b, b + n)}] - wide[{dim: slice(a, a + n)}] for b, a in zip(*ends, strict=True)]
        return _scaled(_weighted(weights, pairs), dx)
    if any(outer):
        if not values.available:
            return _scaled(_with_ends(values, boundary, dim, outer), dx)
        values = math.pad(values, {dim: (int(outer[0]), int(outer[1]))}, boundary)
    return _scaled(values[{dim: slice(1, None)}] - values[{dim: slice(None, -1)}], dx)


def _with_ends(values: Tensor, boundary: Extrapolation, dim: str, outer: tuple[bool, bool]) -> Tensor:
    """Differences of neighbours and at the ends, put together: a compiler makes half of the time of padding first."""
    parts = [values[{dim: slice(1, None)}] - values[{dim: slice(None, -1)}]]
    if outer[0]:
        parts.insert(0, values[{dim: slice(0, 1)}] - ghost(boundary.side(dim, False), values, dim, False, 1))
    if outer[1]:
        parts.append(ghost(boundary.side(dim, True), values, dim, True, 1) - values[{dim: slice(-1, None)}])
    return math.concat(parts, dim)


def derivative(
    values: Tensor, boundary: Extrapolation, dim: str, dx: float, difference: str = "central", order: int = 2
) -> Tensor:
    """First derivative at the places of the values.

    Args:
        difference: 'central', 'forward' or 'backward' (first order).
        order: of central differences.
    """
    if order != 2:
        if difference != "central":
            raise GridError(f"Differences of order {order} are central, not {difference!r}.  Leave one of both out.")
        weights = _weights(_FIRST, order)
        return _scaled(_weighted(weights, [b - a for a, b in _neighbours(values, boundary, dim, len(weights))]), dx)
    if difference not in _STENCILS:
        raise GridError(f"There is no difference {difference!r}, only {', '.join(_STENCILS)}.")
    first, second, steps = _STENCILS[difference]
    n: Any = values.shape.get_size(dim)
    wide = math.pad(values, {dim: (1, 1)}, boundary)
    return _scaled(wide[{dim: slice(second, second + n)}] - wide[{dim: slice(first, first + n)}], steps * dx)


def upwind_derivative(values: Tensor, boundary: Extrapolation, dim: str, dx: float, speed: Tensor) -> Tensor:
    """First derivative at the places of the values, from the side that a flow of this speed comes from; first order."""
    wide = math.pad(values, {dim: (1, 1)}, boundary)
    steps = wide[{dim: slice(1, None)}] - wide[{dim: slice(None, -1)}]
    return _scaled(math.where(speed > 0, steps[{dim: slice(None, -1)}], steps[{dim: slice(1, None)}]), dx)


def second_derivative(values: Tensor, boundary: Extrapolation, dim: str, dx: float, order: int = 2) -> Tensor:
    """Second derivative at the places of the values, by three of them (second order) or more."""
    if order != 2:
        weights, twice = _weights(_SECOND, order), 2.0 * values
        sums = [a + b - twice for a, b in _neighbours(values, boundary, dim, len(weights))]
        return _scaled(_weighted(weights, sums), dx * dx)
    wide = math.pad(values, {dim: (1, 1)}, boundary)
    return _scaled(wide[{dim: slice(2, None)}] + wide[{dim: slice(None, -2)}] - 2.0 * values, dx * dx)


def _scaled(values: Tensor, dx: float) -> Tensor:
    return values if dx == 1.0 else values * (1.0 / dx)


def _weights(table: dict[int, tuple[float, ...]], order: int) -> tuple[float, ...]:
    if order not in table:
        raise GridError(f"There are differences of order 2, {', '.join(map(str, table))}, not {order!r}.")
    return table[order]


def _neighbours(values: Tensor, boundary: Extrapolation, dim: str, reach: int) -> list[tuple[Tensor, Tensor]]:
    """The values 1, 2, … places below and above each value."""
    n: Any = values.shape.get_size(dim)
    wide = math.pad(values, {dim: (reach, reach)}, boundary)
    return [
        (wide[{dim: slice(reach - k, reach - k + n)}], wide[{dim: slice(reach + k, reach + k + n)}])
        for k in range(1, reach + 1)
    ]


def _weighted(weights: tuple[float, ...], terms: list[Tensor]) -> Tensor:
    return functools.reduce(lambda a, b: a + b, [term * w for w, term in zip(weights, terms, strict=True)])
