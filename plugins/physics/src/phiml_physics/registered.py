"""Importing this module registers all methods of the package."""

from . import advect, diffuse, fluid, geom, grid, looks, operators  # noqa: F401

__all__: list[str] = []
