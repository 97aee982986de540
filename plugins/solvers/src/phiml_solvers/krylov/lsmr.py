"""Least squares: for rectangular, singular and incompatible systems."""

from dataclasses import dataclass
from typing import Any

from phiml_core.math import abs_, is_finite, sqrt, to_int32, where
from phiml_core.shape import Shape
from phiml_core.solve import LinearProblem, Solve, SolveInfo, report_solve, solve
from phiml_core.tensor.tensor import Tensor
from phiml_core.transform import custom_gradient, while_loop

from ..borrowed import borrowed
from ..criterion import anywhere, default_rel_tol, norm, size_of, system_dims, target, zeros_of
from ..diagnosis import NOT_FINITE
from ..implicit import adjoint_context, has_floats, may_round, pulled_back, sum_all, sum_like
from ..iterative import blank_history, noted, scaled_settings
from ..opaque import OpaqueOperator
from ..operator.linear import FunctionOperator, LinearOperator
from ..operator.shift import stored
from ..precondition.word import UnknownPreconditioner
from ..probe import allowing_for_rounding
from ..system import prepare, unknown_dims
from .ratio import ratio

__all__ = ["LSMR", "least_squares", "least_squares_adjoint"]


@dataclass(frozen=True)
class LSMR:
    """Least squares by Golub–Kahan bidiagonalisation (Fong & Saunders 2011).

    Finds the x of least norm among those that minimise norm(y - A x), for operators of any shape and rank.  It counts as converged where
    the residual meets the tolerance, or where the gradient Aᵀ(y - A x) is smaller than the relative tolerance times norm(A) norm(y - A x):
    then no x has a smaller residual.  Iterations grow with the condition number of A.
    """


def _run(operator: LinearOperator, y: Tensor, settings: Solve) -> tuple[Tensor, SolveInfo]:
    x, info = _solution(operator, y, settings)
    return x, report_solve(x, info, settings.suppress)


@borrowed
def _solution(operator: LinearOperator, y: Tensor, settings: Solve) -> tuple[Tensor, SolveInfo]:
    y = stored(y, (operator.range.names if operator.range else None) or y.shape.non_batch.names)
    dims = operator.range if operator.range is not None else system_dims(operator, y)
    transposed = operator.hermitian
    size = size_of(y, dims)
    y, scaled = y / size, scaled_settings(settings, size)
    tolerance = target(scaled, y, dims)
    optimal = default_rel_tol() if settings.rel_tol is None else settings.rel_tol
    limit = scaled.max_iterations
    if scaled.x0 is None:
        r = y
        g = transposed(r)
        x = zeros_of(g)
    else:
        g = transposed(y)
        x = scaled.x0 + zeros_of(g)
        r = y - operator(x)
        g = transposed(r)
    unknowns = unknown_dims(operator, g)
    none = zeros_of(norm(r, dims, "2") + norm(g, unknowns, "2"))
    flaw = where(is_finite(norm(y, dims, "2")), none, float(NOT_FINITE))
    residual = norm(r, dims, settings.norm) + none

    def length(v: Tensor, of: Shape) -> Tensor:
        return norm(v, of, "2")

    def solved(residual: Any, gradient: Any, left: Any, scale: Any) -> Any:
        return (residual <= tolerance) | (gradient <= left * scale * optimal)

    def going(x: Any, r: Any, g: Any, residual: Any, scale: Any, count: Any, stuck: Any, history: Any) -> Any:
        done = solved(residual, length(g, unknowns), length(r, dims), scale)
        return ~done & (count < limit) & (stuck == 0) & (flaw == 0)

    def improve(x: Any, r: Any, g: Any, residual: Any, scale: Any, count: Any, stuck: Any, history: Any) -> Any:
        active = going(x, r, g, residual, scale, count, stuck, history)
        step, more, scale, history = _bidiagonalised(
            operator, transposed, r, g, dims, unknowns, active, limit - count, tolerance, optimal, scale, count, history
        )
        new = x + step
        rest = y - operator(new)
        slope = transposed(rest)
        better = active & ((length(rest, dims) < length(r, dims)) | (length(slope, unknowns) < length(g, unknowns)))
        gain = (length(slope, unknowns) < 0.5 * length(g, unknowns)) | (length(rest, dims) < 0.5 * length(r, dims))
        stuck = where(active & ~gain, 1.0, stuck)
        x, r, g = where(better, new, x), where(better, rest, r), where(better, slope, g)
        return x, r, g, norm(r, dims, settings.norm) + none, scale, count + more, stuck, history

    history = blank_history(settings, none)
    history = None if history is None else noted(history, none, residual, none == 0)
    state = (x, r, g, residual, none, none, none, history)
    x, r, g, residual, scale, count, _, history = while_loop(lambda *s: anywhere(going(*s)), improve, state)
    if may_round(settings):
        tolerance = allowing_for_rounding(tolerance, residual, operator, x, y, dims, settings.norm)
    converged = solved(residual, length(g, unknowns), length(r, dims), scale) & is_finite(residual) & (flaw == 0)
    info = SolveInfo(
        "LSMR", to_int32(count), residual * size, tolerance * size, converged, ~is_finite(residual), to_int32(flaw),
        None if history is None else history * size,
    )  # fmt: skip
    return x * size, info


def _bidiagonalised(
    operator: Any, transposed: Any, r: Tensor, g: Tensor, dims: Shape, unknowns: Shape, wanted: Tensor, limit: Any,
    tolerance: Tensor, optimal: Any, scale: Tensor, base: Tensor, history: Any,
) -> tuple[Tensor, Tensor, Tensor, Any]:  # fmt: skip
    """A correction of the solution from the residual r and g = Aᵀ r; iterations made; the norm of A as far as seen; the history."""
    beta = norm(r, dims, "2")
    u = r * ratio(1.0, beta)
    v = g * ratio(1.0, beta)
    alpha = norm(v, unknowns, "2")
    v = v * ratio(1.0, alpha)
    none = zeros_of(alpha + beta)
    one = none + 1.0
    zero = zeros_of(v)

    def going(left: Any, gradient: Any, square: Any, n: Any, *state: Any) -> Any:
        done = (left <= 0.5 * tolerance) | (gradient <= 0.5 * optimal * left * sqrt(square))
        return wanted & ~done & (n < limit)

    def iterate(
        left: Any, gradient: Any, square: Any, n: Any, x: Any, u: Any, v: Any, h: Any, hbar: Any, alpha: Any, abar: Any,
        zbar: Any, rho: Any, rbar: Any, cbar: Any, sbar: Any, zeta: Any, bdd: Any, bd: Any, rd: Any, tau: Any, theta: Any, past: Any,
    ) -> Any:  # fmt: skip
        active = going(left, gradient, square, n)
        u = operator(v) - u * alpha
        beta = norm(u, dims, "2")
        u = u * ratio(1.0, beta)
        v = transposed(u) - v * beta
        new_alpha = norm(v, unknowns, "2")
        v = v * ratio(1.0, new_alpha)
        square = where(active, square + alpha * alpha + beta * beta, square)
        # rotations that make the bidiagonal matrix, and then that of the normal equations, triangular
        old_rho, rho = rho, sqrt(abar * abar + beta * beta)
        c, s = ratio(abar, rho), ratio(beta, rho)
        fresh, abar = s * new_alpha, c * new_alpha
        old_rbar, old_zeta, tbar, temp = rbar, zeta, sbar * rho, cbar * rho
        rbar = sqrt(temp * temp + fresh * fresh)
        cbar, sbar = ratio(temp, rbar), ratio(fresh, rbar)
        zeta, zbar = cbar * zbar, -sbar * zbar
        hbar = h - hbar * ratio(tbar * rho, old_rho * old_rbar)
        x = x + where(active, ratio(zeta, rho * rbar), 0.0) * hbar
        h = v - h * ratio(fresh, rho)
        bhat, bdd = c * bdd, -s * bdd
        ahead, bd, rd, tau, theta = _ahead(bhat, tbar, rbar, old_zeta, zeta, bd, rd, tau, theta)
        left = where(active, sqrt((bd - ahead) * (bd - ahead) + bdd * bdd), left)
        gradient = where(active, abs_(zbar), gradient)
        if past is not None:
            past = noted(past, base + n + 1, left, active)
        n = where(active, n + 1.0, n)
        return (
            left, gradient, square, n, x, u, v, h, hbar, new_alpha, abar, zbar, rho, rbar, cbar, sbar, zeta, bdd, bd, rd, tau, theta, past,
        )  # fmt: skip

    state = (
        beta + none, alpha * beta, scale * scale, none, zero, u, v, v, zero, alpha, alpha + none, alpha * beta, one, one, one, none, none,
        beta + none, none, one, none, none, history,
    )  # fmt: skip
    _, _, square, n, x, *_, past = while_loop(lambda *s: anywhere(going(*s)), iterate, state)
    return x, n, sqrt(square), past


def _ahead(
    bhat: Any, tbar: Any, rbar: Any, old_zeta: Any, zeta: Any, bd: Any, rd: Any, tau: Any, theta: Any
) -> tuple[Any, Any, Any, Any, Any]:
    """What the next rotation adds to the part of the right-hand side that is solved, for the norm of the residual, and its new state."""
    old_theta, size = theta, sqrt(rd * rd + tbar * tbar)
    c, s = ratio(rd, size), ratio(tbar, size)
    theta, rd, bd = s * rbar, c * rbar, c * bhat - s * bd
    tau = ratio(old_zeta - old_theta * tau, size)
    return ratio(zeta - theta * tau, rd), bd, rd, tau, theta


def least_squares(operator: LinearOperator, y: Tensor, settings: Solve) -> tuple[Tensor, SolveInfo]:
    """The solution of least squares and least norm, with its derivative (Golub & Pereyra 1973, eq. 4.12), also where a residual is left.

    With λ = A⁺ᵀ x̄, μ = A⁺ λ, ν = A⁺ᵀ x and the residual r the cotangents are  ȳ = λ  and  Ā = the pull-back through A of
    −⟨λ, A x⟩ + ⟨r, A μ⟩ + ⟨ν, A (x̄ − Aᵀ λ)⟩.
    """
    return custom_gradient(_run, least_squares_adjoint)(operator, y, settings)


def least_squares_adjoint(inputs: tuple[Any, ...], output: Any, output_gradient: Any) -> tuple[Any, ...]:
    """The cotangents of a solution of least squares."""
    operator, y, settings = inputs
    x, slope = output[0], output_gradient[0]
    again = settings.adjoint.with_(record=False)
    with adjoint_context():
        transposed = operator.adjoint()
        lam, _ = least_squares(transposed, slope, again)
        if not has_floats(operator):
            return None, sum_like(lam, y), None
        mu, _ = least_squares(operator, lam, again)
        nu, _ = least_squares(transposed, x, again)
    outside = slope - transposed(lam)
    rest = y - operator(x)

    def product(operator: LinearOperator) -> Tensor:
        return sum_all(rest * operator(mu)) + sum_all(nu * operator(outside)) - sum_all(lam * operator(x))

    return pulled_back(operator, product), sum_like(lam, y), None


@solve.dispatch
def _(problem: LinearProblem, algorithm: LSMR, settings=None):
    operator, y, settings = prepare(problem, settings)
    if settings.preconditioner is not None and str(settings.preconditioner) != "none":
        raise UnknownPreconditioner(
            "LSMR takes no preconditioner: it works with the operator and its transpose.  Scale the unknowns, or solve the normal equations "
            "with 'CG': A.T @ A."
        )
    if isinstance(operator, (OpaqueOperator, FunctionOperator)):
        opaque = operator if isinstance(operator, OpaqueOperator) else OpaqueOperator.of(operator.function)
        operator = opaque.with_symmetry(False)
    return least_squares(operator, y, settings)
