"""Geometries: boxes, spheres, shapes from images, what they have in common and what is outside; and the cells of
grids.
"""

from typing import Any

from phiml_core.field import Geometry
from phiml_core.field import complement as invert
from phiml_core.field import scaled as scale

from . import box_fraction, image_fraction, scaled  # noqa: F401  methods of geometries and grids
from .box import Box, Cuboid
from .complement import Complement
from .embedded import Embedded, embed, infinite_cylinder
from .errors import GeometryError
from .extent import bounding_box
from .image import Image, image_geometry
from .image_mask import ImageError
from .intersection import Intersection, cylinder, intersection
from .rotated import Rotated
from .sphere import Sphere
from .uniform_grid import UniformGrid
from .union import Union, union

__all__ = [
    "Box",
    "Complement",
    "Cuboid",
    "Embedded",
    "Geometry",
    "GeometryError",
    "Image",
    "ImageError",
    "Intersection",
    "Rotated",
    "Sphere",
    "UniformGrid",
    "Union",
    "bounding_box",
    "cylinder",
    "embed",
    "image_geometry",
    "infinite_cylinder",
    "intersection",
    "invert",
    "rotate",
    "scale",
    "union",
]


def rotate(geometry: Geometry, rotation: Any, pivot: Any = None) -> Geometry:
    """The geometry turned counter-clockwise; see `Geometry.rotated`."""
    return geometry.rotated(rotation, pivot)
