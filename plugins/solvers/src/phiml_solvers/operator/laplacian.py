"""∇ · (w ∇x) of native arrays in one go, where a backend gains by it."""

import math
from typing import Any

import numpy as np
from phiml_core.dispatch import generic
from phiml_core.tensor.dense import Dense

from .boundary import OPEN_ENDS, PERIODIC

__all__ = ["laplacian", "laplacian_in_place", "subtract_laplacian"]

Sides = tuple[tuple[str, str], ...]


def laplacian(x: Any, dims: tuple[str, ...], sides: Sides, spacing: tuple[float, ...], weights: Any = None) -> Any:
    """∇ · (w ∇x) of a tensor that stores `dims` as `BoxLaplace` and `MaskedLaplace` define it, or None where its parts are to be computed
    one by one.

    Args:
        x: cell values.
        sides: (lower, upper) boundary per dim.
        spacing: size of a cell per dim, in length.
        weights: tensors on the free faces per dim, or None for 1.
    """
    if type(x) is not Dense:
        return None
    arrays = None
    if weights is not None:
        if not all([type(w) is Dense and w.spec.backend is x.spec.backend for w in weights]):
            return None
        if not all([w.spec.dtype is x.spec.dtype and w.spec.stored.names == x.spec.stored.names for w in weights]):
            return None
        arrays = [w.native_array for w in weights]
    axes = tuple([x.spec.axes[n] for n in dims])
    found = laplacian_in_place(x.native_array, axes, sides, spacing, arrays)
    return None if found is None else Dense(found, x.spec)


@generic(on="x")
def laplacian_in_place(x: Any, axes: tuple[int, ...], sides: Sides, spacing: tuple[float, ...], weights: Any) -> Any:
    """`laplacian` of a native array for backends whose arrays can be written to; None for others.

    Args:
        axes: those of the dims.
        weights: arrays with the axes of x, or None.
    """


@laplacian_in_place.dispatch
def _(x: object, axes, sides, spacing, weights):
    return None


@laplacian_in_place.dispatch
def _(x: np.ndarray, axes, sides, spacing, weights):
    """The same numbers as by parts, bit for bit: in half of the time at 128², a tenth at 512²."""
    x = np.ascontiguousarray(x)
    total = None
    for i, (axis, pair, h) in enumerate(zip(axes, sides, spacing)):
        step = math.prod(x.shape[axis + 1 :])
        lower, flux, upper = _fluxes(x, axis, step, pair, h, None if weights is None else weights[i])
        change = flux.copy()
        change.reshape(-1)[step:] -= flux.reshape(-1)[: x.size - step]
        if upper is not None:
            change[_cut(axis, -1, None)] += upper
        if lower is not None:
            change[_cut(axis, None, 1)] -= lower
        if h != 1:
            change *= 1 / h
        if total is None:
            total = change
        else:
            total += change
    return total


def subtract_laplacian(
    y: np.ndarray, x: np.ndarray, axes: tuple[int, ...], sides: Sides, spacing: tuple[float, ...]
) -> None:
    """y -= ∇²x in place, of contiguous arrays."""
    for axis, pair, h in zip(axes, sides, spacing):
        step = math.prod(x.shape[axis + 1 :])
        lower, flux, upper = _fluxes(x, axis, step, pair, h, None)
        if h != 1:
            flux *= 1 / h
        y -= flux
        y.reshape(-1)[step:] += flux.reshape(-1)[: x.size - step]
        if upper is not None:
            y[_cut(axis, -1, None)] -= upper * (1 / h)
        if lower is not None:
            y[_cut(axis, None, 1)] += lower * (1 / h)


def _fluxes(
    x: np.ndarray, axis: int, step: int, pair: tuple[str, str], h: float, weights: Any
) -> tuple[Any, np.ndarray, Any]:
    """w ∂x/∂axis on the lower face of the first cells, the upper face of each cell but the last ones, where it is 0, and on their
    upper face; None where nothing flows.

    A neighbour in a contiguous array is the element `step` further on; what that makes of the last cells is overwritten.  Rows of their
    own would take three times as long.
    """
    flat, flux = x.reshape(-1), np.empty_like(x)
    np.subtract(flat[step:], flat[: x.size - step], out=flux.reshape(-1)[: x.size - step])
    first, last = _cut(axis, None, 1), _cut(axis, -1, None)
    flux[last] = 0
    if pair[0] == PERIODIC:
        upper = lower = x[first] - x[last]
    else:
        lower = x[first] * OPEN_ENDS[pair[0]] if pair[0] in OPEN_ENDS else None
        upper = x[last] * -OPEN_ENDS[pair[1]] if pair[1] in OPEN_ENDS else None
    if h != 1:
        flux *= 1 / h
        lower, upper = (end if end is None else end * (1 / h) for end in (lower, upper))
    if weights is not None:
        begin, end = int(pair[0] in OPEN_ENDS), -1 if pair[1] in OPEN_ENDS else None
        if pair[0] == PERIODIC:  # the lower face of each cell
            begin, upper = 1, upper * weights[first]
            lower = upper
        else:
            lower = lower if lower is None else lower * weights[first]
            upper = upper if upper is None else upper * weights[last]
        flux[_cut(axis, None, -1)] *= weights[_cut(axis, begin, end)]
    return lower, flux, upper


def _cut(axis: int, start: int | None, stop: int | None) -> tuple[slice, ...]:
    return (*(slice(None),) * axis, slice(start, stop))
