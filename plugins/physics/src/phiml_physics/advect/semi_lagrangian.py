"""Semi-Lagrangian advection."""

from typing import Any

from .backtrace import trace_back
from .kernel import interpolate

__all__ = ["semi_lagrangian"]


def semi_lagrangian(field: Any, velocity: Any, dt: Any) -> Any:
    """Semi-Lagrangian advection: follows `velocity` back for `dt` and interpolates.

    First order in space and time, unconditionally stable, diffusive (Stam 1999, "Stable fluids").

    Args:
        field: centered or staggered grid; its dims and its boundary are kept.
        velocity: field, vector, or function of the position, in length per time.
        dt: time increment, number or tensor (scalar or batch).
    """
    back = trace_back(field, velocity, dt)
    padded = back.surrounded([values for values, _, _ in back.parts])
    return back.rebuild(list(interpolate(back.small, padded, back.moves, back.dims, back.periodic)))
