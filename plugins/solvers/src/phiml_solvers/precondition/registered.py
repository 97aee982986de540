"""Importing this module registers all preconditioners of this package."""

from ..multigrid import algorithm as multigrid
from . import block, incomplete, jacobi, spectral

__all__ = ["block", "incomplete", "jacobi", "multigrid", "spectral"]
