"""Geometries, grids, advection and fluids, as a plugin of phiml-core."""

from phiml_core.plugin.hookspecs import hookimpl

__all__ = ["phiml_register", "requires_core"]

requires_core = ">=0.1,<0.2"


@hookimpl
def phiml_register() -> None:
    """Register the methods of this package by importing the modules that hold them."""
    from . import registered  # noqa: F401
