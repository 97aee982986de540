"""Geometric multigrid on grids with obstacles."""

from .cycle import multigrid

__all__ = ["multigrid"]
