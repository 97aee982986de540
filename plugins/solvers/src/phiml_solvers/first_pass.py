"""One transform and the numbers that judge it, of native arrays in one go where a backend gains by it."""

from typing import Any, NamedTuple

import numpy as np
from phiml_core.backend import primitive
from phiml_core.dispatch import generic
from phiml_core.math import mean
from phiml_core.shape import Shape
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.spec import Spec
from phiml_core.tensor.tensor import Tensor

from .criterion import norm
from .operator.box import BoxLaplace
from .operator.laplacian import subtract_laplacian
from .spectral_inverse import inverse_eigenvalues, spectral_inverse

__all__ = ["FirstPass", "first_pass"]


class FirstPass(NamedTuple):
    """What one transform gives.

    Attributes:
        x: the solution, without the null space.
        rest: y - A x, of the right-hand side without what A cannot produce.
        residual: the norm of `rest` per system.
        size: the norm of the right-hand side as given; None where it was not computed beside.
        level: the mean of the right-hand side; None for regular systems.
        left_out: the norm of that constant; likewise.
    """

    x: Tensor
    rest: Tensor
    residual: Tensor
    size: Tensor | None
    level: Tensor | None
    left_out: Tensor | None


def first_pass(operator: BoxLaplace, y: Dense, dims: Shape, kind: str) -> FirstPass:
    """Solve by one transform.

    Args:
        y: right-hand side that stores the dims of the operator.
        dims: those of y that belong to one system.
        kind: norm, '2' or 'max'.
    """
    if type(y) is Dense and operator.scale is None and operator.shift is None and y.dtype.kind is float:
        spec = y.spec
        plan = operator.__dict__.get("_first_pass")
        if plan is None or plan.spec is not spec:
            plan = _planned(operator, y, dims)
        found = _natively(y.native_array, spec.backend, plan, kind)
        if found is not None:
            x, rest, residual, size, level, left_out = found
            each = plan.each
            constant = (None, None) if level is None else (Dense(level, each), Dense(left_out, each))
            return FirstPass(Dense(x, spec), Dense(rest, spec), Dense(residual, each), Dense(size, each), *constant)
    level = mean(y, operator.resolution) if operator.singular else None
    possible = y if level is None else y - level
    x = spectral_inverse(operator, possible)
    rest = possible - operator(x)
    left_out = None if level is None else abs(level) * _growth(dims.volume, kind)
    return FirstPass(x, rest, norm(rest, dims, kind), None, level, left_out)


def _growth(count: Any, kind: str) -> float:
    """The norm of so many ones."""
    return 1.0 if kind == "max" else float(count) ** 0.5


class _Plan(NamedTuple):
    """What is known before the values: of the right-hand side its spec, and that of one number per system."""

    spec: Spec
    each: Spec
    axes: tuple[int, ...]
    kinds: tuple[str, ...]
    scale: Any
    sides: tuple[Any, Any]
    singular: bool


def _planned(operator: BoxLaplace, y: Dense, dims: Shape) -> _Plan:
    """The plan for right-hand sides like y, kept with the operator."""
    spec = y.spec
    each = spec.with_dims(spec.stored.without(dims), spec.shape.without(dims))
    axes = tuple([spec.axes[n] for n in operator.dims])
    sides = operator.boundary, operator.spacing
    plan = _Plan(spec, each, axes, operator.kinds, inverse_eigenvalues(operator, y), sides, operator.singular)
    if not spec.backend.is_traced(y.native_array):
        object.__setattr__(operator, "_first_pass", plan)
    return plan


@generic(on="y")
def _natively(y: Any, backend: Any, plan: _Plan, kind: str) -> Any:
    """The attributes of `FirstPass` as arrays for backends whose arrays can be written to; None for others."""


@_natively.dispatch
def _(y: object, backend, plan, kind):
    return None


@_natively.dispatch
def _(y: np.ndarray, backend, plan, kind):
    axes = plan.axes
    size, level, left_out = _norm(y, axes, kind), None, None
    if plan.singular:
        count = y.size // size.size
        level = np.add.reduce(y, axes, keepdims=True) * y.dtype.type(1 / count)
        rest = y - level
        level = level.reshape(size.shape)
        left_out = abs(level) * y.dtype.type(_growth(count, kind))
    else:
        rest = y.copy()
    x = backend.bind(primitive.spectral_scale)(rest, axes, plan.kinds, plan.scale)
    subtract_laplacian(rest, x, axes, *plan.sides)
    return x, rest, _norm(rest, axes, kind), size, level, left_out


def _norm(x: np.ndarray, axes: tuple[int, ...], kind: str) -> Any:
    if kind == "max":
        return np.abs(x).max(axes)
    if len(axes) == x.ndim and x.flags.c_contiguous:
        flat = x.ravel()
        return np.sqrt(flat.dot(flat))
    return np.sqrt(np.square(x).sum(axes))
