"""Curl of vector fields, and of stream functions, on grids."""

from typing import Any

from phiml_core import math
from phiml_core.dispatch import generic
from phiml_core.extrapolation import (
    PERIODIC,
    ZERO,
    ZERO_GRADIENT,
    Constant,
    Extrapolation,
    Periodic,
    ZeroGradient,
    combine_sides,
)
from phiml_core.field import Field
from phiml_core.math import Tensor, channel
from phiml_core.tensor import Stacked

from phiml_physics.geom.uniform_grid import UniformGrid
from phiml_physics.grid.axis import regrid
from phiml_physics.grid.centered import CenteredGrid
from phiml_physics.grid.errors import GridError
from phiml_physics.grid.staggered import StaggeredGrid, face_grids

from .differences import between_neighbours, derivative

__all__ = ["curl"]


@generic(on="field")
def curl(field: Field, at: str | None = None) -> Any:
    """Curl: the vorticity of a velocity in two (a scalar) or three dimensions (a vector), or the velocity of a stream
    function.

    A scalar field f in two dimensions is taken as the component of a vector out of the plane: the result is (∂f/∂y,
    -∂f/∂x).  At faces its divergence is zero to rounding.

    Args:
        field: centered or staggered grid of vectors in two or three dimensions, or centered grid of scalars in two.
        at: 'corner' of the cells (default for vectors; exact for the circulation around a corner in two dimensions),
            'center' (default for scalars), or 'face' (scalars only; a staggered grid).

    Raises:
        GridError: another number of dimensions or place.
    """


@curl.dispatch
def _(field: CenteredGrid, at):
    if "vector" not in field.shape.names:
        return _of_scalar(field, at or "center")
    faces = [field.geometry.faces(n, True, True) for n in field.geometry.names]
    parts = []
    for n, f in zip(field.geometry.names, faces, strict=True):
        rule = field.boundary.component(n)
        parts.append(regrid(field.values[{"vector": n}], rule, field.geometry, f))
    return _of_faces(parts, field.boundary, field.geometry, at or "corner")


@curl.dispatch
def _(field: StaggeredGrid, at):
    parts = []
    for n, values, f in zip(field.geometry.names, field.components, field.faces, strict=True):
        parts.append(regrid(values, field.boundary.component(n), f, field.geometry.faces(n, True, True)))
    return _of_faces(parts, field.boundary, field.geometry, at or "corner")


def _of_faces(parts: list[Tensor], boundary: Extrapolation, cells: UniformGrid, at: str) -> CenteredGrid:
    """Circulation around the edges of cells, from the components on all faces."""
    names = cells.names
    if len(names) not in (2, 3) or at not in ("corner", "center"):
        raise GridError(
            f"The curl of vectors is computed at 'corner' or 'center' in 2 or 3 dimensions, not at {at!r} in "
            f"{len(names)}."
        )
    spacing = dict(zip(names, cells.spacing, strict=True))
    values = dict(zip(names, parts, strict=True))
    corners = cells
    for n in names:
        corners = corners.faces(n, True, True)
    target = cells if at == "center" else corners.cells_around()

    def around(i: str, j: str) -> Tensor:
        slopes = [
            between_neighbours(values[a], boundary.component(a), b, spacing[b], (True, True))
            for a, b in ((j, i), (i, j))
        ]
        edges = cells.faces(i, True, True).faces(j, True, True)
        return regrid(slopes[0] - slopes[1], boundary.component(i).derivative(), edges, target)

    rule = boundary.component(names[0]).derivative()
    if len(names) == 2:
        return CenteredGrid.of(around(*names), rule, target)
    x, y, z = names
    vector = Stacked((around(y, z), around(z, x), around(x, y)), channel(vector=names))
    return CenteredGrid.of(vector, rule, target)


def _of_scalar(field: CenteredGrid, at: str) -> Any:
    names = field.geometry.names
    if len(names) != 2 or at not in ("center", "face"):
        raise GridError(
            f"The curl of a scalar is computed at 'center' or 'face' in 2 dimensions, not at {at!r} in {len(names)}."
        )
    (x, y), (dx, dy) = names, field.geometry.spacing
    if at == "center":
        rule = field.boundary.derivative()
        parts = derivative(field.values, field.boundary, y, dy), -derivative(field.values, field.boundary, x, dx)
        return CenteredGrid.of(Stacked(parts, channel(vector=names)), rule, field.geometry)
    corners, rule = _at_corners(field), _flow_boundary(field)
    slopes = []
    for n, other, d, sign in ((x, y, dy, 1.0), (y, x, dx, -1.0)):
        slope = between_neighbours(corners, field.boundary, other, d, (False, False)) * sign
        full = field.geometry.faces(n, True, True)
        slopes.append((slope, full, n))
    targets = face_grids(field.geometry, rule)
    values = [regrid(v, rule.component(n), full, t) for (v, full, n), t in zip(slopes, targets, strict=True)]
    return StaggeredGrid.from_components(values, rule, field.geometry)


def _flow_boundary(field: CenteredGrid) -> Extrapolation:
    """Nothing flows through a side with a fixed stream function; through others the flow passes freely."""
    sides = {}
    for n in field.geometry.names:
        ends = [field.boundary.side(n, upper) for upper in (False, True)]
        sides[n] = tuple(
            ZERO if isinstance(e, Constant) else PERIODIC if isinstance(e, Periodic) else ZERO_GRADIENT for e in ends
        )
    return combine_sides(**sides)


def _at_corners(field: CenteredGrid) -> Tensor:
    """Means of the values around each corner; on a fixed boundary its value, so that nothing flows through it."""
    values, cells = field.values, field.geometry
    for n in cells.names:
        ends = field.boundary.side(n, False), field.boundary.side(n, True)
        fixed = [isinstance(e, (Constant, ZeroGradient)) for e in ends]
        target = cells.faces(n, not fixed[0], not fixed[1])
        values = math.pad(
            regrid(values, field.boundary, cells, target), {n: (int(fixed[0]), int(fixed[1]))}, field.boundary
        )
        cells = cells.faces(n, True, True)
    return values
