"""Intersection: what lies in all of several geometries; the cylinder is one."""

import functools
from typing import Any

from phiml_core import math
from phiml_core.field import (
    Geometry,
    approximate_fraction_inside,
    approximate_signed_distance,
    bounding_radius,
    lies_inside,
)
from phiml_core.shape import Shape, merge_shapes

from .box import Box
from .compound import Compound, listed
from .embedded import infinite_cylinder
from .errors import GeometryError
from .vectors import space_vector

__all__ = ["Intersection", "cylinder", "intersection"]


class Intersection(Compound):
    """What several geometries have in common; made by `intersection(a, b, …)`.

    Its middle and its bounding radius are those of the first one, which holds it.
    """

    @property
    def shape(self) -> Shape:
        return merge_shapes(*(p.shape for p in self.parts))

    @property
    def center(self) -> Any:
        return self.parts[0].center

    @property
    def volume(self) -> Any:
        """That of the first part, times how much of its bounding box the others hold, found on a grid of 64 cells along each axis."""
        from .extent import bounding_box
        from .uniform_grid import UniformGrid

        box = bounding_box(self.parts[0])
        names = self.vector.item_names or ()
        cells = UniformGrid(math.spatial(**dict.fromkeys(names, 64)), box)
        return math.sum_(approximate_fraction_inside(self, cells), cells.resolution) * cells.volume


def intersection(*geometries: Any) -> Geometry:
    """What lies in all of several geometries of one space; the first one should be small, since it says where the result is.

    Raises:
        GeometryError: no geometry is given, or their spaces have different axes.
    """
    conflict = "Geometries of spaces with the axes {axes} have nothing in common."
    geometries = listed(geometries, "An intersection", conflict)
    return geometries[0] if len(geometries) == 1 else Intersection(geometries)


def cylinder(center: Any = None, radius: Any = None, depth: Any = None, axis: str = "z", **axes: Any) -> Geometry:
    """A cylinder between two discs.

    >>> cylinder(x=5, y=5, z=2, radius=1, depth=4, axis='z')

    Args:
        center: tensor (…, vector), or coordinates by axis.
        radius: number or tensor in length.
        depth: distance of both discs, number or tensor in length.
        axis: name of the axis that the cylinder goes along.

    Raises:
        GeometryError: radius or depth is missing, or space has no such axis.
    """
    middle: Any = math.vec(**axes) if center is None and axes else center
    names = None if middle is None else middle.shape.get_item_names("vector")
    if middle is None or radius is None or depth is None or not names or axis not in names:
        raise GeometryError(
            "A cylinder needs a center, a radius and a depth along one of its axes, e.g. "
            f"cylinder(x=1, y=2, z=3, radius=1, depth=4, axis='z'), not center={middle}, radius={radius}, depth={depth}, {axis=}."
        )
    half = space_vector(
        math.stack(
            {n: math.wrap(depth) * 0.5 if n == axis else math.wrap(radius) for n in names}, math.channel("vector")
        ),
        names,
        "A size",
    )
    side = {n: middle[{"vector": n}] for n in names if n != axis}
    round_ = infinite_cylinder(math.stack(side, math.channel("vector")), radius, axis)
    if round_.vector.item_names != names:
        raise GeometryError(f"The axes {','.join(names)} of a cylinder are expected in the order of their names.")
    return Intersection((Box(middle - half, middle + half), round_))


@approximate_signed_distance.dispatch
def _(geometry: Intersection, location):
    return functools.reduce(math.maximum, [approximate_signed_distance(p, location) for p in geometry.parts])


@lies_inside.dispatch
def _(geometry: Intersection, location):
    return functools.reduce(lambda a, b: a & b, [lies_inside(p, location) for p in geometry.parts])


@approximate_fraction_inside.dispatch
def _(geometry: Intersection, other: Geometry, balance):
    """The parts are taken to cut a region in independent directions."""
    parts = [approximate_fraction_inside(p, other, balance) for p in geometry.parts]
    return functools.reduce(lambda a, b: a * b, parts)


@bounding_radius.dispatch
def _(geometry: Intersection):
    return bounding_radius(geometry.parts[0])
