"""The words of solving: problems, the word `solve`, and what a solve tells; algorithms come with plugins."""

from .algorithms import algorithm_named, register_algorithm
from .errors import (
    FLAWS,
    ConvergenceException,
    Diverged,
    EmptySystem,
    Incompatible,
    Indefinite,
    NotConverged,
    NotFinite,
    NotSymmetric,
    PrecisionLimit,
    SingularOperator,
    UnknownAlgorithm,
)
from .info import SolveInfo
from .linear_words import LinearJit, jit_compile_linear, matrix_from_function, register_tracing
from .problem import LinearFunction, LinearProblem, LinearTreeProblem
from .settings import Solve
from .solve import solve, solve_linear, solve_tree
from .tape import SolveTape, explaining, record_solves, report_solve, timing

__all__ = [
    "FLAWS",
    "ConvergenceException",
    "Diverged",
    "EmptySystem",
    "Incompatible",
    "Indefinite",
    "LinearFunction",
    "LinearJit",
    "LinearProblem",
    "LinearTreeProblem",
    "NotConverged",
    "NotFinite",
    "NotSymmetric",
    "PrecisionLimit",
    "SingularOperator",
    "Solve",
    "SolveInfo",
    "SolveTape",
    "UnknownAlgorithm",
    "algorithm_named",
    "explaining",
    "jit_compile_linear",
    "matrix_from_function",
    "record_solves",
    "register_algorithm",
    "register_tracing",
    "report_solve",
    "solve",
    "solve_linear",
    "solve_tree",
    "timing",
]
