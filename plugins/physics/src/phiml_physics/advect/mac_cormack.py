"""MacCormack advection."""

from typing import Any

from phiml_core import math
from phiml_core.math import Tensor

from .backtrace import Backtrace, advected
from .integrators import Integrator, euler
from .kernel import interpolate, interpolate_with_bounds

__all__ = ["mac_cormack"]


def mac_cormack(
    field: Any, velocity: Any, dt: Any, correction_strength: float = 1.0, integrator: Integrator = euler
) -> Any:
    """Semi-Lagrangian advection that corrects the error seen by going back and forth.

    Second order in space and time where the limiter does not act; the result stays between the corners of the cell
    that the value comes from (Selle et al. 2008, "An unconditionally stable MacCormack method").

    Args:
        field: centered or staggered grid; its dims and its boundary are kept.
        velocity: field, vector, or function of the position, in length per time.
        dt: time increment, number or tensor (scalar or batch).
        correction_strength: 0 for none, which is semi-Lagrangian advection, to 1 for the second-order scheme.
        integrator: how the way of matter is followed, `euler` or `rk4`.
    """
    return advected(_scheme, integrator, field, velocity, dt, correction_strength)


def _scheme(back: Backtrace, correction_strength: Any) -> list[Tensor]:
    originals = [values for values, _, _ in back.parts]
    there = interpolate_with_bounds(back.small, back.surrounded(originals), back.moves, back.dims, back.periodic)
    padded = back.surrounded([value for value, _, _ in there])
    returned = interpolate(back.small, padded, back.returns, back.dims, back.periodic, back=True)
    half = 0.5 * correction_strength
    return [
        limited(value + half * (original - again), low, high)
        for (value, low, high), again, original in zip(there, returned, originals, strict=True)
    ]


def limited(value: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """`value` between bounds; where it equals one, its derivative is its own."""
    if not value.backend.can_differentiate:
        return math.clip(value, low, high)
    return math.where(value < low, low, math.where(value > high, high, value))
