"""Slicing sparse tensors, and how their layout finds the method of an operation that moves elements."""

from collections.abc import Callable
from typing import Any

import numpy as np
from phiml_core.shape import Shape, ShapeError, merge_shapes, select
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.sparse import ENTRY, Sparse, UnsupportedFormat
from phiml_core.tensor.sparse.numbering import split
from phiml_core.tensor.stacked import as_dense
from phiml_core.tensor.tensor import Tensor
from phiml_core.tensor.words import restructure

from . import slicing
from .create import convert
from .elementwise import cast, clip, where
from .gather import boolean_mask, take
from .rename import rename_dims
from .repeat import expand, store
from .slicing import select_positions, slice_range
from .sparse_entries import coordinates, from_positions, positions, taken, unknown
from .sparse_format import in_format

__all__ = ["METHODS", "method", "outside", "rebuilt", "stored"]

METHODS: dict[Any, Callable[..., Any]] = {}
"""How operations that move elements treat a sparse tensor: `method(t, *args)`."""
OF_VALUES = frozenset(("stop_gradient",))
"""Names of operations on each value that are defined above this part."""


@restructure.dispatch
def _(lead: Sparse, op, values, args):
    found = METHODS.get(op)
    if found is None:
        name = getattr(op, "__name__", str(op))
        if name in OF_VALUES:
            return lead.with_values(as_dense(op(lead.values, *args)))
        raise UnsupportedFormat(
            f"{name} of a sparse tensor {lead.shape} is not there.  Convert it: {name}(dense(t), …), or work with stored_values(t) "
            "and stored_indices(t)."
        )
    return found(*values, *args)


def method(op: Any) -> Any:
    """Register a function of a sparse tensor and further arguments as the method of `op`."""

    def register(function: Any) -> Any:
        METHODS[op] = function
        return function

    return register


@method(cast)
def _(t: Sparse, dtype: Any) -> Sparse:
    return t.with_values(as_dense(cast(t.values, dtype)))


@method(convert)
def _(t: Sparse, backend: Any) -> Sparse:
    return Sparse(t.pattern.on(backend), as_dense(convert(t.values, backend)))


@method(store)
def _(t: Sparse, dims: Any) -> Sparse:
    wanted = t.values.shape if dims is None else t.value_dims.only(dims)
    return t.with_values(as_dense(store(t.values, wanted)))


@expand.dispatch
def _(value: Sparse, dims):
    merge_shapes(value.shape, dims, operation="expand")
    new = dims.without(value.shape)
    return value.with_values(as_dense(expand(value.values, new))) if new else value


def outside(shape: Shape, name: str, i: int) -> IndexError:
    """The error for a position that a dim does not have."""
    size: Any = shape.get_size(name)
    return IndexError(f"Position {i} lies outside dim {name!r} of {shape}: it must be from {-size} to {size - 1}.")


@method(slicing._at)
def _(t: Sparse, name: str, i: int) -> Any:
    if name not in t.sparse_dims.names:
        return t.with_values(as_dense(slicing._at(t.values, name, i)))
    size: Any = t.shape.get_size(name)
    if not -size <= i < size:
        raise outside(t.shape, name, i)
    return _moved(t, name, lambda p: (p - i % size, p == i % size), None)


@method(slice_range)
def _(t: Sparse, name: str, item: slice) -> Any:
    if name not in t.sparse_dims.names:
        return t.with_values(as_dense(slice_range(t.values, name, item)))
    size: Any = t.shape.get_size(name)
    places = range(size)[item]
    items = t.shape.get_item_names(name)
    dim = t.shape[name].with_size(len(places))
    if items is not None:
        dim = dim.with_item_names(name, tuple(items[item]) or None)
    start, step, count = places.start, places.step, len(places)

    def move(p: Any) -> Any:
        if step == 1:
            return p - start, (p >= start) & (p < start + count)
        moved = (p - start) // step if step > 0 else (start - p) // -step
        exact = (p - start) % step == 0 if step > 0 else (start - p) % -step == 0
        return moved, exact & (moved >= 0) & (moved < count)

    return _moved(t, name, move, dim)


@method(select_positions)
def _(t: Sparse, name: str, chosen: tuple[int, ...]) -> Any:
    if name not in t.sparse_dims.names:
        return t.with_values(as_dense(select_positions(t.values, name, chosen)))
    size: Any = t.shape.get_size(name)
    for i in chosen:
        if not -size <= i < size:
            raise outside(t.shape, name, i)
    items = t.shape.get_item_names(name)
    dim = t.shape[name].with_size(len(chosen))
    if items is not None and len(set(chosen)) == len(chosen):
        dim = dim.with_item_names(name, tuple(items[i] for i in chosen))
    listed = coordinates(t)
    if listed.pattern.known() is None:
        raise unknown(f"Selecting several positions along {name!r} of {t.shape}")
    found = positions(listed.pattern)
    order = np.argsort(np.asarray(chosen, np.int64) % size if chosen else np.zeros(0, np.int64), kind="stable")
    ascending = (np.asarray(chosen, np.int64) % size)[order] if chosen else order
    low, high = np.searchsorted(ascending, found[name]), np.searchsorted(ascending, found[name], side="right")
    repeats = high - low  # how often each entry was chosen
    source = np.repeat(np.arange(len(repeats)), repeats)
    nth = np.arange(len(source)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    moved = {n: p[source] for n, p in found.items()}
    moved[name] = order[low[source] + nth]
    return rebuilt(
        t, moved, taken(stored(listed), source), t.sparse_dims.replace(t.sparse_dims[name], dim), t.pattern.unique
    )


def stored(t: Sparse) -> Dense:
    """The values, each stored, of COO."""
    return as_dense(store(t.values, ENTRY))


def _moved(t: Sparse, name: str, move: Any, dim: Shape | None) -> Any:
    """The entries whose position along a dim is kept; `move(positions)` gives the new ones and whether to keep them.

    While compiling, when positions are not known, all entries are kept, those left out as zeros.
    """
    listed = coordinates(t)
    pattern = listed.pattern
    found = positions(pattern)
    moved, keep = move(found[name])
    values = stored(listed)
    unique = pattern.unique
    if pattern.known() is not None:
        places = np.flatnonzero(keep)
        found = {n: p[places] for n, p in {**found, name: moved}.items()}
        values = taken(values, places)
    else:
        values = as_dense(where(keep, values, values.dtype.kind(0)))
        last: Any = 0 if dim is None else max(0, dim.size - 1)
        found[name] = cast(clip(moved, 0, last), moved.dtype)
        unique = False
    if dim is None:
        del found[name]
        dims = t.sparse_dims.without(name)
    else:
        dims = t.sparse_dims.replace(t.sparse_dims[name], dim)
    if not dims:
        from .reduce import sum_

        return sum_(values, ENTRY)
    return rebuilt(t, found, values, dims, unique)


def rebuilt(t: Sparse, found: dict[str, Any], values: Dense, dims: Shape, unique: bool) -> Sparse:
    """A tensor with other positions in the format of `t`, as far as that is possible."""
    groups = _groups(t, dims)
    made = from_positions(found, dims, values, unique, groups)
    if not groups[0] or not groups[1]:
        return made
    if t.format.startswith("compact") and made.pattern.known() is None:
        return made
    return in_format(made, t.format)


def _groups(t: Sparse, dims: Shape) -> tuple[Shape, Shape]:
    """The rows and columns of `t` of which dims changed."""
    rows, columns = t.pattern.order
    ordered = [n for n in (*rows, *columns) if n in dims.names] + [n for n in dims.names if n not in (*rows, *columns)]
    return split(dims[",".join(ordered)])


@method(take)
def _(t: Sparse, name: str, chosen: Tensor) -> Any:
    dim = name if isinstance(name, str) else select(t.shape, name).name
    if dim not in t.sparse_dims.names:
        return t.with_values(as_dense(take(t.values, dim, chosen)))
    block = as_dense(chosen)
    if block.rank > 1:
        raise ShapeError(
            f"Positions {chosen.shape} along the sparse dim {dim!r} of {t.shape} must be a list.  Pack their dims."
        )
    if not block.backend.is_available(block.native_array):
        raise unknown(f"Reading {t.shape} at positions along {dim!r}")
    places = tuple(int(i) for i in block.backend.to_numpy(block.native_array).reshape(-1))
    result = METHODS[select_positions](t, dim, places)
    return rename_dims(result, dim, block.shape.with_size(None)) if block.rank and block.shape.name != dim else result


@method(boolean_mask)
def _(t: Sparse, dim: Any, mask: Tensor, preserve_names: bool) -> Any:
    name = select(merge_shapes(mask.shape, t.shape), dim).name
    if name not in t.sparse_dims.names:
        return t.with_values(as_dense(boolean_mask(t.values, name, mask, preserve_names)))
    block = as_dense(mask)
    if block.rank != 1 or not block.backend.is_available(block.native_array):
        raise unknown(f"Masking {t.shape} along {name!r} by {mask.shape}")
    return METHODS[select_positions](
        t, name, tuple(np.flatnonzero(block.backend.to_numpy(block.native_array)).tolist())
    )
