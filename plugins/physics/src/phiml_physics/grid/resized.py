"""Grids with other cells: more around, half as many, twice as many, neighbours."""

from collections.abc import Callable, Sequence
from typing import Any

from phiml_core import math
from phiml_core.extrapolation import as_extrapolation
from phiml_core.field import resample
from phiml_core.math import spatial
from phiml_core.shape import channel

from phiml_physics.geom.box import Box
from phiml_physics.geom.uniform_grid import UniformGrid

from .axis import regrid
from .centered import CenteredGrid
from .errors import GridError
from .staggered import StaggeredGrid, face_grids

__all__ = ["downsample2x", "pad", "shift", "stagger", "upsample2x"]


def _like(grid: Any, cells: UniformGrid) -> Any:
    """`grid` on other cells."""
    zeros = StaggeredGrid.zeros if isinstance(grid, StaggeredGrid) else _zeros
    return resample(grid, to=zeros(grid.boundary, cells))


def _zeros(boundary: Any, cells: UniformGrid) -> CenteredGrid:
    return CenteredGrid.of(math.wrap(0.0), boundary, cells)


def pad(grid: Any, widths: Any) -> Any:
    """The grid with more cells around, whose values are those of its boundary, in bounds that are larger by them.

    Args:
        grid: centered or staggered grid.
        widths: cells to add at each side: a number, a pair `(lower, upper)`, or these by axis, `{'x': (1, 0), 'y': 2}`.
    """
    return _like(grid, grid.geometry.padded(widths))


def downsample2x(grid: Any) -> Any:
    """The grid with half as many cells along each axis: means of the two, faces in place of every second one.

    Raises:
        GridError: an odd number of cells.
    """
    for name, n in zip(grid.resolution.names, grid.resolution.sizes, strict=True):
        if n % 2:
            raise GridError(
                f"The {n} cells along {name!r} cannot be joined in pairs.  Pad or slice the grid, or resample it."
            )
    return _like(grid, _with_sizes(grid.geometry, [n // 2 for n in grid.resolution.sizes]))


def upsample2x(grid: Any) -> Any:
    """The grid with twice as many cells along each axis, by linear interpolation."""
    return _like(grid, _with_sizes(grid.geometry, [n * 2 for n in grid.resolution.sizes]))


def _with_sizes(cells: UniformGrid, sizes: list[int]) -> UniformGrid:
    bounds = Box(**dict(zip(cells.names, zip(cells.lower, cells.upper, strict=True), strict=True)))
    return UniformGrid(spatial(**dict(zip(cells.names, sizes, strict=True))), bounds)


def shift(
    grid: CenteredGrid, offsets: Sequence[int], dims: Any = spatial, stack_dim: Any = "shift"
) -> list[CenteredGrid]:
    """For each offset the grid of the values that many cells further along each axis; beyond its sides those of its boundary.

    Args:
        grid: centered grid.
        offsets: numbers of cells, e.g. (-1, 1).
        dims: axes to shift along.
        stack_dim: new channel dim with one item for each of them.
    """
    if not isinstance(grid, CenteredGrid):
        raise GridError(f"A centered grid can be shifted by cells, not {grid!r}.  Take at_centers(), or a component.")
    found = math.shift(
        grid.values, offsets, dims, grid.boundary, channel(stack_dim) if isinstance(stack_dim, str) else stack_dim
    )
    return [CenteredGrid.of(values, grid.boundary, grid.geometry) for values in found]


def stagger(grid: CenteredGrid, face_function: Callable[[Any, Any], Any], boundary: Any = None) -> StaggeredGrid:
    """A function of the values on both sides of each face, such as `math.minimum`, as a staggered grid.

    Args:
        grid: centered grid of scalars, or of vectors of which each face takes its component.
        face_function: called with the values on the lower and on the upper side.
        boundary: of the result, which says whether the outermost faces belong to it; by default that of `grid`.
    """
    rule = grid.boundary if boundary is None else as_extrapolation(boundary)
    parts = []
    for faces in face_grids(grid.geometry, rule):
        name = faces.normal or ""
        part = grid[{"vector": name}] if "vector" in grid.shape.names else grid
        full = grid.geometry.faces(name, True, True)
        wide = math.pad(part.values, {name: (1, 1)}, part.boundary)
        values = face_function(wide[{name: slice(None, -1)}], wide[{name: slice(1, None)}])
        parts.append(regrid(values, rule.component(name), full, faces))
    return StaggeredGrid.from_components(parts, rule, grid.geometry)
