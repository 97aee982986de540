"""Conjugate gradients with preconditioner, for symmetric definite or semi-definite operators."""

from dataclasses import dataclass, replace
from typing import Any

from phiml_core.math import expand, maximum, sum_, where, wrap
from phiml_core.solve import LinearProblem, Solve, SolveInfo, report_solve, solve
from phiml_core.tensor.tensor import Tensor
from phiml_core.transform import barrier, cond, while_loop

from ..criterion import anywhere, has_diverged, norm, rounding, system_dims, target
from ..implicit import implicit
from ..operator.linear import FunctionOperator, LinearOperator
from ..preconditioner import preconditioner

__all__ = ["CG"]


@dataclass(frozen=True)
class CG:
    """Preconditioned conjugate gradients (Hestenes & Stiefel 1952), one loop for all examples of a batch.

    The recursion's residual drifts from the true one by rounding; where it says that a system is solved, the true residual is
    computed, replaces it, and the loop goes on if it is still too large.

    Attributes:
        preconditioner: 'spectral', 'jacobi', 'none'; None takes the best there is for the operator.
    """

    preconditioner: str | None = None


def _ratio(a: Tensor, b: Tensor) -> Tensor:
    """a / b, and 0 where b is 0: there the system is solved."""
    zero = b == 0
    return where(zero, 0.0, a / where(zero, 1.0, b))


def _run(operator: LinearOperator, y: Tensor, settings: Solve) -> tuple[Tensor, SolveInfo]:
    precondition, name = preconditioner(settings.preconditioner, operator)
    y = operator.without_null_space(y)
    dims = system_dims(operator, y)
    start = norm(y, dims, settings.norm)
    tolerance = target(settings, y, dims)

    def inner(a: Tensor, b: Tensor) -> Tensor:
        return sum_(a * b, dims)

    if settings.x0 is None:
        x, r = y * 0.0, y
    else:
        x = operator.without_null_space(settings.x0 + y * 0.0)
        r = y - operator(x)
    residual = norm(r, dims, settings.norm)
    count = residual * 0.0

    def unsolved(x: Any, r: Any, p: Any, rz: Any, residual: Tensor, count: Tensor) -> Any:
        return anywhere((residual > tolerance) & (count < settings.max_iterations) & ~has_diverged(residual, start))

    def iterate(x: Tensor, r: Tensor, p: Tensor, rz: Tensor, residual: Tensor, count: Tensor) -> tuple[Any, ...]:
        going = (residual > tolerance) & (count < settings.max_iterations)
        z = precondition(r)
        rz_new = inner(r, z)
        p = z + p * _ratio(rz_new, rz)
        image = operator(p)
        step = where(going, _ratio(rz_new, inner(p, image)), 0.0)
        x = x + p * step
        r = r - image * step
        residual = norm(r, dims, settings.norm)
        solved = ~anywhere((residual > tolerance) & (count < settings.max_iterations))
        r = cond(solved, lambda x, r: operator.without_null_space(y - operator(x)), lambda x, r: r, x, r)
        residual = norm(r, dims, settings.norm)
        return x, r, p, rz_new, residual, count + where(going, 1.0, 0.0)

    state = (x, r, y * 0.0, residual * 0.0, residual, count)
    x, r, _, _, residual, count = while_loop(unsolved, iterate, state)
    if settings.rel_tol is None and settings.abs_tol is None:
        tolerance = maximum(tolerance, rounding(operator, x, dims, settings.norm))
    info = SolveInfo(
        f"CG, preconditioner {name}", count, residual, tolerance, residual <= tolerance, has_diverged(residual, start)
    )
    report_solve(x, info, settings.suppress)
    return x, info


@solve.dispatch
def _(problem: LinearProblem, algorithm: CG, settings=None):
    settings = settings or Solve()
    operator = problem.operator if isinstance(problem.operator, LinearOperator) else FunctionOperator(problem.operator)
    settings = replace(settings, preconditioner=settings.preconditioner or algorithm.preconditioner, x0=problem.x0)
    return implicit(_run)(operator, problem.rhs, settings)
