"""Rotated: a geometry turned about its middle."""

from typing import Any

from phiml_core import math
from phiml_core.field import (
    Geometry,
    approximate_signed_distance,
    bounding_radius,
    lies_inside,
    moved,
    turned,
)
from phiml_core.math import Tensor
from phiml_core.shape import Shape, merge_shapes

from .vectors import check_vector, over_instances, turned_point

__all__ = ["Rotated"]


class Rotated(Geometry):
    """A geometry turned about the middle of each of its regions; made by `geometry.rotated(angle)`.

    Args:
        geometry: as it is when it is not turned.
        rotation: matrix (vector, ~vector), a leaf of the tree: a compiled function takes any angle.
    """

    __value_attrs__ = ("geometry", "rotation")
    geometry: Any
    rotation: Any

    def __init__(self, geometry: Geometry, rotation: Tensor):
        self.geometry, self.rotation = geometry, rotation

    @property
    def shape(self) -> Shape:
        return merge_shapes(self.geometry.shape, self.rotation.shape.without("~vector"))

    @property
    def center(self) -> Any:
        return self.geometry.center

    @property
    def volume(self) -> Any:
        return self.geometry.volume

    def local(self, location: Any) -> Tensor:
        """Positions (…, vector) as the geometry that is not turned has them."""
        location = check_vector(location, self.vector.item_names or (), "A position")
        return math.rotate_vector(location - self.center, self.rotation, invert=True) + self.center


@turned.dispatch
def _(geometry: Geometry, rotation, pivot):
    if pivot is not None:
        geometry = moved(geometry, turned_point(geometry.center, rotation, pivot) - geometry.center)
    return Rotated(geometry, rotation)


@turned.dispatch
def _(geometry: Rotated, rotation, pivot):
    inner = turned(geometry.geometry, rotation, pivot)
    dim = geometry.vector
    columns = [math.rotate_vector(c, rotation) for c in math.unstack(geometry.rotation, "~vector")]
    columns = [math.stack(math.unstack(c, "vector"), dim) for c in columns]  # stored like a matrix made of an angle
    return Rotated(inner.geometry, math.stack(columns, math.dual(vector=dim.item_names)))


@approximate_signed_distance.dispatch
def _(geometry: Rotated, location):
    distance = approximate_signed_distance(geometry.geometry, geometry.local(location))
    return over_instances(distance, geometry.shape, location.shape, math.min_)


@lies_inside.dispatch
def _(geometry: Rotated, location):
    inside = lies_inside(geometry.geometry, geometry.local(location))
    return over_instances(inside, geometry.shape, location.shape, math.any_)


@bounding_radius.dispatch
def _(geometry: Rotated):
    return bounding_radius(geometry.geometry)


@moved.dispatch
def _(geometry: Rotated, delta):
    return Rotated(moved(geometry.geometry, delta), geometry.rotation)
