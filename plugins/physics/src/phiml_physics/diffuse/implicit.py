"""Implicit diffusion."""

from typing import Any

from phiml_core.solve import Solve, solve_linear

from .explicit import explicit

__all__ = ["implicit"]


def implicit(u: Any, diffusivity: Any, dt: Any, order: int = 1, solve: Solve | str | None = None) -> Any:
    """Diffusion by backward Euler steps: v with v - dt ∇·(diffusivity ∇v) = u, stable for any `dt`.

    Args:
        u: centered or staggered grid.
        diffusivity: number or tensor in squared length per time, or a centered grid that varies in space (for centered
            scalars).
        dt: time increment, number or tensor (scalar or batch).
        order: number of equal explicit steps backwards from v that give u.
        solve: see `Solve`; by default a transform where the boundary allows, else conjugate gradients.

    Raises:
        NotConverged, Diverged: the solve missed its tolerance.
    """
    settings = Solve(solve) if isinstance(solve, str) else solve or Solve()
    if settings.x0 is None:
        settings = settings.with_(x0=u)
    return solve_linear(lambda v: explicit(v, diffusivity, -dt, substeps=order), u, settings)
