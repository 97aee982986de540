"""Geometric multigrid on grids with varying coefficients and obstacles."""

from .word import multigrid

__all__ = ["multigrid"]
