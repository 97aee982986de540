"""TensorFlow tensors, transforms and random numbers, as a plugin of phiml-core."""

import importlib.metadata

from phiml_core.plugin import SelfCheck, backend_check
from phiml_core.plugin.hookspecs import hookimpl

__all__ = ["phiml_checks", "phiml_register", "requires_core"]

requires_core = ">=0.1,<0.2"
BUILDS = ("tensorflow", "tensorflow-cpu", "tensorflow-intel", "tensorflow-macos")
"""Distributions that have the package `tensorflow`."""


@hookimpl
def phiml_register() -> None:
    """Register the methods of this package by importing the modules that hold them."""
    from phiml_core.backend import register_backend

    from . import elementwise, extremes, reduce, sparse, structure, transforms, variables  # noqa: F401
    from .internals import leave_as_they_are
    from .trait import TENSORFLOW

    leave_as_they_are("phiml_core", "phiml_solvers", "phiml_physics", "phiml_tf")
    register_backend(TENSORFLOW)


@hookimpl
def phiml_checks() -> list[SelfCheck]:
    """TensorFlow computes, compiles and differentiates, each for real."""
    from .trait import TENSORFLOW

    return [backend_check(TENSORFLOW, versions)]


def versions() -> dict[str, str]:
    """The build of TensorFlow that is installed and its version."""
    found = {}
    for name in BUILDS:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
