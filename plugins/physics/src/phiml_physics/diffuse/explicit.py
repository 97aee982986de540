"""Explicit diffusion."""

from typing import Any

from phiml_core.extrapolation import PERIODIC, ZERO_GRADIENT, Periodic, combine_sides
from phiml_core.field import Field, resample

from phiml_physics.grid.centered import CenteredGrid
from phiml_physics.grid.errors import GridError
from phiml_physics.operators.divergence import divergence
from phiml_physics.operators.gradient import spatial_gradient
from phiml_physics.operators.laplace import laplace

__all__ = ["differential", "explicit", "finite_difference"]


def differential(u: Any, diffusivity: Any, order: int = 2) -> Any:
    """The rate ∇·(diffusivity ∇u) at which diffusion changes a field, as a term of an equation.

    Args:
        u, diffusivity: as for `explicit`.
        order: of the differences, 2, 4 or 6; 2 where the diffusivity varies in space.
    """
    if not isinstance(diffusivity, Field):
        return laplace(u, order=order) * diffusivity
    if order != 2:
        raise GridError(f"With a diffusivity that varies in space differences are of order 2, not {order}.")
    return _flux(u, diffusivity)


finite_difference = differential


def explicit(u: Any, diffusivity: Any, dt: Any, substeps: int = 1, order: int = 2) -> Any:
    """Diffusion by Euler steps: u + dt ∇·(diffusivity ∇u).

    Stable while diffusivity · dt / substeps is at most dx²/2 in one, dx²/4 in two, dx²/6 in three dimensions.

    Args:
        u: centered or staggered grid.
        diffusivity: number or tensor in squared length per time, or a centered grid that varies in space (for centered
            scalars).
        dt: time increment, number or tensor (scalar or batch).
        substeps: number of equal steps that `dt` is divided into.
        order: of the differences in space, 2, 4 or 6.
    """
    if substeps < 1:
        raise GridError(f"Diffusion is divided into at least one step, not {substeps}.")
    for _ in range(substeps):
        if isinstance(diffusivity, Field):
            change = differential(u, diffusivity, order) * (dt / substeps)
        else:
            change = laplace(u, order=order) * (diffusivity * dt / substeps)
        u = u.__with_attrs__(u.values + change.values, u.boundary)
    return u


def _flux(u: Any, diffusivity: Field) -> Any:
    if not isinstance(u, CenteredGrid) or "vector" in u.shape.names:
        raise GridError(
            f"A diffusivity that varies in space applies to centered scalars, not to {u}.  Diffuse each component "
            "by itself."
        )
    slopes = spatial_gradient(u, boundary=_open(u), at="face")
    return divergence(slopes * resample(diffusivity, to=slopes))


def _open(u: CenteredGrid) -> Any:
    """A boundary that keeps the outermost faces, through which a fixed boundary value diffuses."""
    sides = {}
    for n in u.geometry.names:
        periodic = isinstance(u.boundary.side(n, False), Periodic)
        sides[n] = PERIODIC if periodic else ZERO_GRADIENT
    return combine_sides(**sides)
