"""The inverse of a separable operator in the space where transforms make it diagonal."""

from functools import lru_cache
from typing import Any

import numpy as np
from phiml_core.backend import primitive
from phiml_core.backend.precision import current
from phiml_core.math import where
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.tensor import Tensor

from .operator.box import BoxLaplace, transform_inverse
from .operator.shift import stored

__all__ = ["inverse_eigenvalues", "spectral_inverse"]


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
