"""Diffusion in the spectrum."""

import functools
from typing import Any

import numpy as np
from phiml_core import math
from phiml_core.extrapolation import Antisymmetric, Extrapolation, Periodic, Symmetric, ZeroGradient
from phiml_core.math import Tensor, spatial

from phiml_physics.advect.backtrace import components_of, rebuild
from phiml_physics.geom.uniform_grid import UniformGrid, constant
from phiml_physics.grid.errors import GridError

__all__ = ["fourier"]


def fourier(u: Any, diffusivity: Any, dt: Any) -> Any:
    """Diffusion by the exact decay exp(-diffusivity k² dt) of waves, stable for any `dt` and of spectral order in space.

    Args:
        u: centered or staggered grid, along each axis periodic, or with zero gradient, or (anti)symmetric at both ends.
        diffusivity: number or tensor in squared length per time.
        dt: time increment, number or tensor (scalar or batch).

    Raises:
        GridError: another boundary, whose waves no fast transform knows.
    """
    parts = []
    for group in components_of(u):
        for values, boundary, cells in group:
            waves = [_waves(boundary, name, cells) for name in cells.names]
            squares = functools.reduce(lambda a, b: a + b, [k2 for _, k2 in waves])
            kinds = dict(zip(cells.names, [kind for kind, _ in waves], strict=True))
            parts.append(math.spectral_scale(values, kinds, math.exp(-diffusivity * dt * squares)))
    return rebuild(u, parts)


def _waves(boundary: Extrapolation, name: str, cells: UniformGrid) -> tuple[str, Tensor]:
    """The transform that the boundary along an axis asks for, and the squared wave numbers of its spectrum."""
    i = cells.names.index(name)
    n, h = cells.resolution.sizes[i], cells.spacing[i]
    ends = boundary.side(name, False), boundary.side(name, True)
    if isinstance(ends[0], Periodic):
        kind, k = "fft", 2 * np.pi * np.fft.fftfreq(n, h)  # type: ignore[arg-type]
    elif all(isinstance(end, (ZeroGradient, Symmetric)) for end in ends):
        kind, k = "dct2", np.pi / (n * h) * np.arange(n)  # type: ignore[operator, arg-type]
    elif all(isinstance(end, Antisymmetric) for end in ends):
        kind, k = "dst2", np.pi / (n * h) * (np.arange(n) + 1)  # type: ignore[operator, arg-type]
    else:
        raise GridError(
            f"The boundary {boundary} along {name!r} has no waves that decay by themselves: expected periodic, zero-gradient "
            "or (anti)symmetric ends.  Use diffuse.implicit, or give another boundary."
        )
    return kind, constant(k**2, spatial(name))
