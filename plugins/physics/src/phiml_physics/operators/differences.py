"""Differences along one axis: the building blocks of all operators on grids."""

from typing import Any

from phiml_core import math
from phiml_core.extrapolation import Extrapolation, ghost
from phiml_core.math import Tensor

from phiml_physics.grid.errors import GridError

__all__ = ["between_neighbours", "derivative", "second_derivative"]

_STENCILS = {"central": (0, 2, 2.0), "forward": (1, 2, 1.0), "backward": (0, 1, 1.0)}


def between_neighbours(
    values: Tensor, boundary: Extrapolation, dim: str, dx: float, outer: tuple[bool, bool]
) -> Tensor:
    """First derivative at the faces between neighbouring values, by differences of both; second order.

    Args:
        outer: whether the lower and the upper outermost face, which need a value beyond, are among them.
    """
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


def derivative(values: Tensor, boundary: Extrapolation, dim: str, dx: float, difference: str = "central") -> Tensor:
    """First derivative at the places of the values.

    Args:
        difference: 'central' (second order), 'forward' or 'backward' (first order).
    """
    if difference not in _STENCILS:
        raise GridError(f"There is no difference {difference!r}, only {', '.join(_STENCILS)}.")
    first, second, steps = _STENCILS[difference]
    n: Any = values.shape.get_size(dim)
    wide = math.pad(values, {dim: (1, 1)}, boundary)
    return _scaled(wide[{dim: slice(second, second + n)}] - wide[{dim: slice(first, first + n)}], steps * dx)


def second_derivative(values: Tensor, boundary: Extrapolation, dim: str, dx: float) -> Tensor:
    """Second derivative at the places of the values, by three of them; second order."""
    wide = math.pad(values, {dim: (1, 1)}, boundary)
    return _scaled(wide[{dim: slice(2, None)}] + wide[{dim: slice(None, -2)}] - 2.0 * values, dx * dx)


def _scaled(values: Tensor, dx: float) -> Tensor:
    return values if dx == 1.0 else values * (1.0 / dx)
