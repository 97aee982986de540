"""Differential operators on grids."""

from .curl import curl
from .divergence import divergence
from .gradient import spatial_gradient
from .laplace import laplace

__all__ = ["curl", "divergence", "laplace", "spatial_gradient"]
