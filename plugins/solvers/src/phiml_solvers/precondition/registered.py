"""Importing this module registers all preconditioners of this package."""

from . import block, incomplete, jacobi, spectral

__all__ = ["block", "incomplete", "jacobi", "spectral"]
