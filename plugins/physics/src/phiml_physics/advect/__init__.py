"""Advection: transport of fields by a flow."""

from .differential import differential, finite_difference
from .integrators import euler, finite_rk4, rk4
from .mac_cormack import mac_cormack
from .semi_lagrangian import semi_lagrangian

advect = semi_lagrangian

__all__ = [
    "advect", "differential", "euler", "finite_difference", "finite_rk4", "mac_cormack", "rk4", "semi_lagrangian",
]  # fmt: skip
