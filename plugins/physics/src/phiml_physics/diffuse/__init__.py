"""Diffusion of fields on grids."""

from .explicit import explicit
from .implicit import implicit

__all__ = ["explicit", "implicit"]
