"""The derivative of a solve: one more solve with the transposed operator, whatever the algorithm.

From A x = y follows  dx = A⁻¹ (dy − dA x).  With λ = A⁻ᵀ x̄ the cotangents are  ȳ = λ  and  Ā = the pull-back of −λ through
A ↦ A x.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from phiml_core.math import sum_
from phiml_core.solve import LinearProblem, Solve, SolveInfo, explaining, solve
from phiml_core.tensor.tensor import Tensor
from phiml_core.transform import custom_gradient, vjp
from phiml_core.tree import tree_leaves

from .operator.linear import LinearOperator

__all__ = [
    "adjoint_context",
    "has_complex",
    "has_floats",
    "implicit",
    "may_project",
    "may_round",
    "operator_gradient",
    "pulled_back",
    "solve_adjoint",
    "sum_all",
    "sum_like",
]

Run = Callable[[Any, Tensor, Solve], tuple[Any, SolveInfo]]


def sum_like(grad: Any, value: Any) -> Any:
    """A gradient summed over the dims that `value` does not have."""
    extra = grad.shape.without(value.shape)
    return sum_(grad, extra) if extra else grad


def has_floats(tree: Any) -> bool:
    """Whether a tree holds values that can be differentiated by."""
    return any(t.dtype.kind in (float, complex) for t in tree_leaves(tree))


def has_complex(tree: Any) -> bool:
    """Whether a tree holds complex values."""
    return any(t.dtype.kind is complex for t in tree_leaves(tree))


def operator_gradient(operator: LinearOperator, x: Tensor, adjoint: Tensor) -> Any:
    """The gradient of −⟨adjoint, A x⟩ with respect to the coefficients of A; None if it has none."""
    return pulled_back(operator, lambda operator: -sum_all(operator(x) * adjoint))


def sum_all(value: Tensor) -> Tensor:
    """The sum of all entries."""
    return sum_(value, value.shape)


def pulled_back(operator: LinearOperator, product: Callable[[Any], Tensor]) -> Any:
    """The cotangents of the coefficients of A for 1 of a number made with A, which may be complex; None if there are none."""
    if not has_floats(operator):
        return None
    total, pull_back = vjp(product, operator)
    return pull_back(total * 0.0 + 1.0)[0]


_adjoint: ContextVar[bool] = ContextVar("phiml_solvers_adjoint", default=False)


def may_project(settings: Solve) -> bool:
    """Whether what a singular operator cannot produce may be left out of the right-hand side: in adjoint systems, where it plays no part,
    and where the settings say that the operator is singular."""
    return _adjoint.get() or bool(settings.rank_deficiency)


def may_round(settings: Solve) -> bool:
    """Whether what rounding a solution leaves counts as none: where no tolerance is asked for, and in adjoint systems, for which the one
    that was asked for may lie below it."""
    return _adjoint.get() or (settings.rel_tol is None and settings.abs_tol is None)


@contextmanager
def adjoint_context() -> Iterator[None]:
    """What surrounds the solve of an adjoint system."""
    token = _adjoint.set(True)
    try:
        with explaining("the adjoint system, for the derivative of a solution"):
            yield
    finally:
        _adjoint.reset(token)


def solve_adjoint(run: Run, operator: LinearOperator, slope: Tensor, settings: Solve) -> Tensor:
    """λ with Aᵀ λ = slope, by the same method or by that of `Solve.gradient_solve`."""
    transposed = operator.adjoint()
    slope = operator.without_null_space(slope)  # solutions do not depend on y along it
    with adjoint_context():
        if settings.gradient_solve is not None:
            return solve(LinearProblem(transposed, slope), settings.gradient_solve)[0]
        return implicit(run)(transposed, slope, settings.adjoint)[0]


def implicit(run: Run) -> Run:
    """`run(operator, y, settings) -> (x, info)` with the derivative of the exact solution, by y and by the operator."""

    def backward(inputs: tuple[Any, ...], output: Any, output_gradient: Any) -> tuple[Any, ...]:
        operator, y, settings = inputs
        adjoint = solve_adjoint(run, operator, output_gradient[0], settings)
        return operator_gradient(operator, output[0], adjoint), sum_like(adjoint, y), None

    return custom_gradient(run, backward)
