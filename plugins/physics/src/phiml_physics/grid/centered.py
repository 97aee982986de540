"""CenteredGrid: one value for each cell, at its center."""

from typing import Any, Self

from phiml_core import math
from phiml_core.extrapolation import Extrapolation
from phiml_core.shape import Shape, merge_shapes

from phiml_physics.geom.box import Box
from phiml_physics.geom.uniform_grid import UniformGrid

from .boundaries import check_profile, grid_boundary
from .calculus import Calculus
from .values import cell_values, grid_geometry

__all__ = ["CenteredGrid"]


class CenteredGrid(Calculus):
    """Values at the centers of the cells of a uniform grid.

    >>> CenteredGrid(lambda x, y: x, ZERO_GRADIENT, x=4, y=3, bounds=Box(x=2, y=1)).values.x[0].y[0]
    0.25

    Args:
        values: number, tensor, tuple (a vector), field, geometry (1 inside, 0 outside), or function of the position.
        boundary: what lies beyond: number, tensor, name, `Extrapolation`, or sides such as `{'x': (0,
            'zero-gradient'), 'y': 0}`.
        bounds: box that the cells fill; by default one unit for each cell.
        resolution: spatial shape, instead of `sizes`; not needed if `values` has spatial dims.
        extrapolation: the same as `boundary`.
        convert: values as arrays of the default backend.
        sizes: number of cells along each axis.

    Raises:
        GridError, GeometryError: no resolution, or bounds, boundary or vectors that do not fit the axes.
        ResolutionMismatch: `values` has another number of cells.
        UnknownBoundary: the boundary is none.
    """

    geometry: UniformGrid

    def __init__(
        self,
        values: Any = 0.0,
        boundary: Any = 0,
        bounds: Box | None = None,
        resolution: Any = None,
        extrapolation: Any = None,
        convert: bool = True,
        **sizes: int,
    ):
        self.geometry = grid_geometry(values, bounds, resolution, sizes)
        rule = grid_boundary(boundary if extrapolation is None else extrapolation, self.geometry.names)
        self.boundary = check_profile(rule, self.geometry, "the grid")
        self.values = cell_values(values, self.geometry, convert)

    @classmethod
    def of(cls, values: Any, boundary: Extrapolation, geometry: UniformGrid) -> "CenteredGrid":
        """The grid of these parts, unchecked."""
        new = object.__new__(cls)
        new.geometry, new.boundary, new.values = geometry, boundary, values
        return new

    def __with_attrs__(self, values: Any, boundary: Any) -> "CenteredGrid":
        return CenteredGrid.of(values, boundary, self.geometry)

    def with_values(self, values: Any) -> Self:
        return CenteredGrid.of(cell_values(values, self.geometry), self.boundary, self.geometry)  # type: ignore[return-value]

    def with_boundary(self, boundary: Any) -> Self:
        rule = check_profile(grid_boundary(boundary, self.geometry.names), self.geometry, "the grid")
        return CenteredGrid.of(self.values, rule, self.geometry)  # type: ignore[return-value]

    with_extrapolation = with_boundary

    @property
    def shape(self) -> Shape:
        return merge_shapes(self.geometry.resolution, self.values.shape)

    @property
    def resolution(self) -> Shape:
        """Spatial dims with the number of cells."""
        return self.geometry.resolution

    @property
    def bounds(self) -> Box:
        """The box that the cells fill."""
        return self.geometry.bounds

    box = bounds

    @property
    def dx(self) -> Any:
        """Lengths of the edges of a cell: tensor (vector)."""
        return self.geometry.dx

    @property
    def points(self) -> Any:
        """Positions of the values: tensor (…, vector)."""
        return self.geometry.center

    center = points
    sampled_at = "center"
    is_grid = is_centered = True
    is_staggered = False

    def at_centers(self) -> "CenteredGrid":
        """The grid itself."""
        return self

    def at_faces(self, boundary: Any = None) -> Any:
        """Values of a vector (or one scalar for all axes) at the faces between cells; see `StaggeredGrid`."""
        from phiml_core.field import resample

        from .staggered import StaggeredGrid

        rule = self.boundary if boundary is None else grid_boundary(boundary, self.geometry.names)
        return resample(self, to=StaggeredGrid.zeros(rule, self.geometry))

    def with_bounds(self, bounds: Box) -> "CenteredGrid":
        """The same values in another box."""
        return CenteredGrid.of(self.values, self.boundary, UniformGrid(self.resolution, bounds))

    def uniform_values(self) -> Any:
        """The values, stored along all spatial dims."""
        return math.store(self.values, self.resolution)
