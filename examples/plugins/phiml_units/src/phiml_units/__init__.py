"""Tensors with physical units: a layout of phiml-core outside of it."""

from .errors import UnitsError
from .unit import AMPERE, CANDELA, KELVIN, KILOGRAM, METRE, MOLE, ONE, SECOND, Unit
from .units import Units, quantity

__all__ = [
    "AMPERE",
    "CANDELA",
    "KELVIN",
    "KILOGRAM",
    "METRE",
    "MOLE",
    "ONE",
    "SECOND",
    "Unit",
    "Units",
    "UnitsError",
    "quantity",
]
