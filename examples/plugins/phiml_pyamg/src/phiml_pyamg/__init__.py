"""Algebraic multigrid as a preconditioner."""

from .amg import PyAMG

__all__ = ["PyAMG"]
