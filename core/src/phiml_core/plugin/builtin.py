"""What core itself contributes to the hooks: the self-check of the NumPy backend."""

import importlib.metadata

from .hookspecs import hookimpl
from .selfcheck import SelfCheck
from .trials import backend_check

__all__ = ["phiml_checks"]


@hookimpl
def phiml_checks() -> list[SelfCheck]:
    """NumPy computes; it neither compiles nor differentiates."""
    from ..backend.numpy import NUMPY

    return [backend_check(NUMPY, lambda: {name: importlib.metadata.version(name) for name in ("numpy", "scipy")})]
