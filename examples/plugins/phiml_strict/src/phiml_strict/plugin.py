"""What phiml-core loads: hooks that register the backend and let `phiml doctor` try it."""

import importlib.metadata

from phiml_core.plugin import SelfCheck, backend_check
from phiml_core.plugin.hookspecs import hookimpl

__all__ = ["phiml_checks", "phiml_register", "requires_core"]

requires_core = ">=0.1,<0.2"


@hookimpl
def phiml_register() -> None:
    """Register the backend and, by importing the modules that hold them, its methods."""
    from phiml_core.backend import register_backend

    from . import elementwise, reduce, structure, transforms  # noqa: F401
    from .trait import STRICT

    register_backend(STRICT)


@hookimpl
def phiml_checks() -> list[SelfCheck]:
    """The backend computes; it neither compiles nor differentiates."""
    from .trait import STRICT

    return [backend_check(STRICT, lambda: {"array-api-strict": importlib.metadata.version("array-api-strict")})]
