"""Differential operators on grids."""

from .curl import curl
from .divergence import divergence
from .gradient import spatial_gradient
from .laplace import laplace
from .spectral import fourier_laplace, fourier_poisson

__all__ = ["curl", "divergence", "fourier_laplace", "fourier_poisson", "laplace", "spatial_gradient"]
