"""Grids: values at the centers or on the faces of the cells of a uniform grid."""

from . import arithmetic, sampling  # noqa: F401  their methods belong to the grids, however these are imported
from .centered import CenteredGrid
from .errors import GridError, ResolutionMismatch
from .noise import Noise
from .staggered import StaggeredGrid

__all__ = ["CenteredGrid", "GridError", "ResolutionMismatch", "Noise", "StaggeredGrid"]
