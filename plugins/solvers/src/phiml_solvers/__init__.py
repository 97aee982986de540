"""Algorithms behind the word `solve`: spectral, conjugate gradients, sparse direct."""

from .auto import Auto, algorithm_for
from .direct import Direct
from .increments import solve_increments
from .krylov import CG
from .modes import LowModes, part_values
from .operator import BoxLaplace, FunctionOperator, LinearOperator, MaskedLaplace, Stencil, poisson
from .transform import Transform

__all__ = [
    "CG",
    "Auto",
    "BoxLaplace",
    "Direct",
    "FunctionOperator",
    "LinearOperator",
    "LowModes",
    "MaskedLaplace",
    "Stencil",
    "Transform",
    "algorithm_for",
    "part_values",
    "poisson",
    "solve_increments",
]
