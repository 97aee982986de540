"""JAX arrays, transforms and random numbers, as a plugin of phiml-core."""

import importlib.metadata

from phiml_core.plugin import SelfCheck, backend_check
from phiml_core.plugin.hookspecs import hookimpl

__all__ = ["phiml_checks", "phiml_register", "requires_core"]

requires_core = ">=0.1,<0.2"


@hookimpl
def phiml_register() -> None:
    """Register the methods of this package by importing the modules that hold them."""
    from phiml_core.backend import register_backend

    from . import elementwise, reduce, sparse, structure, transforms  # noqa: F401
    from .trait import JAX

    register_backend(JAX)


@hookimpl
def phiml_checks() -> list[SelfCheck]:
    """JAX computes, compiles and differentiates, each for real."""
    from .trait import JAX

    return [backend_check(JAX, lambda: {name: importlib.metadata.version(name) for name in ("jax", "jaxlib")})]
