"""Divergence of vector fields on grids."""

import functools
from typing import Any

from phiml_core.dispatch import generic
from phiml_core.field import Field

from phiml_physics.geom.vectors import check_vector
from phiml_physics.grid.centered import CenteredGrid
from phiml_physics.grid.errors import GridError
from phiml_physics.grid.staggered import StaggeredGrid

from .differences import between_neighbours, derivative

__all__ = ["divergence"]


@generic(on="field")
def divergence(field: Field, order: int = 2) -> Any:
    """Sum of the derivatives of the components along their axes, at cell centers.

    On a staggered grid it is the flow out of each cell by its volume: exact for the cell, and what projection makes
    zero. On a centered grid it is made of central differences.  Both are of second order.

    Args:
        field: grid of vectors, in any unit.
        order: of the differences, 2, 4 or 6.  Only with 2 that of a staggered grid is what `make_incompressible` makes zero.

    Returns:
        Centered grid of scalars, in that unit per length.
    """


@divergence.dispatch
def _(field: StaggeredGrid, order):
    parts = []
    names = field.geometry.names
    for name, values, dx in zip(names, field.components, field.geometry.spacing, strict=True):
        rule = field.boundary.component(name)
        stored = rule.outer_faces(name)
        parts.append(between_neighbours(values, rule, name, dx, (not stored[0], not stored[1]), order))
    return CenteredGrid.of(
        functools.reduce(lambda a, b: a + b, parts), field.boundary.component(names[0]).derivative(), field.geometry
    )


@divergence.dispatch
def _(field: CenteredGrid, order):
    names = field.geometry.names
    if "vector" not in field.shape.names:
        raise GridError(
            f"The divergence of a scalar field {field.shape} is not defined.  Take its spatial_gradient or laplace."
        )
    vector = check_vector(field.values, names, "A vector field")
    parts = []
    for name, dx in zip(names, field.geometry.spacing, strict=True):
        parts.append(derivative(vector[{"vector": name}], field.boundary.component(name), name, dx, order=order))
    return CenteredGrid.of(
        functools.reduce(lambda a, b: a + b, parts), field.boundary.component(names[0]).derivative(), field.geometry
    )
