"""Geometries, grids, advection and fluids, as a plugin of phiml-core."""

from collections.abc import Mapping, Sequence

from phiml_core.plugin.hookspecs import Demo, hookimpl

__all__ = ["phiml_demos", "phiml_register", "requires_core"]

requires_core = ">=0.1,<0.2"


@hookimpl
def phiml_register() -> None:
    """Register the methods of this package by importing the modules that hold them."""
    from . import registered  # noqa: F401


@hookimpl
def phiml_demos() -> Mapping[str, Demo]:
    """`phiml demo smoke`: a plume around a shape read from an image."""
    return {"smoke": _smoke}


def _smoke(argv: Sequence[str]) -> int:
    from .demo import main

    return main(argv)
