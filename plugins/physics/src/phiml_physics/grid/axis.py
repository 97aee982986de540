"""Linear interpolation along one axis between grids whose positions are known before any value is."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from phiml_core import math
from phiml_core.extrapolation import ZERO_GRADIENT, Constant, Extrapolation, Periodic, ZeroGradient
from phiml_core.math import Tensor, spatial
from phiml_core.tensor import Dense
from phiml_core.transform import barrier
from phiml_core.tree import tree_map

from phiml_physics.geom.uniform_grid import UniformGrid, constant

from .errors import ResolutionMismatch

__all__ = ["regrid"]


def regrid(values: Tensor, boundary: Extrapolation, source: UniformGrid, target: UniformGrid) -> Tensor:
    """Values at the cell centers of one grid, interpolated to those of another, axis by axis.

    Grids of equal spacing that are shifted by whole or half cells (faces and centers) need slices and averages only.

    Args:
        values: tensor with the dims of `source`, for one component if the boundary differs between components.
        boundary: rule for what lies beyond `source`.
    """
    if source is target:
        return values
    if source.names != target.names:
        raise ResolutionMismatch(
            f"A grid with the axes {','.join(source.names)} cannot be sampled at cells with the axes "
            f"{','.join(target.names)}."
        )
    for i, name in enumerate(source.names):
        ends = boundary.side(name, False), boundary.side(name, True)
        kind, *plan = _plan(
            source.resolution.sizes[i], source.lower[i], source.spacing[i],
            target.resolution.sizes[i], target.lower[i], target.spacing[i],
            _reach(ends[0]), _reach(ends[1]),
        )  # fmt: skip
        if kind != "same":
            unchanging = type(values) is Dense and name not in values.spec.axes and _is_inside(kind, plan)
            values = _resized(values, name, plan[1]) if unchanging else _FORMS[kind](values, boundary, name, *plan)
            boundary = _along(boundary, name, kind, plan)
    return values


def _along(boundary: Extrapolation, name: str, kind: str, plan: Sequence[Any]) -> Extrapolation:
    """The rule at the new positions along an axis: fixed values that vary along it are interpolated like those inside."""
    if name not in boundary.shape.names:
        return boundary
    return tree_map(lambda t: _FORMS[kind](t, ZERO_GRADIENT, name, *plan) if name in t.shape.names else t, boundary)


def _is_inside(kind: str, plan: Sequence[Any]) -> bool:
    """Whether no value beyond the source is needed."""
    if kind == "table":
        return False
    n, m, k = plan
    return k >= 0 and k + m + (kind == "average") <= n


def _resized(values: Tensor, name: str, size: int) -> Tensor:
    """What is constant along an axis, with another number of values that take no memory."""
    return math.expand(values[{name: 0}], spatial(**{name: size}))


def _reach(side: Extrapolation) -> str:
    """What to do with positions far outside."""
    return "near" if isinstance(side, (Constant, ZeroGradient)) else "wrap" if isinstance(side, Periodic) else "far"


@functools.lru_cache(maxsize=1024)
def _plan(
    n: int, lower: float, dx: float, m: int, to_lower: float, to_dx: float, below: str, above: str
) -> tuple[Any, ...]:
    """How to get from n to m positions: ('same',), ('shift', k), ('average', k), or ('table', widths, cells,
    weights).
    """
    start = (to_lower + 0.5 * to_dx - lower) / dx - 0.5
    if abs(to_dx - dx) * m < 1e-6 * dx:
        nearest, half = round(start), round(start - 0.5)
        if abs(start - nearest) < 1e-6:
            return ("same",) if nearest == 0 and m == n else ("shift", n, m, nearest)
        if abs(start - half - 0.5) < 1e-6:
            return "average", n, m, half
    x = start + np.arange(m) * (to_dx / dx)
    if below == "wrap":
        x = x % n
    if below == "near":
        x = np.maximum(x, -1)
    if above == "near":
        x = np.minimum(x, n)
    cells = np.floor(x).astype(int)
    weights = x - cells
    near = np.abs(weights - np.rint(weights)) < 1e-9
    cells, weights = np.where(near, np.rint(x).astype(int), cells), np.where(near, 0.0, weights)
    widths = max(0, -int(cells.min())), max(0, int((cells + (weights > 0)).max()) + 1 - n)
    cells = cells + widths[0]
    after = np.minimum(cells + 1, n + sum(widths) - 1)
    return "table", widths, tuple(cells.tolist()), tuple(after.tolist()), tuple(weights.tolist())


def _shift(values: Tensor, boundary: Extrapolation, name: str, n: int, m: int, k: int) -> Tensor:
    return math.pad(values, {name: (-k, k + m - n)}, boundary)


def _average(values: Tensor, boundary: Extrapolation, name: str, n: int, m: int, k: int) -> Tensor:
    wide = _shift(values, boundary, name, n, m + 1, k)
    if k < 0 or k + m + 1 > n:
        wide = barrier(wide)  # else a compiler pads once for each of both
    return 0.5 * (wide[{name: slice(0, m)}] + wide[{name: slice(1, m + 1)}])


def _table(
    values: Tensor, boundary: Extrapolation, name: str, widths: Any, cells: Any, after: Any, weights: Any
) -> Tensor:
    wide = math.pad(values, {name: widths}, boundary) if any(widths) else values
    near = wide[{name: list(cells)}]
    if not any(weights):
        return near
    return near + constant(weights, spatial(name)) * (wide[{name: list(after)}] - near)


_FORMS: dict[str, Callable[..., Tensor]] = {"shift": _shift, "average": _average, "table": _table}
