"""Geometries: boxes, spheres, shapes from images, what they have in common and what is outside; and the cells of
grids.
"""

from phiml_core.field import Geometry

from . import box_fraction, image_fraction  # noqa: F401  methods of geometries and grids
from .box import Box, Cuboid
from .complement import Complement
from .embedded import Embedded, embed, infinite_cylinder
from .errors import GeometryError
from .image import Image, image_geometry
from .image_mask import ImageError
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
    "Rotated",
    "Sphere",
    "UniformGrid",
    "Union",
    "embed",
    "image_geometry",
    "infinite_cylinder",
    "union",
]
