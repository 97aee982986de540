"""Registers the NumPy backend."""

from phiml_core.backend.choose import register_backend

from . import elementwise, reduce, sparse, structure, transforms  # noqa: F401  (importing them registers the methods)
from .memory import keep_freed_memory
from .trait import NumPy

__all__ = ["NUMPY", "NumPy"]

keep_freed_memory()
NUMPY = NumPy()
register_backend(NUMPY)
