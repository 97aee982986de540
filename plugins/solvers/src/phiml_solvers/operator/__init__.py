"""Linear operators: what the algorithms solve with."""

from .boundary import DIRICHLET, NEUMANN, PERIODIC, UnknownSide
from .box import BoxLaplace
from .linear import FunctionOperator, LinearOperator
from .masked import MaskedLaplace
from .poisson import poisson
from .stencil import Stencil

__all__ = [
    "DIRICHLET",
    "NEUMANN",
    "PERIODIC",
    "BoxLaplace",
    "FunctionOperator",
    "LinearOperator",
    "MaskedLaplace",
    "Stencil",
    "UnknownSide",
    "poisson",
]
