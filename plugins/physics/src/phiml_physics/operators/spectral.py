"""The Laplace operator of periodic grids in the spectrum: exact for all waves that the cells show."""

from typing import Any

from phiml_core import math

from phiml_physics.advect.backtrace import components_of, rebuild
from phiml_physics.grid.errors import GridError
from phiml_physics.grid.lookup import is_periodic

__all__ = ["fourier_laplace", "fourier_poisson"]


def fourier_laplace(grid: Any, times: int = 1) -> Any:
    """The Laplacian of a periodic grid, applied `times` times."""
    return _each(math.fourier_laplace, grid, times)


def fourier_poisson(grid: Any, times: int = 1) -> Any:
    """The grid of mean 0 whose Laplacian, applied `times` times, is a periodic grid less its mean."""
    return _each(math.fourier_poisson, grid, times)


def _each(function: Any, grid: Any, times: int) -> Any:
    parts = []
    for group in components_of(grid):
        for values, boundary, cells in group:
            if not all(is_periodic(boundary, n) for n in cells.names):
                raise GridError(
                    f"A spectrum of waves belongs to a periodic grid, not to the boundary {boundary}.  Use laplace, or solve_linear."
                )
            parts.append(function(values, cells.dx, times))
    return rebuild(grid, parts)
