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
        axes = tuple([spec.axes[n] for n in operator.dims])
        scale = inverse_eigenvalues(operator, y)
        sides = operator.boundary, operator.spacing
        found = _natively(y.native_array, spec.backend, axes, operator.kinds, scale, sides, operator.singular, kind)
        if found is not None:
            each = _per_system(spec, dims)
            x, rest, residual, size, level, left_out = found
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


def _per_system(spec: Spec, dims: Shape) -> Spec:
    """The spec of one number per system."""
    key = ("per system", dims)
    found = spec._cache.get(key)
    if found is None:
        found = spec._cache[key] = spec.with_dims(spec.stored.without(dims), spec.shape.without(dims))
    return found


@generic(on="y")
def _natively(
    y: Any, backend: Any, axes: tuple[int, ...], kinds: Any, scale: Any, sides: Any, singular: bool, kind: str
) -> Any:
    """The attributes of `FirstPass` as arrays for backends whose arrays can be written to; None for others."""


@_natively.dispatch
def _(y: object, backend, axes, kinds, scale, sides, singular, kind):
    return None


@_natively.dispatch
def _(y: np.ndarray, backend, axes, kinds, scale, sides, singular, kind):
    size, level, left_out = _norm(y, axes, kind), None, None
    if singular:
        count = y.size // size.size
        level = np.add.reduce(y, axes, keepdims=True) * y.dtype.type(1 / count)
        rest = y - level
        level = level.reshape(size.shape)
        left_out = abs(level) * y.dtype.type(_growth(count, kind))
    else:
        rest = y.copy()
    x = backend.bind(primitive.spectral_scale)(rest, axes, kinds, scale)
    subtract_laplacian(rest, x, axes, *sides)
    return x, rest, _norm(rest, axes, kind), size, level, left_out


def _norm(x: np.ndarray, axes: tuple[int, ...], kind: str) -> Any:
    if kind == "max":
        return np.abs(x).max(axes)
    if len(axes) == x.ndim and x.flags.c_contiguous:
        flat = x.ravel()
        return np.sqrt(flat.dot(flat))
    return np.sqrt(np.square(x).sum(axes))
