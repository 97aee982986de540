"""StaggeredGrid: the components of a vector, each at the centers of the faces it flows through."""

import functools
from typing import Any, Self

from phiml_core import math
from phiml_core.extrapolation import Extrapolation
from phiml_core.math import channel
from phiml_core.shape import Shape, merge_shapes
from phiml_core.tensor import Stacked

from phiml_physics.geom.box import Box
from phiml_physics.geom.uniform_grid import UniformGrid

from .axis import regrid
from .boundaries import check_profile, grid_boundary
from .calculus import Calculus
from .centered import CenteredGrid
from .values import face_values, grid_geometry

__all__ = ["StaggeredGrid", "face_grids"]


@functools.lru_cache(maxsize=256)
def _faces(geometry: UniformGrid, outer: tuple[tuple[bool, bool], ...]) -> tuple[UniformGrid, ...]:
    return tuple(geometry.faces(name, *ends) for name, ends in zip(geometry.names, outer, strict=True))


def face_grids(geometry: UniformGrid, boundary: Extrapolation) -> tuple[UniformGrid, ...]:
    """For each axis the faces across it whose values a staggered grid with this boundary stores."""
    return _faces(geometry, tuple([boundary.component(n).outer_faces(n) for n in geometry.names]))


class StaggeredGrid(Calculus):
    """A vector on the faces of the cells of a uniform grid (marker and cell, Harlow and Welch 1965).

    Component x is known on the faces across x.  The outermost faces are stored where the boundary leaves them free
    (zero gradient), one of both where it is periodic, none where it fixes them: along x there are n + 1, n or n - 1
    faces.

    Args:
        values: number, tuple or tensor (…, vector), tensor of components of these sizes, field, geometry, or function
            of the position.
        boundary: what lies beyond and on the outermost faces: number, vector, name, `Extrapolation`, or sides.
        bounds, resolution, extrapolation, convert, sizes: as for `CenteredGrid`.

    Raises:
        GridError, GeometryError: no resolution, or bounds, boundary or vectors that do not fit the axes.
        ResolutionMismatch: a component of `values` has another number of faces.
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
        self.geometry = grid_geometry(values, bounds, resolution, sizes, staggered=True)
        self.boundary = grid_boundary(boundary if extrapolation is None else extrapolation, self.geometry.names)
        for name, faces in zip(self.geometry.names, self.faces, strict=True):
            check_profile(self.boundary.component(name), faces, f"component {name!r}")
        self.values = face_values(values, self.faces, self.geometry, convert)

    @classmethod
    def of(cls, values: Any, boundary: Extrapolation, geometry: UniformGrid) -> "StaggeredGrid":
        """The grid of these parts, unchecked."""
        new = object.__new__(cls)
        new.geometry, new.boundary, new.values = geometry, boundary, values
        return new

    @classmethod
    def from_components(cls, components: Any, boundary: Extrapolation, geometry: UniformGrid) -> "StaggeredGrid":
        """The grid of one tensor for each axis, unchecked."""
        return cls.of(Stacked(tuple(components), channel(vector=geometry.names)), boundary, geometry)

    @classmethod
    def zeros(cls, boundary: Extrapolation, geometry: UniformGrid) -> "StaggeredGrid":
        """A grid of zeros that take no memory: a place to sample to."""
        zero = math.wrap(0.0)
        return cls.from_components(
            [math.expand(zero, f.resolution) for f in face_grids(geometry, boundary)], boundary, geometry
        )

    def __with_attrs__(self, values: Any, boundary: Any) -> "StaggeredGrid":
        return StaggeredGrid.of(values, boundary, self.geometry)

    def with_values(self, values: Any) -> Self:
        return StaggeredGrid.of(face_values(values, self.faces, self.geometry), self.boundary, self.geometry)  # type: ignore[return-value]

    def with_boundary(self, boundary: Any) -> Self:
        """The same field with another boundary; values on faces that this one stores and the other does not are left
        out, and the other way round taken from this boundary."""
        rule = grid_boundary(boundary, self.geometry.names)
        targets = face_grids(self.geometry, rule)
        for name, faces in zip(self.geometry.names, targets, strict=True):
            check_profile(rule.component(name), faces, f"component {name!r}")
        parts = zip(self.geometry.names, self.components, self.faces, targets, strict=True)
        values = [v if s is t else regrid(v, self.boundary.component(n), s, t) for n, v, s, t in parts]
        return StaggeredGrid.from_components(values, rule, self.geometry)  # type: ignore[return-value]

    with_extrapolation = with_boundary

    @property
    def faces(self) -> tuple[UniformGrid, ...]:
        """For each axis the faces whose values are stored."""
        return face_grids(self.geometry, self.boundary)

    @property
    def components(self) -> tuple[Any, ...]:
        """The values of each component."""
        return math.unstack(self.values, "vector")

    @property
    def shape(self) -> Shape:
        rest = self.values.shape.without(self.geometry.resolution)
        return merge_shapes(rest, self.geometry.resolution, channel(vector=self.geometry.names))

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
        """Positions of the values: for each component (along `component`) a tensor (…, vector)."""
        return Stacked(tuple(f.center for f in self.faces), channel(component=self.geometry.names))

    sampled_at = "face"
    is_grid = is_staggered = True
    is_centered = False

    def at_centers(self) -> CenteredGrid:
        """The vector at the centers of the cells: the mean of both faces."""
        from phiml_core.field import sample

        return CenteredGrid.of(sample(self, self.geometry), self.boundary, self.geometry)

    def at_faces(self, boundary: Any = None) -> "StaggeredGrid":
        """The grid itself, or with another boundary."""
        return self if boundary is None else self.with_boundary(boundary)

    def with_bounds(self, bounds: Box) -> "StaggeredGrid":
        """The same values in another box."""
        return StaggeredGrid.of(self.values, self.boundary, UniformGrid(self.resolution, bounds))

    def staggered_tensor(self) -> Any:
        """All components with one value more than cells along each axis, as one tensor; values not defined are zero."""
        full = []
        for name, value in zip(self.geometry.names, self.components, strict=True):
            stored = self.boundary.component(name).outer_faces(name)
            wide = math.pad(value, {name: (int(not stored[0]), int(not stored[1]))}, self.boundary.component(name))
            full.append(math.pad(wide, {n: (0, 1) for n in self.geometry.names if n != name}, 0))
        return math.stack(full, channel(vector=self.geometry.names))
