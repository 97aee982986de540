"""Embedded: a geometry that goes on without end along further axes."""

from typing import Any

from phiml_core import math
from phiml_core.field import (
    Geometry,
    approximate_fraction_inside,
    approximate_signed_distance,
    bounding_radius,
    lies_inside,
    moved,
)
from phiml_core.math import Tensor, channel
from phiml_core.shape import Shape, merge_shapes

from .box import Box
from .errors import GeometryError
from .sphere import Sphere
from .uniform_grid import UniformGrid, constant
from .vectors import check_vector

__all__ = ["Embedded", "embed", "infinite_cylinder"]


class Embedded(Geometry):
    """A geometry of some axes of space, the same all along the others; made by `embed`.

    Args:
        geometry: what is seen along the other axes.
        axes: names of all axes of space, in order.
        middle: where its center is taken to be along the further axes, about which it turns: tensor (vector), by default 0.
    """

    __value_attrs__ = ("geometry", "middle")
    geometry: Any
    middle: Any
    axes: tuple[str, ...]

    def __init__(self, geometry: Geometry, axes: tuple[str, ...], middle: Any = None):
        self.geometry, self.axes = geometry, axes
        further = tuple([n for n in axes if n not in (geometry.vector.item_names or ())])
        self.middle = constant([0.0] * len(further), channel(vector=further)) if middle is None else middle

    @property
    def shape(self) -> Shape:
        return merge_shapes(self.geometry.shape.without("vector"), channel(vector=self.axes))

    @property
    def center(self) -> Any:
        """The center of what is embedded, and `middle` along the further axes."""
        inner = self.geometry.center
        own = inner.shape.get_item_names("vector")
        return math.stack(
            {n: (inner if n in own else self.middle)[{"vector": n}] for n in self.axes}, channel("vector")
        )

    @property
    def volume(self) -> Any:
        return self.geometry.volume * 0 + float("inf")

    def seen(self, location: Any) -> Tensor:
        """The components of positions (…, vector) that count."""
        location = check_vector(location, self.axes, "A position")
        return location[{"vector": ",".join(self.geometry.vector.item_names or ())}]


def embed(geometry: Geometry, axes: Any) -> Geometry:
    """A geometry in a space of more axes, along which it has no end.

    Args:
        geometry: any geometry.
        axes: names of the further axes, e.g. 'z'; those it has are left out.  All axes together are sorted by name.
    """
    names = [n.strip() for n in axes.split(",")] if isinstance(axes, str) else list(getattr(axes, "names", axes) or ())
    own = geometry.vector.item_names or ()
    new = [n for n in names if n and n not in own]
    return Embedded(geometry, tuple(sorted((*own, *new)))) if new else geometry


def infinite_cylinder(center: Any = None, radius: Any = None, inf_dim: Any = None, **axes: Any) -> Geometry:
    """A cylinder without ends: a `Sphere` that is the same all along `inf_dim`.

    >>> infinite_cylinder(x=15, y=32, radius=5, inf_dim='z')

    Args:
        center: tensor (…, vector) without the axis of the cylinder, or coordinates by axis.
        radius: number or tensor in length.
        inf_dim: name of the axis that the cylinder goes along; None for a disc in the plane.

    Raises:
        GeometryError: the center has a coordinate along the axis of the cylinder.
    """
    ball = Sphere(center, radius, **axes)
    body = embed(ball, inf_dim or ())
    if inf_dim and body is ball:
        raise GeometryError(
            f"The center {ball.center} of a cylinder along {inf_dim} has no coordinate along it.  Leave it out."
        )
    return body


@approximate_signed_distance.dispatch
def _(geometry: Embedded, location):
    return approximate_signed_distance(geometry.geometry, geometry.seen(location))


@lies_inside.dispatch
def _(geometry: Embedded, location):
    return lies_inside(geometry.geometry, geometry.seen(location))


@approximate_fraction_inside.dispatch
def _(geometry: Embedded, other: UniformGrid, balance):
    """That of what is embedded in the cells that are seen along the other axes."""
    names = geometry.geometry.vector.item_names or ()
    ends = dict(zip(other.names, zip(other.lower, other.upper, strict=True), strict=True))
    resolution = merge_shapes(*[other.resolution[n] for n in names])
    cells = UniformGrid(resolution, Box(**{n: ends[n] for n in names}), other.normal if other.normal in names else None)
    return math.expand(approximate_fraction_inside(geometry.geometry, cells, balance), other.resolution)


@bounding_radius.dispatch
def _(geometry: Embedded):
    return geometry.volume


@moved.dispatch
def _(geometry: Embedded, delta):
    if not (isinstance(delta, Tensor) and "vector" in delta.shape.names):
        return Embedded(moved(geometry.geometry, delta), geometry.axes, geometry.middle + delta)
    further = ",".join(geometry.middle.shape.get_item_names("vector"))
    middle = geometry.middle + check_vector(delta, geometry.axes, "A way")[{"vector": further}]
    return Embedded(moved(geometry.geometry, geometry.seen(delta)), geometry.axes, middle)
