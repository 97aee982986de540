"""Union: what lies in at least one of several geometries."""

import functools
from typing import Any

from phiml_core import math
from phiml_core.field import (
    Geometry,
    approximate_fraction_inside,
    approximate_signed_distance,
    bounding_radius,
    join,
    lies_inside,
)
from phiml_core.shape import Shape, merge_shapes

from .compound import Compound, listed

__all__ = ["Union", "union"]


class Union(Compound):
    """Several geometries as one; made by `union(a, b, …)` or `a | b`."""

    @property
    def shape(self) -> Shape:
        return merge_shapes(*(p.shape.without(p.shape.instance) for p in self.parts))

    @property
    def center(self) -> Any:
        """Middle of the centers of all parts."""
        centers = [math.mean(p.center, p.center.shape.instance) for p in self.parts]
        return functools.reduce(lambda a, b: a + b, centers) / len(centers)

    @property
    def volume(self) -> Any:
        """Sum of the volumes of all parts, which counts overlaps twice."""
        return functools.reduce(lambda a, b: a + b, [math.sum_(p.volume, p.volume.shape.instance) for p in self.parts])


def union(*geometries: Any) -> Geometry:
    """What lies in at least one of several geometries.

    Args:
        geometries: geometries of the same space, or one sequence of them.

    Raises:
        GeometryError: no geometry is given, or their spaces have different axes.
    """
    given = listed(geometries, "A union", "Cannot unite geometries of spaces with the axes {axes}.")
    parts = tuple(q for g in given for q in (g.parts if isinstance(g, Union) else (g,)))
    return parts[0] if len(parts) == 1 else Union(parts)


@join.dispatch
def _(geometry: Geometry, other: Geometry):
    return union(geometry, other)


@approximate_signed_distance.dispatch
def _(geometry: Union, location):
    return functools.reduce(math.minimum, [approximate_signed_distance(p, location) for p in geometry.parts])


@lies_inside.dispatch
def _(geometry: Union, location):
    return functools.reduce(lambda a, b: a | b, [lies_inside(p, location) for p in geometry.parts])


@approximate_fraction_inside.dispatch
def _(geometry: Union, other: Geometry, balance):
    """Parts are taken as apart from each other within one region, up to full."""
    parts = [approximate_fraction_inside(p, other, balance) for p in geometry.parts]
    return math.minimum(functools.reduce(lambda a, b: a + b, parts), 1.0)


@bounding_radius.dispatch
def _(geometry: Union):
    reach = [
        math.max_(r, r.shape.instance)
        for p in geometry.parts
        for r in [math.vec_length(p.center - geometry.center, "vector") + p.bounding_radius()]
    ]
    return functools.reduce(math.maximum, reach)
