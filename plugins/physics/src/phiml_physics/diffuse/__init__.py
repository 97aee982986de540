"""Diffusion of fields on grids."""

from .explicit import differential, explicit, finite_difference
from .fourier import fourier
from .implicit import implicit

__all__ = ["differential", "explicit", "finite_difference", "fourier", "implicit"]
