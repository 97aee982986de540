"""Algorithms behind the word `solve`: spectral, conjugate gradients, sparse direct."""

from .auto import Auto, algorithm_for
from .increments import solve_increments
from .krylov import CG
from .operator import BoxLaplace, FunctionOperator, LinearOperator, MaskedLaplace, poisson
from .transform import Transform

__all__ = [
    "CG",
    "Auto",
    "BoxLaplace",
    "FunctionOperator",
    "LinearOperator",
    "MaskedLaplace",
    "Transform",
    "algorithm_for",
    "poisson",
    "solve_increments",
]
