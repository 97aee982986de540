"""Spatial gradient of fields on grids."""

from typing import Any

from phiml_core.dispatch import generic
from phiml_core.extrapolation import as_extrapolation
from phiml_core.field import Field
from phiml_core.math import channel, spatial
from phiml_core.shape import Shape, select
from phiml_core.tensor import Stacked

from phiml_physics.grid.axis import regrid
from phiml_physics.grid.centered import CenteredGrid
from phiml_physics.grid.errors import GridError
from phiml_physics.grid.staggered import StaggeredGrid, face_grids

from .differences import between_neighbours, derivative

__all__ = ["spatial_gradient"]


@generic(on="field")
def spatial_gradient(
    field: Field,
    boundary: Any = None,
    at: str = "center",
    dims: Any = spatial,
    stack_dim: Any = "vector",
    difference: str = "central",
    type: Any = None,
    order: int = 2,
) -> Any:
    """First derivatives along the axes of space.

    Args:
        field: centered grid.
        boundary: of the result; by default that of a derivative of the field.
        at: 'center' for derivatives at the places of the values, 'face' for a staggered grid of differences of
            neighbours.
        dims: axes to derive along, by default all.
        stack_dim: dim of the derivatives, a name or a channel dim; must be new, e.g. 'gradient' for a field of vectors.
        difference: at centers 'central' (second order), 'forward' or 'backward' (first order).
        type: `StaggeredGrid` means at='face'.
        order: of central differences, 2, 4 or 6.  Next to sides the boundary is continued by its rule, which counts as it is.

    Returns:
        Centered or staggered grid of vectors, in units of the field per length.

    Raises:
        GridError: unknown `at`, `difference` or `order`, a dim that exists already, or faces along some axes only.
    """


@spatial_gradient.dispatch
def _(field: CenteredGrid, boundary, at, dims, stack_dim, difference, type, order):
    if type is StaggeredGrid:
        at = "face"
    if at not in ("center", "face"):
        raise GridError(f"A gradient is computed at 'center' or 'face', not at {at!r}.")
    names = select(field.resolution, dims).names
    rule = field.boundary.derivative() if boundary is None else as_extrapolation(boundary)
    dim: Shape = channel(stack_dim) if isinstance(stack_dim, str) else stack_dim
    if dim.name in field.shape.names:
        raise GridError(
            f"The derivatives of a field {field.shape} need a dim of another name than {dim.name!r}, e.g. "
            "stack_dim='gradient'."
        )
    spacing = dict(zip(field.geometry.names, field.geometry.spacing, strict=True))
    if at == "center":
        parts = [derivative(field.values, field.boundary, n, spacing[n], difference, order) for n in names]
        return CenteredGrid.of(Stacked(tuple(parts), dim.with_size(names)), rule, field.geometry)
    if names != field.geometry.names:
        raise GridError(
            f"A staggered gradient has a component for each axis, not only {', '.join(names)}.  Use at='center'."
        )
    parts = []
    for n, faces in zip(names, face_grids(field.geometry, rule), strict=True):
        outer = rule.component(n).outer_faces(n)
        parts.append(between_neighbours(field.values, field.boundary, n, spacing[n], outer, order))
        if faces.resolution.get_size(n) != parts[-1].shape.get_size(n):  # one of two equal faces of a periodic axis
            full = field.geometry.faces(n, *outer)
            parts[-1] = regrid(parts[-1], rule.component(n), full, faces)
    return StaggeredGrid.from_components(parts, rule, field.geometry)
