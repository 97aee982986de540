"""Advection: transport of fields by a flow."""

from .mac_cormack import mac_cormack
from .semi_lagrangian import semi_lagrangian

__all__ = ["mac_cormack", "semi_lagrangian"]
