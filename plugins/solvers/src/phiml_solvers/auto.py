"""The default: the cheapest algorithm that solves the class of operator at hand."""

from dataclasses import dataclass
from typing import Any

from phiml_core.dispatch import generic
from phiml_core.solve import LinearProblem, solve

from .direct import Direct
from .increments import split_solve
from .krylov.cg import CG
from .operator.box import BoxLaplace
from .operator.stencil import Stencil
from .transform import Transform

__all__ = ["Auto", "algorithm_for"]


@dataclass(frozen=True)
class Auto:
    """Chooses by the class of the operator, never by its values, which may be traced."""


@generic
def algorithm_for(operator: Any) -> Any:
    """The algorithm that `'auto'` takes for operators of this class."""
    return CG()


@algorithm_for.dispatch
def _(operator: BoxLaplace):
    return Transform()


@algorithm_for.dispatch
def _(operator: Stencil):
    return CG() if operator.symmetric else Direct()


@solve.dispatch
def _(problem: LinearProblem, algorithm: Auto, settings=None):
    return solve(problem, algorithm_for(problem.operator), settings)


@split_solve.dispatch
def _(problem, algorithm: Auto, settings):
    return split_solve(problem, algorithm_for(problem.operator), settings)
