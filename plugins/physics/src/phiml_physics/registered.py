"""Importing this module registers all methods of the package."""

from . import operators  # noqa: F401
from .geom import box, complement, sphere, uniform_grid, union  # noqa: F401
from .grid import arithmetic, sampling  # noqa: F401

__all__: list[str] = []
