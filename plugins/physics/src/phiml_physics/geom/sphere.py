"""Sphere: a ball, a disc or an interval."""

from typing import Any

from phiml_core import math
from phiml_core.field import Geometry, approximate_signed_distance, bounding_radius, moved, turned
from phiml_core.math import Tensor
from phiml_core.shape import Shape, merge_shapes

from .errors import GeometryError
from .vectors import check_vector, over_instances, space_vector, turned_point

__all__ = ["Sphere"]

_UNIT_VOLUME = {1: 2.0, 2: 3.141592653589793, 3: 4.1887902047863905}


class Sphere(Geometry):
    """All positions within a distance of a center.

    >>> Sphere(x=50, y=9.5, radius=5).volume
    78.53982

    Args:
        center: tensor (…, vector).
        radius: number or tensor in length.
        axes: coordinates of the center by axis, instead of `center`.

    Raises:
        GeometryError: center or radius is missing, or the center does not name its axes.
    """

    __value_attrs__ = ("_center", "radius")
    radius: Any

    def __init__(self, center: Any = None, radius: Any = None, **axes: Any):
        if (center is None) == (not axes):
            raise GeometryError(
                "A sphere needs a center, e.g. Sphere(x=50, y=10, radius=5) or Sphere(vec(x=50, y=10), 5)."
            )
        if radius is None:
            raise GeometryError("A sphere needs a radius, e.g. Sphere(x=50, y=10, radius=5).")
        if axes:
            center = math.vec(**axes)
        if not isinstance(center, Tensor) or "vector" not in center.shape.names:
            raise GeometryError(f"The center of a sphere is a vector, e.g. vec(x=1, y=2), not {center!r}.")
        if center.shape.get_item_names("vector") is None:
            raise GeometryError(f"The center {center} of a sphere does not name its axes.  Use vec(x=…, y=…).")
        self._center = center
        self.radius = radius if isinstance(radius, Tensor) else math.wrap(radius)

    @property
    def center(self) -> Any:
        return self._center

    @property
    def shape(self) -> Shape:
        return merge_shapes(self._center.shape, self.radius.shape)

    @property
    def volume(self) -> Any:
        return _UNIT_VOLUME[self.spatial_rank] * self.radius**self.spatial_rank

    @property
    def bounds(self) -> Any:
        """The smallest box around each sphere."""
        from .box import Cuboid

        return Cuboid(self._center, space_vector(self.radius, self.vector.item_names or (), "The radius"))


@approximate_signed_distance.dispatch
def _(geometry: Sphere, location):
    location = check_vector(location, geometry.vector.item_names or (), "A position")
    distance = math.vec_length(location - geometry.center, "vector") - geometry.radius
    return over_instances(distance, geometry.shape, location.shape, math.min_)


@bounding_radius.dispatch
def _(geometry: Sphere):
    return geometry.radius


@moved.dispatch
def _(geometry: Sphere, delta):
    return Sphere(geometry.center + delta, geometry.radius)


@turned.dispatch
def _(geometry: Sphere, rotation, pivot):
    return geometry if pivot is None else Sphere(turned_point(geometry.center, rotation, pivot), geometry.radius)
