"""Geometric multigrid on grids with varying coefficients and obstacles."""

from . import in_place, star
from .word import multigrid

__all__ = ["in_place", "multigrid", "star"]
