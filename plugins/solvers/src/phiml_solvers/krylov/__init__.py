"""Krylov methods."""

from .cg import CG

__all__ = ["CG"]
