"""How far matter came during a time step: the mean velocity on its way, from the velocity at places on it."""

from collections.abc import Callable
from typing import Any

from phiml_core import math
from phiml_core.math import Tensor

__all__ = ["Integrator", "euler", "finite_rk4", "rk4"]

Integrator = Callable[[Callable[[Tensor], Tensor], Tensor, Any, Tensor], Tensor]
"""From the velocity as a function of the position, positions (…, vector), a time increment and the velocity at these positions:
the mean velocity on the way that ends there after the increment, which is negative for a way back."""


def euler(velocity: Callable[[Tensor], Tensor], x: Tensor, dt: Any, here: Tensor) -> Tensor:
    """The velocity at the start: an error of the position of second order in `dt`."""
    return here


def rk4(velocity: Callable[[Tensor], Tensor], x: Tensor, dt: Any, here: Tensor) -> Tensor:
    """The classical method of Runge and Kutta: an error of the position of fifth order in `dt`, in a flow that is steady during it."""
    half = 0.5 * dt
    second = velocity(x + half * here)
    third = velocity(x + half * second)
    fourth = velocity(x + dt * third)
    return (here + 2.0 * (second + third) + fourth) / 6.0


def finite_rk4(velocity: Callable[[Tensor], Tensor], x: Tensor, dt: Any, here: Tensor) -> Tensor:
    """`rk4`, and `euler` where the way leads through places whose velocity is not finite."""
    mean = rk4(velocity, x, dt, here)
    return math.where(math.all_(math.is_finite(mean), "vector"), mean, here)
