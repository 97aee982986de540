"""Grids: values at the centers or on the faces of the cells of a uniform grid."""

from .centered import CenteredGrid
from .errors import GridError, ResolutionMismatch
from .staggered import StaggeredGrid

__all__ = ["CenteredGrid", "GridError", "ResolutionMismatch", "StaggeredGrid"]
