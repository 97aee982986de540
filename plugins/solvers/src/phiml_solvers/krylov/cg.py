"""Conjugate gradients with preconditioner, for symmetric definite or semi-definite operators."""

from dataclasses import dataclass, replace
from typing import Any

from phiml_core.backend.precision import current
from phiml_core.math import clip, is_finite, sum_, to_int32, where
from phiml_core.solve import LinearProblem, Solve, SolveInfo, report_solve, solve
from phiml_core.tensor.tensor import Tensor
from phiml_core.transform import barrier, cond, custom_gradient, while_loop

from ..borrowed import borrowed
from ..criterion import anywhere, epsilon, has_diverged, norm, size_of, system_dims, target
from ..diagnosis import INCOMPATIBLE, NOT_FINITE, PRECISION, diagnosis
from ..implicit import implicit, may_project, may_round, operator_gradient, solve_adjoint, sum_like
from ..increments import split_solve
from ..iterative import Method, scaled_settings, solve_by
from ..opaque import closed
from ..operator.box import BoxLaplace
from ..operator.linear import LinearOperator
from ..operator.masked import MaskedLaplace
from ..operator.shift import stored
from ..precondition import preconditioner
from ..probe import allowing_for_rounding
from ..system import prepare
from .cg_plain import conjugate_gradients

__all__ = ["CG"]


@dataclass(frozen=True)
class CG:
    """Preconditioned conjugate gradients (Hestenes & Stiefel 1952), one loop for all examples of a batch.

    The recursion's residual drifts from the true one by rounding; where it says that a system is solved, the true residual is
    computed, replaces it, and the loop goes on if it is still too large.  In single precision the solution is kept in two parts,
    and the residual is updated by the image of the step as it was rounded, so that differences of the solution keep their digits.

    That is for the Laplacians of grids.  For other operators, of which it is not known that they are symmetric and definite, both is
    looked at: two products tell whether it is symmetric, and the curvatures along the way have to be of one sign.

    Attributes:
        preconditioner: see `Solve`; None takes the best there is for the operator.
    """

    preconditioner: Any = None


def _ratio(a: Tensor, b: Tensor) -> Tensor:
    """a / b, and 0 where b is 0: there the system is solved."""
    zero = b == 0
    return where(zero, 0.0, a / where(zero, 1.0, b))


def _zeros(like: Tensor) -> Tensor:
    """Zeros also where `like` is not a number."""
    return where(like == like, 0.0, 0.0)


def _rounded(x: Tensor) -> Tensor:
    """x as a number of the working precision: keeps a compiler from contracting the product it comes from with a later sum to
    one fused multiply-add, in which the product is not rounded.  (A barrier does not.)"""
    return clip(x, -3e38, 3e38)


def _add(large: Tensor, small: Tensor, step: Tensor) -> tuple[Tensor, Tensor]:
    """large + small + step, where `small` collects what rounding `large` loses (Knuth's two-sum)."""
    total = large + step
    taken = total - large
    return total, small + ((large - (total - taken)) + (step - taken))


def _split(operator: LinearOperator, y: Tensor, settings: Solve) -> tuple[list[Tensor], SolveInfo]:
    """The solution in two parts, the second being what rounding the first loses (one part in double precision)."""
    y = operator.without_null_space(y)
    precondition, name = preconditioner(settings.preconditioner, operator, y)
    dims = system_dims(operator, y)
    start = norm(y, dims, settings.norm)
    tolerance = target(settings, y, dims)
    compensated = current().bits == 32
    zero = _zeros(y)

    def going(residual: Tensor, count: Tensor, last: Tensor) -> Tensor:
        unsolved = (residual > tolerance) & (last > 0)
        return unsolved & (count < settings.max_iterations) & ~has_diverged(residual, start)

    def rest(x: tuple[Tensor, ...]) -> Tensor:
        left = y
        for part in x:
            left = left - operator(part)
        return left

    def measured(x: Any, r: Tensor, residual: Tensor, last: Tensor) -> Any:
        """The true residual, and as `last` its norm; that is 0 where it has not fallen since it was last measured: rounding is reached."""
        r = rest(x)
        residual = norm(r, dims, settings.norm)
        return r, residual, where(residual < 0.9 * last, residual, 0.0)

    def kept(x: Any, r: Tensor, residual: Tensor, last: Tensor) -> Any:
        return r, residual, last

    def unsolved(x: Any, r: Any, p: Any, rz: Any, residual: Tensor, count: Tensor, last: Tensor) -> Any:
        return anywhere(going(residual, count, last))

    def iterate(
        x: tuple[Tensor, ...], r: Tensor, p: Tensor, rz: Tensor, residual: Tensor, count: Tensor, last: Tensor
    ) -> Any:
        active = going(residual, count, last)
        z = precondition(r)
        rz_new = sum_(r * z, dims)
        p = barrier(z + p * _ratio(rz_new, rz))
        image = operator(p)
        length = where(active, _ratio(rz_new, sum_(p * image, dims)), 0.0)
        if compensated:
            step = barrier(_rounded(p * length))
            x = _add(x[0], x[1], step)
            r = r - operator(step)
        else:
            x = (x[0] + p * length,)
            r = r - image * length
        residual = norm(r, dims, settings.norm)
        count = count + where(active, 1.0, 0.0)
        r, residual, last = cond(anywhere(going(residual, count, last)), kept, measured, x, r, residual, last)
        return x, r, p, rz_new, residual, count, last

    first = zero if settings.x0 is None else operator.without_null_space(settings.x0 + zero)
    r = y if settings.x0 is None else rest((first,))
    x: tuple[Tensor, ...] = (first, zero) if compensated else (first,)
    residual = norm(r, dims, settings.norm)
    none = _zeros(residual)
    state = x, r, zero, none, residual, none, 2 * residual + none
    x, _, _, _, residual, count, _ = while_loop(unsolved, iterate, state)
    method = f"CG, preconditioner {name}"
    diverged = has_diverged(residual, start)
    return list(x), SolveInfo(method, to_int32(count), residual, tolerance, residual <= tolerance, diverged)


def _run_split(operator: LinearOperator, y: Tensor, settings: Solve) -> tuple[list[Tensor], SolveInfo]:
    parts, info = borrowed(_split)(operator, y, settings)
    report_solve(parts[0], info, settings.suppress)
    return parts, info


def _run(operator: LinearOperator, given: Tensor, settings: Solve) -> tuple[Tensor, SolveInfo]:
    x, info = _solution(operator, given, settings)
    return x, report_solve(x, info, settings.suppress)


@borrowed
def _solution(operator: LinearOperator, given: Tensor, settings: Solve) -> tuple[Tensor, SolveInfo]:
    given = stored(given, operator.dims)
    dims = system_dims(operator, given)
    size = size_of(given, dims)
    y, scaled = given / size, scaled_settings(settings, size)
    parts, info = _split(operator, y, scaled)
    x = parts[0]
    residual, tolerance = info.residual, info.tolerance
    finite = is_finite(norm(y, dims, "2"))
    flaw = where(finite, _zeros(residual), float(NOT_FINITE))
    converged = (residual <= tolerance) & is_finite(residual)
    produced = operator.without_null_space(y)
    if len(parts) > 1 or produced is not y:
        x = x if len(parts) == 1 else x + parts[1]
        rest = (produced if may_project(settings) else y) - operator(x)
        residual = norm(rest, dims, settings.norm)
        if may_round(settings):
            tolerance = allowing_for_rounding(tolerance, residual, operator, x, y, dims, settings.norm)
        converged = (residual <= tolerance) & is_finite(residual)
        projected = produced is not y and not may_project(settings)
        removed = norm(y - produced, dims, settings.norm) if projected else _zeros(residual)
        # what the parts fulfil but not their sum is lost by rounding it
        lost = info.converged & (removed < 0.1 * residual)
        flaw = diagnosis(operator, y, x, rest, tolerance, converged, dims, settings.norm, flaw, lost)
        no_rounding = removed > 16 * epsilon() * norm(y, dims, settings.norm)
        flaw = where((removed > 0.9 * residual) & no_rounding & ~converged, float(INCOMPATIBLE), flaw)
        if may_round(settings):
            converged = converged | (flaw >= PRECISION)
    info = replace(
        info,
        residual=residual * size,
        tolerance=tolerance * size,
        converged=converged,
        diverged=info.diverged | ~finite,
        flaw=to_int32(flaw),
    )
    return x * size, info


def _split_adjoint(inputs: tuple[Any, ...], output: Any, output_gradient: Any) -> tuple[Any, ...]:
    """The first part carries the derivative; the others hold what rounding it lost."""
    operator, y, settings = inputs
    x = output[0][0] if len(output[0]) == 1 else output[0][0] + output[0][1]
    adjoint = solve_adjoint(_run, operator, output_gradient[0][0], settings)
    return operator_gradient(operator, x, adjoint), sum_like(adjoint, y), None


def _is_grid(operator: Any, settings: Solve) -> bool:
    """Whether an operator is the Laplacian of a grid, of which nothing has to be found out."""
    return isinstance(operator, (BoxLaplace, MaskedLaplace)) and operator.definite is not None and not settings.record


def _prepare(problem: LinearProblem, algorithm: CG, settings: Solve | None) -> tuple[LinearOperator, Any, Solve]:
    operator, y, settings = prepare(problem, settings)
    name = algorithm.preconditioner if settings.preconditioner is None else settings.preconditioner
    return operator, y, settings.with_(preconditioner=closed(name))


@solve.dispatch
def _(problem: LinearProblem, algorithm: CG, settings=None):
    operator, y, settings = _prepare(problem, algorithm, settings)
    if _is_grid(operator, settings) and y.dtype.kind is not complex:
        return implicit(_run)(operator, y, settings)
    return solve_by(Method("CG", conjugate_gradients, symmetric=True), LinearProblem(operator, y), settings)


@split_solve.dispatch
def _(problem, algorithm: CG, settings):
    operator, y, settings = _prepare(problem, algorithm, settings)
    if not _is_grid(operator, settings) or y.dtype.kind is complex:
        x, info = solve(LinearProblem(operator, y), algorithm, settings)
        return [x], info
    return custom_gradient(_run_split, _split_adjoint)(operator, y, settings)
