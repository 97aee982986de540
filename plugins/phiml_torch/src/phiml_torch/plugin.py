"""PyTorch tensors, transforms and random numbers, as a plugin of phiml-core."""

import dataclasses
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
    from .trait import TORCH

    register_backend(TORCH)


@hookimpl
def phiml_checks() -> list[SelfCheck]:
    """PyTorch computes, compiles and differentiates, each for real."""
    from .compile import description
    from .trait import TORCH

    check = backend_check(TORCH, lambda: {name: importlib.metadata.version(name) for name in ("torch",)})
    compile_ = check.compile
    assert compile_ is not None
    return [dataclasses.replace(check, compile=lambda: f"{compile_()}, {description()}")]
