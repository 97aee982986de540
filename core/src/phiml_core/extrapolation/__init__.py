"""What a grid holds beyond its sides: boundary conditions as values."""

from .antisymmetric import ANTISYMMETRIC, Antisymmetric
from .arithmetic import common
from .components import Components, combine_components
from .constant import ONE, ZERO, Constant
from .directional import Directional, combine_by_direction
from .extrapolation import Extrapolation, IncompatibleBoundaries, UnknownBoundary, ghost
from .parse import as_extrapolation, combine_sides
from .periodic import PERIODIC, Periodic
from .reflect import ANTIREFLECT, REFLECT, Antireflect, Reflect
from .sides import Sides
from .symmetric import SYMMETRIC, Symmetric
from .zero_gradient import BOUNDARY, ZERO_GRADIENT, ZeroGradient

ConstantExtrapolation = Constant
"""The name that users of PhiML know."""

__all__ = [
    "ANTIREFLECT",
    "ANTISYMMETRIC",
    "BOUNDARY",
    "ONE",
    "PERIODIC",
    "REFLECT",
    "SYMMETRIC",
    "ZERO",
    "ZERO_GRADIENT",
    "Antireflect",
    "Antisymmetric",
    "Components",
    "Constant",
    "ConstantExtrapolation",
    "Directional",
    "Extrapolation",
    "IncompatibleBoundaries",
    "Periodic",
    "Reflect",
    "Sides",
    "Symmetric",
    "UnknownBoundary",
    "ZeroGradient",
    "as_extrapolation",
    "common",
    "combine_by_direction",
    "combine_components",
    "combine_sides",
    "ghost",
]
