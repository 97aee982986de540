"""Geometric multigrid on grids with varying coefficients and obstacles."""

from . import star
from .word import multigrid

__all__ = ["multigrid", "star"]
