"""Structural words, linear algebra and creation."""

import math
from typing import Any

import array_api_strict as xp
import numpy as np
from phiml_core.backend import DType, primitive

from .trait import ARRAY, STRICT, Strict, native_dtype

primitive.reshape.register((ARRAY,), xp.reshape)
primitive.transpose.register((ARRAY,), xp.permute_dims)
primitive.broadcast_to.register((ARRAY,), xp.broadcast_to)
primitive.concat.register((ARRAY,), lambda x, others, axis: xp.concat((x, *others), axis=axis))
primitive.stack.register((ARRAY,), lambda x, others, axis: xp.stack((x, *others), axis=axis))
primitive.flip.register((ARRAY,), lambda x, axes: xp.flip(x, axis=axes))
primitive.roll.register((ARRAY,), lambda x, shifts, axes: xp.roll(x, shifts, axis=axes))


@primitive.getitem.dispatch
def _(x: ARRAY, index: tuple[Any, ...]) -> Any:
    """The standard leaves slices that end outside undefined, and an index of fewer axes than there are."""
    index = index if ... in index else (*index, ...)
    whole = x.ndim - sum(item is not None and item is not ... for item in index)  # axes that the ellipsis stands for
    complete: list[Any] = []
    axis = 0
    for item in index:
        complete.append(_inside(item, x.shape[axis]) if isinstance(item, slice) else item)
        axis += whole if item is ... else item is not None
    return x[tuple(complete)]


def _inside(item: slice, size: int) -> slice:
    start, stop, step = item.indices(size)
    if not range(start, stop, step):
        return slice(0, 0)
    return slice(start, None if stop < 0 else stop, step)


@primitive.pad.dispatch
def _(x: ARRAY, widths: tuple[tuple[int, int], ...], mode: str, value: Any = 0) -> Any:
    for axis, (lower, upper) in enumerate(widths):
        if not (lower or upper):
            continue
        if mode == "constant":
            fill = STRICT.as_array(value, STRICT.dtype(x))
            margins = [
                xp.broadcast_to(fill, (*x.shape[:axis], width, *x.shape[axis + 1 :])) for width in (lower, upper)
            ]
            x = xp.concat((margins[0], x, margins[1]), axis=axis)
        else:
            x = xp.take(x, xp.asarray(_sources(mode, x.shape[axis], lower, upper)), axis=axis)
    return x


def _sources(mode: str, size: int, lower: int, upper: int) -> np.ndarray:
    """The position inside that each item of a padded axis is a copy of."""
    positions = np.arange(-lower, size + upper)
    if mode == "edge":
        return positions.clip(0, size - 1)
    if mode == "wrap":
        return positions % size
    if mode == "symmetric":
        folded = positions % (2 * size)
        return np.minimum(folded, 2 * size - 1 - folded)
    raise ValueError(f"Unknown mode of padding {mode!r}.  Use 'constant', 'edge', 'wrap' or 'symmetric'.")


@primitive.take.dispatch
def _(x: ARRAY, indices: Any, axis: int) -> Any:
    flat = xp.take(x, xp.reshape(indices, (-1,)), axis=axis)  # the standard takes along one axis of positions
    return xp.reshape(flat, (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))


def _flat(sizes: tuple[int, ...], indices: tuple[Any, ...]) -> Any:
    """Row-major position in an array of `sizes` of the items at `indices`, one array of positions per axis."""
    flat, *others = xp.broadcast_arrays(*[xp.astype(i, xp.int64) for i in indices])
    for size, index in zip(sizes[1:], others, strict=True):
        flat = flat * size + index
    return flat


@primitive.gather.dispatch
def _(x: ARRAY, indices: tuple[Any, ...]) -> Any:
    lead, rest = x.shape[: len(indices)], x.shape[len(indices) :]
    positions = _flat(lead, indices)
    items = xp.take(xp.reshape(x, (math.prod(lead), *rest)), xp.reshape(positions, (-1,)), axis=0)
    return xp.reshape(items, (*positions.shape, *rest))


@primitive.scatter.dispatch
def _(base: ARRAY, indices: tuple[Any, ...], values: Any, mode: str) -> Any:
    # the standard has nothing that adds up equal positions
    numpy = primitive.scatter(
        STRICT.to_numpy(base), tuple(map(STRICT.to_numpy, indices)), STRICT.to_numpy(STRICT.as_array(values)), mode
    )
    return STRICT.as_array(numpy)


@primitive.nonzero.dispatch
def _(x: ARRAY) -> Any:
    return xp.stack(xp.nonzero(x), axis=1)


@primitive.boolean_mask.dispatch
def _(x: ARRAY, mask: Any, axis: int) -> Any:
    (positions,) = xp.nonzero(STRICT.as_array(mask))
    return xp.take(x, positions, axis=axis)


@primitive.einsum.dispatch
def _(x: ARRAY, others: tuple[Any, ...], subscripts: str) -> Any:
    """The product of all operands, broadcast, summed over what the result lacks: the standard has no einsum."""
    inputs, _, output = subscripts.partition("->")
    letters = "".join(dict.fromkeys(output + inputs.replace(",", "")))
    product: Any = None
    for operand, names in zip((x, *others), inputs.split(","), strict=True):
        if len(set(names)) < len(names):
            raise NotImplementedError(f"array_api_strict takes no diagonals, but {subscripts!r} repeats a letter.")
        ordered = xp.permute_dims(operand, tuple(sorted(range(len(names)), key=lambda i: letters.index(names[i]))))
        aligned = ordered[tuple(slice(None) if letter in names else None for letter in letters)]
        product = aligned if product is None else product * aligned
    return xp.sum(product, axis=tuple(range(len(output), len(letters))), dtype=x.dtype)


primitive.solve.register((ARRAY,), xp.linalg.solve)


@primitive.zeros.dispatch
def _(place: Strict, sizes: tuple[int, ...], dtype: DType, device: Any = None) -> Any:
    return xp.zeros(sizes, dtype=native_dtype(dtype))


@primitive.full.dispatch
def _(place: Strict, sizes: tuple[int, ...], value: Any, dtype: DType, device: Any = None) -> Any:
    return xp.full(sizes, dtype.kind(value), dtype=native_dtype(dtype))


@primitive.arange.dispatch
def _(place: Strict, start: int, stop: int, dtype: DType, device: Any = None) -> Any:
    return xp.arange(start, stop, dtype=native_dtype(dtype))
