"""The words of solving: problems, the word `solve`, and what a solve tells; algorithms come with plugins."""

from .algorithms import algorithm_named, register_algorithm
from .errors import ConvergenceException, Diverged, NotConverged, UnknownAlgorithm
from .info import SolveInfo, SolveTape, record_solves, report_solve
from .problem import LinearProblem
from .settings import Solve
from .solve import solve, solve_linear

__all__ = [
    "ConvergenceException",
    "Diverged",
    "LinearProblem",
    "NotConverged",
    "Solve",
    "SolveInfo",
    "SolveTape",
    "UnknownAlgorithm",
    "algorithm_named",
    "record_solves",
    "register_algorithm",
    "report_solve",
    "solve",
    "solve_linear",
]
