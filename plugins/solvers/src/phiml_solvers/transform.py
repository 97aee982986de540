"""Direct solves of separable operators: one transform per axis diagonalises them."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from phiml_core.backend import primitive
from phiml_core.backend.precision import current
from phiml_core.math import wrap
from phiml_core.math import maximum, where
from phiml_core.shape import Shape
from phiml_core.solve import LinearProblem, Solve, SolveInfo, report_solve, solve
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.tensor import Tensor
from phiml_core.transform import cond

from .criterion import anywhere, has_diverged, norm, rounding, system_dims, target
from .implicit import implicit
from .operator.box import BoxLaplace
from .operator.linear import LinearOperator
from .operator.shift import stored

__all__ = ["Transform", "spectral_inverse"]


@dataclass(frozen=True)
class Transform:
    """Direct solve by Fourier, cosine or sine transforms, chosen per axis by the boundary; O(n log n).

    Solves with the eigenvalues of the discrete operator, so that the result is exact up to rounding.  Only for operators that are
    separable: a box without obstacles.
    """


def spectral_inverse(operator: BoxLaplace, y: Tensor) -> Dense:
    """A⁻¹ y, or the zero-mean solution for y without its mean if A is singular."""
    y = stored(y, operator.dims)
    spec = y.spec
    axes = tuple(spec.axes[n] for n in operator.dims)
    scale = inverse_eigenvalues(operator, y)
    scaled = spec.backend.bind(primitive.spectral_scale)(y.native_array, axes, operator.kinds, scale)
    return Dense(scaled, spec)


def inverse_eigenvalues(operator: BoxLaplace, y: Dense) -> Any:
    """1/eigenvalues (0 where an eigenvalue is 0) with one axis per axis of y: a NumPy constant unless scaled or shifted."""
    order = tuple(n for n in y.spec.stored.names if n in operator.dims)
    if operator.scale is None and operator.shift is None:
        positions = tuple(i if n in order else None for i, n in enumerate(y.spec.stored.names))
        return _inverse(operator.kinds, operator.resolution, operator.spacing, order, positions, current().float.name)
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
    kinds: tuple[str, ...], resolution: Shape, spacing: tuple[float, ...], order: Any, positions: Any, dtype: str
) -> np.ndarray:
    from .operator.box import _symbol

    values = _symbol(kinds, resolution.sizes, spacing)
    inverse = np.zeros_like(values)
    np.divide(1.0, values, out=inverse, where=np.abs(values) > 1e-13 * np.abs(values).max())
    inverse = inverse.transpose([resolution.index(n) for n in order])
    index = tuple(slice(None) if p is not None else None for p in positions)
    inverse = np.ascontiguousarray(inverse[index], dtype)
    inverse.flags.writeable = False
    return inverse


def _run(operator: BoxLaplace, y: Tensor, settings: Solve) -> tuple[Tensor, SolveInfo]:
    y = operator.without_null_space(stored(y, operator.dims))
    dims = system_dims(operator, y)
    start = norm(y, dims, settings.norm)
    tolerance = target(settings, y, dims)
    x = spectral_inverse(operator, y)
    if settings.rel_tol is None and settings.abs_tol is None:
        tolerance = maximum(tolerance, rounding(operator, x, dims, settings.norm))
    rest = y - operator(x)
    residual = norm(rest, dims, settings.norm)

    def refine(x: Tensor, rest: Tensor, residual: Tensor) -> tuple[Any, ...]:
        better = x + spectral_inverse(operator, rest)
        left = norm(y - operator(better), dims, settings.norm)
        improved = left < residual
        return where(improved, better, x), where(improved, left, residual), wrap(2)

    def keep(x: Tensor, rest: Tensor, residual: Tensor) -> tuple[Any, ...]:
        return x, residual, wrap(1)

    x, residual, passes = cond(anywhere(residual > tolerance), refine, keep, x, rest, residual)
    info = SolveInfo("transform", passes, residual, tolerance, residual <= tolerance, has_diverged(residual, start))
    report_solve(x, info, settings.suppress)
    return x, info


@solve.dispatch
def _(problem: LinearProblem, algorithm: Transform, settings=None):
    operator = problem.operator
    if not isinstance(operator, BoxLaplace):
        raise TypeError(
            f"'transform' needs a separable operator, a BoxLaplace, not {type(operator).__name__}.  "
            "Use 'auto' or 'CG' for obstacles and variable coefficients."
        )
    return implicit(_run)(operator, problem.rhs, settings or Solve())
