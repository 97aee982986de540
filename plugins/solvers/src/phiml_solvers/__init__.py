"""Algorithms behind the word `solve`: transforms, Krylov methods, factors; the operators and preconditioners they work with."""

from .auto import Auto, algorithm_for
from .borrowed import is_plain, within_frameworks
from .criterion import Allowance
from .direct import Direct, NoMatrix
from .increments import solve_increments
from .krylov import CG, GMRES, LSMR, MINRES, BiCGStab, CGAdaptive
from .modes import LowModes, part_values
from .multigrid.algorithm import Multigrid
from .operator import (
    BoxLaplace,
    DenseMatrix,
    Diagonal,
    FunctionOperator,
    Identity,
    LinearOperator,
    MaskedLaplace,
    Separable,
    SparseMatrix,
    Stencil,
    inverse,
    poisson,
)
from .precondition import Block, IncompleteFactors, UnknownPreconditioner, preconditioner, register_preconditioner
from .scipy_methods import SciPy
from .transform import Transform

__all__ = [
    "CG",
    "GMRES",
    "LSMR",
    "MINRES",
    "Allowance",
    "Auto",
    "BiCGStab",
    "Block",
    "BoxLaplace",
    "CGAdaptive",
    "DenseMatrix",
    "Diagonal",
    "Direct",
    "FunctionOperator",
    "Identity",
    "IncompleteFactors",
    "LinearOperator",
    "LowModes",
    "MaskedLaplace",
    "Multigrid",
    "NoMatrix",
    "SciPy",
    "Separable",
    "SparseMatrix",
    "Stencil",
    "Transform",
    "UnknownPreconditioner",
    "algorithm_for",
    "inverse",
    "is_plain",
    "part_values",
    "poisson",
    "preconditioner",
    "register_preconditioner",
    "solve_increments",
    "within_frameworks",
]
