"""Direct solves of separable operators: one transform per axis diagonalises them."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
from phiml_core.backend import primitive
from phiml_core.backend.precision import current
from phiml_core.math import is_finite, maximum, mean, to_int32, where, wrap
from phiml_core.shape import Shape
from phiml_core.solve import LinearProblem, Solve, SolveInfo, report_solve, solve
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.tensor import Tensor
from phiml_core.transform import cond, custom_gradient

from .criterion import anywhere, least, norm, rounding, system_dims, target, zeros_of
from .diagnosis import INCOMPATIBLE
from .implicit import implicit, may_project, may_round, operator_gradient, sum_like
from .increments import split_solve
from .modes import LowModes, low_adjoint, low_counts, low_part
from .operator.box import BoxLaplace, transform_inverse
from .operator.shift import barrier, stored
from .system import prepare

__all__ = ["Transform", "spectral_inverse"]


@dataclass(frozen=True)
class Transform:
    """Direct solve by Fourier, cosine or sine transforms, chosen per axis by the boundary; O(n log n).

    Solves with the eigenvalues of the discrete operator, so that the result is exact up to rounding.  Only for operators that are
    separable: a box without obstacles.
    """


def spectral_inverse(operator: BoxLaplace, y: Tensor, without: tuple[int, ...] | None = None) -> Dense:
    """A⁻¹ y, or the zero-mean solution for y without its mean if A is singular.

    Args:
        without: leave out this number of lowest modes per dim (their products); only for operators without scale and shift.
    """
    y = stored(y, operator.dims)
    spec = y.spec
    axes = tuple(spec.axes[n] for n in operator.dims)
    scale = inverse_eigenvalues(operator, y, without)
    scaled = spec.backend.bind(primitive.spectral_scale)(y.native_array, axes, operator.kinds, scale)
    return Dense(scaled, spec)


def inverse_eigenvalues(operator: BoxLaplace, y: Dense, without: tuple[int, ...] | None = None) -> Any:
    """1/eigenvalues (0 where an eigenvalue is 0) with one axis per axis of y: a NumPy constant unless scaled or shifted."""
    order = tuple(n for n in y.spec.stored.names if n in operator.dims)
    if operator.scale is None and operator.shift is None:
        index = tuple(n in order for n in y.spec.stored.names)
        places = tuple(operator.dims.index(n) for n in order)
        dtype = current().float.name
        return _inverse(operator.kinds, operator.resolution.sizes, operator.spacing, without, places, index, dtype)
    values = operator.eigenvalues()
    zero = values == 0
    inverse = where(zero, 0.0, 1 / where(zero, 1.0, values))
    return _aligned(inverse, y)


def _aligned(values: Tensor, y: Dense) -> Any:
    """The native array of `values` with one axis per axis of y, of size 1 where `values` is constant."""
    from phiml_core.tensor.dense_elementwise import preparation
    from phiml_core.tensor.stacked import as_dense

    block = as_dense(values)
    missing = block.spec.stored.without(y.spec.stored)
    if missing:
        raise ValueError(
            f"The coefficients {values.shape} of the operator have dims that the right-hand side {y.shape} lacks: {missing}."
        )
    step = preparation(y.backend, block.spec, y.dtype, y.spec.stored, full_rank=True)
    return block.native_array if step is None else step(block.native_array)


@lru_cache(maxsize=64)
def _inverse(
    kinds: tuple[str, ...],
    sizes: tuple[Any, ...],
    spacing: tuple[float, ...],
    without: Any,
    places: Any,
    index: Any,
    dtype: str,
) -> np.ndarray:
    inverse = transform_inverse(kinds, sizes, spacing)
    if without is not None:
        inverse = inverse.copy()
        inverse[np.ix_(*[low_positions(kind, n, count) for kind, n, count in zip(kinds, sizes, without)])] = 0
    inverse = inverse.transpose(places)
    inverse = np.ascontiguousarray(inverse[tuple(slice(None) if i else None for i in index)], dtype)
    inverse.flags.writeable = False
    return inverse


def low_positions(kind: str, n: int, count: int) -> Any:
    """Positions in the spectrum of the lowest modes of an axis: of a Fourier transform those of both signs."""
    return np.r_[0 : count // 2 + 1, n - count // 2 : n] if kind == "fft" else np.arange(count)


def _outcome(passes: Any, residual: Tensor, tolerance: Tensor) -> SolveInfo:
    if not residual.rank and residual.available and tolerance.available and float(residual) <= float(tolerance):
        return SolveInfo("transform", passes, residual, tolerance, _known(True), _known(False))  # most eager solves
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
    level = mean(given, operator.resolution) if operator.singular else None
    y = given if level is None else given - level
    tolerance = target(settings, given, dims)
    x = spectral_inverse(operator, y)
    rest = y - operator(x)
    residual = norm(rest, dims, settings.norm)
    left_out = None if level is None or may_project(settings) else _constant_norm(level, dims, settings.norm)

    def keep(x: Tensor, rest: Tensor, residual: Tensor, tolerance: Tensor) -> tuple[Any, ...]:
        return x, residual, tolerance, _known(1)

    def refine(x: Tensor, rest: Tensor, residual: Tensor, tolerance: Tensor) -> tuple[Any, ...]:
        better = x + spectral_inverse(operator, rest)
        left = norm(y - operator(better), dims, settings.norm)
        improved = left < residual
        return where(improved, better, x), where(improved, left, residual), tolerance, _known(2)

    def look(x: Tensor, rest: Tensor, residual: Tensor, tolerance: Tensor) -> tuple[Any, ...]:
        tolerance = maximum(tolerance, rounding(operator, x, dims, settings.norm))
        return cond(anywhere(residual > tolerance), refine, keep, x, rest, residual, tolerance)

    by_default = may_round(settings)
    missed = residual if left_out is None or not by_default else maximum(residual, left_out)
    state = x, rest, residual, tolerance
    x, residual, tolerance, passes = cond(anywhere(missed > tolerance), look if by_default else refine, keep, *state)
    info = _outcome(passes, residual, tolerance)
    if left_out is not None:
        info = _compatible(info, left_out)
    return x, report_solve(x, info, settings.suppress)


def _constant_norm(level: Tensor, dims: Shape, kind: str) -> Tensor:
    """`norm` of a constant."""
    return abs(level) * (1.0 if kind == "max" else float(dims.volume) ** 0.5)


def _compatible(info: SolveInfo, left_out: Tensor) -> SolveInfo:
    """The outcome of a singular system, whose residual includes what was removed from the right-hand side."""
    if info.converged is _known(True) and left_out.available and float(left_out) <= float(info.tolerance):
        return info
    residual = maximum(info.residual, left_out)
    good = residual <= info.tolerance
    flaw = where(good | ~info.converged, 0, INCOMPATIBLE)
    return replace(info, residual=residual, converged=info.converged & good, flaw=to_int32(flaw))


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
