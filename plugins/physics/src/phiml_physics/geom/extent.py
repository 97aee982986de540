"""How far geometries reach along each axis."""

import functools
from typing import Any

from phiml_core import math
from phiml_core.dispatch import generic
from phiml_core.field import Geometry, bounding_radius

from .box import Box
from .intersection import Intersection
from .sphere import Sphere
from .uniform_grid import UniformGrid
from .union import Union

__all__ = ["bounding_box"]


@generic
def bounding_box(geometry: Any) -> Any:
    """A `Box` that holds a geometry with all its regions, for each element of a batch; as small as is easily known."""


@bounding_box.dispatch
def _(geometry: Geometry):
    return _around(geometry, geometry.center, bounding_radius(geometry))


@bounding_box.dispatch
def _(geometry: Sphere):
    return _around(geometry, geometry.center, geometry.radius)


@bounding_box.dispatch
def _(geometry: Box):
    return _around(geometry, geometry.center, geometry.half_size)


@bounding_box.dispatch
def _(geometry: UniformGrid):
    return geometry.bounds


@bounding_box.dispatch
def _(geometry: Union):
    boxes = [bounding_box(p) for p in geometry.parts]
    lower, upper = ([getattr(box, end) for box in boxes] for end in ("lower", "upper"))
    return Box(functools.reduce(math.minimum, lower), functools.reduce(math.maximum, upper))


@bounding_box.dispatch
def _(geometry: Intersection):
    return bounding_box(geometry.parts[0])


def _around(geometry: Geometry, center: Any, reach: Any) -> Box:
    dims = geometry.shape.without("vector").without(geometry.shape.batch)
    lower, upper = (math.expand(end, dims) for end in (center - reach, center + reach))
    return Box(math.min_(lower, dims), math.max_(upper, dims)) if dims else Box(center - reach, center + reach)
