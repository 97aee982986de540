"""Diffusion of fields on grids."""

from .explicit import explicit

__all__ = ["explicit"]
