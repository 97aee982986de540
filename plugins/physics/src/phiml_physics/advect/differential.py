"""The change by a flow as a term of an equation: for schemes in time of one's own."""

from typing import Any

from phiml_physics.operators.differences import derivative, upwind_derivative

from .backtrace import components_of, rebuild, sampler

__all__ = ["differential", "finite_difference"]


def differential(u: Any, velocity: Any, order: int = 2, upwind: bool = False) -> Any:
    """The rate -(velocity · ∇) u at which a flow changes a field, by finite differences.

    Args:
        u: centered or staggered grid; the velocity itself for the non-linear term of a flow.
        velocity: field, vector, or function of the position, in length per time.
        order: of central differences, 2, 4 or 6.
        upwind: differences of first order from where the flow comes instead, which damp what central ones let oscillate.

    Returns:
        Grid like `u`, in its unit per time.  Euler steps `u + dt * differential(u, v)` with central differences grow slowly without
        diffusion; use a Runge–Kutta method.

    Raises:
        GridError: another order.
    """
    at = sampler(velocity, u)
    parts = []
    for group in components_of(u):
        cells = group[0][2]
        speeds = at(cells)
        for values, boundary, _ in group:
            change: Any = 0.0
            for name, dx, speed in zip(cells.names, cells.spacing, speeds, strict=True):
                if upwind:
                    slope = upwind_derivative(values, boundary, name, dx, speed)
                else:
                    slope = derivative(values, boundary, name, dx, order=order)
                change = change - speed * slope
            parts.append(change)
    return u.__with_attrs__(rebuild(u, parts).values, u.boundary - u.boundary)  # fixed values do not change


finite_difference = differential
