"""Semi-Lagrangian advection."""

from typing import Any

from phiml_core.math import Tensor

from .backtrace import Backtrace, advected
from .integrators import Integrator, euler
from .kernel import interpolate

__all__ = ["semi_lagrangian"]


def semi_lagrangian(field: Any, velocity: Any, dt: Any, integrator: Integrator = euler) -> Any:
    """Semi-Lagrangian advection: follows `velocity` back for `dt` and interpolates.

    First order in space and time, unconditionally stable, diffusive (Stam 1999, "Stable fluids").

    Args:
        field: centered or staggered grid; its dims and its boundary are kept.
        velocity: field, vector, or function of the position, in length per time.
        dt: time increment, number or tensor (scalar or batch).
        integrator: how the way of matter is followed: `euler`, or `rk4` for steps in which it turns.
    """
    return advected(_scheme, integrator, field, velocity, dt)


def _scheme(back: Backtrace) -> list[Tensor]:
    padded = back.surrounded([values for values, _, _ in back.parts])
    return list(interpolate(back.small, padded, back.moves, back.dims, back.periodic))
