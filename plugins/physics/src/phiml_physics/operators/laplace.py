"""Laplace operator on grids."""

import functools
from typing import Any

from phiml_core.dispatch import generic
from phiml_core.extrapolation import Extrapolation
from phiml_core.field import Field
from phiml_core.math import Tensor, spatial
from phiml_core.shape import select
from phiml_core.tensor import Stacked

from phiml_physics.geom.uniform_grid import UniformGrid
from phiml_physics.grid.centered import CenteredGrid
from phiml_physics.grid.staggered import StaggeredGrid

from .differences import second_derivative

__all__ = ["laplace"]


@generic(on="u")
def laplace(u: Field, axes: Any = spatial, order: int = 2) -> Any:
    """Sum of the second derivatives along axes, for each component of a vector by itself.

    Args:
        u: centered or staggered grid.
        axes: axes of space to derive along, by default all.
        order: of the differences, 2, 4 or 6.

    Returns:
        Grid of the same kind, in units of `u` per squared length.
    """


def laplacian(values: Tensor, boundary: Extrapolation, cells: UniformGrid, axes: Any, order: int = 2) -> Tensor:
    """Sum of second derivatives of one array."""
    if isinstance(values, Stacked):
        items = values.dim.item_names or range(len(values.components))
        parts = [
            laplacian(v, boundary[{values.dim.name: n}], cells, axes, order)
            for n, v in zip(items, values.components, strict=True)
        ]
        return Stacked(tuple(parts), values.dim)
    chosen = select(cells.resolution, axes).names
    spacing = zip(cells.names, cells.spacing, strict=True)
    terms = [second_derivative(values, boundary, n, dx, order) for n, dx in spacing if n in chosen]
    return functools.reduce(lambda a, b: a + b, terms)


@laplace.dispatch
def _(u: CenteredGrid, axes, order):
    return CenteredGrid.of(
        laplacian(u.values, u.boundary, u.geometry, axes, order), u.boundary.derivative().derivative(), u.geometry
    )


@laplace.dispatch
def _(u: StaggeredGrid, axes, order):
    names = u.geometry.names
    parts = [
        laplacian(v, u.boundary.component(n), f, axes, order)
        for n, v, f in zip(names, u.components, u.faces, strict=True)
    ]
    rule = u.boundary.derivative().derivative()
    result = StaggeredGrid.from_components(parts, u.boundary, u.geometry)
    return (
        StaggeredGrid.of(result.values, rule, u.geometry)
        if StaggeredGrid.zeros(rule, u.geometry).faces == u.faces
        else result
    )
