"""Direct solves of separable operators: one transform per axis diagonalises them."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from phiml_core.backend.precision import current
from phiml_core.math import is_finite, maximum, to_int32, where, wrap
from phiml_core.solve import LinearProblem, Solve, SolveInfo, report_solve, solve
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.tensor import Tensor
from phiml_core.transform import cond, custom_gradient

from .criterion import anywhere, epsilon, least, norm, system_dims, target, zeros_of
from .diagnosis import INCOMPATIBLE, PRECISION, diagnosis
from .first_pass import first_pass
from .implicit import implicit, may_project, may_round, operator_gradient, sum_like
from .increments import split_solve
from .modes import LowModes, low_adjoint, low_counts, low_part
from .operator.box import BoxLaplace
from .operator.shift import barrier, stored
from .probe import excused
from .spectral_inverse import spectral_inverse
from .system import prepare

__all__ = ["Transform"]


@dataclass(frozen=True)
class Transform:
    """Direct solve by Fourier, cosine or sine transforms, chosen per axis by the boundary; O(n log n).

    Solves with the eigenvalues of the discrete operator, so that the result is exact up to rounding.  Only for operators that are
    separable: a box without obstacles.
    """


def _outcome(passes: Any, residual: Tensor, tolerance: Tensor) -> SolveInfo:
    finite = is_finite(residual)
    return SolveInfo("transform", passes, residual, tolerance, (residual <= tolerance) & finite, ~finite)


@lru_cache(maxsize=8, typed=True)
def _known(value: Any) -> Tensor:
    """A constant, made once."""
    return wrap(value)


def _run(operator: BoxLaplace, y: Tensor, settings: Solve) -> tuple[Tensor, SolveInfo]:
    """One transform, and a second one for what it left where that is too much.  What only decides about the second one, as what rounding
    can leave, is computed where the tolerance is missed."""
    given = stored(y, operator.dims)
    dims = system_dims(operator, given)
    x, rest, residual, size, level, left_out = first_pass(operator, given, dims, settings.norm)
    tolerance = target(settings, given, dims, size)
    left_out = None if may_project(settings) else left_out
    if _are_met(tolerance, residual, left_out):  # most eager solves
        info = SolveInfo("transform", _known(1), residual, tolerance, _known(True), _known(False))
        return x, report_solve(x, info, settings.suppress)
    missed = residual if left_out is None or not may_round(settings) else maximum(residual, left_out)
    possible = given if level is None else given - level
    state = x, rest, residual, tolerance
    x, residual, tolerance, passes = _further(operator, possible, state, missed, settings)
    info = _outcome(passes, residual, tolerance)
    info = info.with_(flaw=to_int32(_flaw(operator, possible, x, info, settings)))
    if left_out is not None:
        info = _compatible(info, left_out, norm(given, dims, settings.norm) if size is None else size)
    return x, report_solve(x, info, settings.suppress)


def _are_met(tolerance: Tensor, *values: Tensor | None) -> bool:
    """Whether all values are known to be at most the tolerance of a single system."""
    if tolerance.rank or not tolerance.available:
        return False
    limit = float(tolerance)
    for value in values:
        if value is not None and (value.rank or not value.available or not float(value) <= limit):
            return False
    return True


def _further(
    operator: BoxLaplace, y: Tensor, state: tuple[Any, ...], missed: Tensor, settings: Solve
) -> tuple[Any, ...]:
    """A second pass where the first one missed the tolerance, unless what it left is a matter of rounding."""
    dims = system_dims(operator, y)

    def keep(x: Tensor, rest: Tensor, residual: Tensor, tolerance: Tensor) -> tuple[Any, ...]:
        return x, residual, tolerance, _known(1)

    def refine(x: Tensor, rest: Tensor, residual: Tensor, tolerance: Tensor) -> tuple[Any, ...]:
        better = x + spectral_inverse(operator, rest)
        left = norm(y - operator(better), dims, settings.norm)
        improved = left < residual
        return where(improved, better, x), where(improved, left, residual), tolerance, _known(2)

    def look(x: Tensor, rest: Tensor, residual: Tensor, tolerance: Tensor) -> tuple[Any, ...]:
        plain = operator.scale is None and operator.shift is None
        tolerance = maximum(tolerance, excused(operator, x, y, dims, settings.norm, plain))
        return cond(anywhere(residual > tolerance), refine, keep, x, rest, residual, tolerance)

    second = look if may_round(settings) else refine
    return cond(anywhere(missed > state[-1]), second, keep, *state)  # type: ignore[no-any-return]


def _flaw(operator: BoxLaplace, y: Tensor, x: Tensor, info: SolveInfo, settings: Solve) -> Tensor:
    """What is wrong with a system that was not solved: a shift that makes it singular, or the rounding of x."""
    dims, none = system_dims(operator, y), where(info.converged, 0.0, 0.0)

    def look() -> Tensor:
        rest = y - operator(x)
        plain = operator.scale is None and operator.shift is None  # no eigenvalue is nearly zero
        flaw = diagnosis(operator, y, x, rest, info.tolerance, info.converged, dims, settings.norm, none, plain)
        rounded = (flaw == 0) & ~info.converged & (norm(rest, dims, "2") < 1e-2 * norm(y, dims, "2"))
        return where(rounded, float(PRECISION), flaw)

    return cond(anywhere(~info.converged), look, lambda: none)


def _compatible(info: SolveInfo, left_out: Tensor, size: Tensor) -> SolveInfo:
    """The outcome of a singular system, whose residual includes what was removed from a right-hand side of a norm."""
    residual = maximum(info.residual, left_out)
    good = residual <= info.tolerance
    rounding = maximum(info.tolerance, 16 * epsilon() * size)
    flaw = where(left_out > info.tolerance, maximum(info.flaw, PRECISION), info.flaw)
    flaw = where(left_out > rounding, INCOMPATIBLE, flaw)
    return info.with_(residual=residual, converged=info.converged & good, flaw=to_int32(flaw))


def _split(operator: BoxLaplace, y: Tensor, settings: Solve) -> tuple[list[Any], SolveInfo]:
    """Low modes are a part of their own in compiled single precision; a second pass is one where it is needed.

    The transform leaves out the null space by itself.  What y has of it, a rounding error in most cases, is found in the residual.
    """
    y = stored(y, operator.dims)
    dims = system_dims(operator, y)
    if _has_low_part(operator, y):
        parts: list[Any] = [spectral_inverse(operator, y, low_counts(operator)), low_part(operator, y)]
        parts[0] = barrier(parts[0])[0]
        rest = y - operator.divergence([_slope(operator, parts, dim) for dim in operator.dims])
    else:
        parts = [barrier(spectral_inverse(operator, y))[0]]
        rest = y - operator(parts[0])
    residual = norm(rest, dims, settings.norm)
    tolerance, passes = least(settings, y, dims), wrap(1)

    def keep(rest: Tensor, residual: Tensor, tolerance: Tensor) -> tuple[Any, ...]:
        return zeros_of(rest), residual, tolerance, wrap(1)

    def look(rest: Tensor, residual: Tensor, tolerance: Tensor) -> tuple[Any, ...]:
        rest = operator.without_null_space(rest)
        exact = maximum(tolerance, target(settings, y, dims))
        residual = norm(rest, dims, settings.norm)
        return cond(anywhere(residual > exact), refine, keep, rest, residual, exact)

    def refine(rest: Tensor, residual: Tensor, tolerance: Tensor) -> tuple[Any, ...]:
        more = spectral_inverse(operator, rest)
        return more, norm(rest - operator(more), dims, settings.norm), tolerance, wrap(2)

    missed = anywhere(residual > tolerance)
    if not missed.available or bool(missed):
        more, residual, tolerance, passes = cond(missed, look, keep, rest, residual, tolerance)
        parts.append(more)
    info = _outcome(passes, residual, tolerance)
    report_solve(parts[0], info, settings.suppress)
    return parts, info


def _slope(operator: BoxLaplace, parts: list[Any], dim: str) -> Any:
    """The gradient of a sum of two parts along `dim`."""
    return operator.gradient(parts[0], dim) + operator.gradient(parts[1], dim)


def _has_low_part(operator: BoxLaplace, y: Any) -> bool:
    """In compiled code low modes cost a tenth of a transform and save a second one; eagerly the second one costs less."""
    plain = operator.scale is None and operator.shift is None
    return plain and current().bits == 32 and y.backend.is_traced(y.native_array)


def _split_adjoint(inputs: tuple[Any, ...], output: Any, output_gradient: Any) -> tuple[Any, ...]:
    """The parts are P A⁻¹ y with fixed projections P on modes; what refines them is zero but for rounding."""
    operator, y, _ = inputs
    parts, cotangents = output[0], output_gradient[0]
    if len(parts) > 1 and isinstance(parts[1], LowModes):
        adjoint = spectral_inverse(operator, cotangents[0], low_counts(operator))
        return None, sum_like(adjoint + low_adjoint(operator, cotangents[1].coefficients).values, y), None
    adjoint = spectral_inverse(operator, cotangents[0])
    return operator_gradient(operator, parts[0], adjoint), sum_like(adjoint, y), None


def _check(operator: Any) -> BoxLaplace:
    if not isinstance(operator, BoxLaplace):
        raise TypeError(
            f"'transform' needs a separable operator, a BoxLaplace, not {type(operator).__name__}.  "
            "Use 'auto' or 'CG' for obstacles and variable coefficients."
        )
    return operator


@solve.dispatch
def _(problem: LinearProblem, algorithm: Transform, settings=None):
    operator, y, settings = prepare(problem, settings)
    operator = _check(operator)
    constant = operator.scale is None and operator.shift is None
    if constant and type(y) is Dense and not y.backend.can_differentiate:
        return _run(operator, y, settings)
    return implicit(_run)(operator, y, settings)


@split_solve.dispatch
def _(problem, algorithm: Transform, settings):
    operator, y, settings = prepare(problem, settings)
    return custom_gradient(_split, _split_adjoint)(_check(operator), y, settings)
