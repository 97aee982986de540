"""Approximate inverses that make Krylov methods converge in few iterations."""

from .block import Block
from .factored import from_matrix
from .incomplete import IncompleteFactors
from .word import Preconditioner, UnknownPreconditioner, best, preconditioner, register_preconditioner

__all__ = [
    "Block",
    "IncompleteFactors",
    "Preconditioner",
    "UnknownPreconditioner",
    "best",
    "from_matrix",
    "preconditioner",
    "register_preconditioner",
]
