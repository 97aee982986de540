"""Box: an axis-aligned cuboid, rectangle or interval."""

from typing import Any

from phiml_core import math
from phiml_core.field import (
    Geometry,
    approximate_signed_distance,
    bounding_radius,
    lies_inside,
    moved,
)
from phiml_core.math import Tensor, channel
from phiml_core.shape import Shape, merge_shapes

from .errors import GeometryError
from .vectors import check_vector, over_instances, space_vector

__all__ = ["Box", "Cuboid"]


class Box(Geometry):
    """All positions between two corners.

    >>> Box(x=100, y=(20, 50)).size
    (x=100, y=30)

    Args:
        lower, upper: corners: tensor (…, vector), or a sequence with one number for each axis in `axes`.
        axes: for each axis its upper end, a pair of lower and upper end, or None for an axis along which the box is
            infinite.

    Raises:
        GeometryError: no axis is given, or a corner has other components.
    """

    __value_attrs__ = ("lower", "upper")
    lower: Any
    upper: Any

    def __init__(self, lower: Any = None, upper: Any = None, **axes: Any):
        if lower is None and upper is None:
            if not axes:
                raise GeometryError("A box needs a size for each axis, e.g. Box(x=100, y=(0, 50)).")
            pairs = [_ends(name, value) for name, value in axes.items()]
            dim = channel(vector=tuple(axes))
            self.lower, self.upper = (math.wrap([p[i] for p in pairs], dim) for i in (0, 1))
            return
        if axes or upper is None:
            raise GeometryError(
                "A box is given by two corners, Box(lower, upper), or by its axes, Box(x=100, y=(0, 50))."
            )
        upper = upper if isinstance(upper, Tensor) or not isinstance(lower, Tensor) else _like(upper, lower)
        if not isinstance(upper, Tensor) or "vector" not in upper.shape.names:
            raise GeometryError(f"Corners of a box are vectors, e.g. vec(x=1, y=2), not {upper!r}.")
        names = upper.shape.get_item_names("vector")
        if names is None:
            raise GeometryError(f"The corner {upper} of a box does not name its axes.  Use vec(x=…, y=…).")
        self.upper = upper
        self.lower = space_vector(0 if lower is None else lower, names, "The lower corner of a box")

    def __class_getitem__(cls, item: Any) -> "Box":
        """`Box['x,y', 0:1, :]` as in earlier versions of PhiFlow."""
        names, *ends = item if isinstance(item, tuple) else (item,)
        axes = [n.strip() for n in names.split(",")]
        return cls(**{n: None if s.stop is None else (s.start or 0, s.stop) for n, s in zip(axes, ends, strict=True)})

    @property
    def shape(self) -> Shape:
        return merge_shapes(self.lower.shape, self.upper.shape)

    @property
    def size(self) -> Any:
        """Lengths of the edges: tensor (…, vector)."""
        return self.upper - self.lower

    @property
    def half_size(self) -> Any:
        """Half the lengths of the edges: tensor (…, vector)."""
        return self.size * 0.5

    @property
    def center(self) -> Any:
        return (self.lower + self.upper) * 0.5

    @property
    def volume(self) -> Any:
        return math.prod(self.size, "vector")

    @property
    def bounds(self) -> "Box":
        """The box itself."""
        return self


def Cuboid(center: Any = 0, half_size: Any = None, **size: Any) -> Box:
    """The box around a center.

    Args:
        center: tensor (…, vector), or a number for all axes.
        half_size: half the lengths of the edges; instead of `size`.
        size: length along each axis.
    """
    if half_size is None:
        if not size:
            raise GeometryError("A cuboid needs a size for each axis, e.g. Cuboid(center, x=2, y=1).")
        half_size = math.vec(**size) * 0.5
    names = half_size.shape.get_item_names("vector")
    center = space_vector(center, names, "The center of a cuboid")
    return Box(center - half_size, center + half_size)


def _ends(name: str, value: Any) -> tuple[Any, Any]:
    if value is None:
        return -float("inf"), float("inf")
    if isinstance(value, (tuple, list)):
        if len(value) != 2:
            raise GeometryError(f"Axis {name!r} of a box has {len(value)} ends, expected a pair (lower, upper).")
        return value[0], value[1]
    return 0, value


def _like(value: Any, corner: Tensor) -> Tensor:
    return space_vector(value, corner.shape.get_item_names("vector") or (), "The upper corner of a box")


@approximate_signed_distance.dispatch
def _(geometry: Box, location):
    """Exact: Euclidean outside, distance from the nearest side inside."""
    location = check_vector(location, geometry.vector.item_names or (), "A position")
    beyond = abs(location - geometry.center) - geometry.half_size
    outside = math.vec_length(math.maximum(beyond, 0.0), "vector")
    distance = outside + math.minimum(math.max_(beyond, "vector"), 0.0)
    return over_instances(distance, geometry.shape, location.shape, math.min_)


@lies_inside.dispatch
def _(geometry: Box, location):
    location = check_vector(location, geometry.vector.item_names or (), "A position")
    inside = math.all_((location >= geometry.lower) & (location <= geometry.upper), "vector")
    return over_instances(inside, geometry.shape, location.shape, math.any_)


@bounding_radius.dispatch
def _(geometry: Box):
    return math.vec_length(geometry.half_size, "vector")


@moved.dispatch
def _(geometry: Box, delta):
    return Box(geometry.lower + delta, geometry.upper + delta)
