"""Slicing, renaming and rearranging sparse tensors."""

from collections.abc import Callable
from typing import Any

import numpy as np
from phiml_core.shape import Shape, ShapeError, concat_shapes, make_shape, merge_shapes, select
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.sparse import ENTRY, Compact, Compressed, Coordinates, Sparse, UnsupportedFormat
from phiml_core.tensor.sparse.numbering import number_type, ravel, split
from phiml_core.tensor.stacked import as_dense
from phiml_core.tensor.tensor import Tensor
from phiml_core.tensor.words import restructure

from . import slicing
from .create import convert
from .elementwise import cast, clip, where
from .gather import boolean_mask, take
from .pad import _widths, pad
from .rename import rename_dims, renamed
from .reorder import flip, pack_dims, roll, unpack_dim
from .repeat import expand, store
from .slicing import select_positions, slice_range
from .sparse_entries import coordinates, from_positions, positions, taken, unknown
from .sparse_format import in_format

__all__ = ["METHODS"]

METHODS: dict[Any, Callable[..., Any]] = {}
"""How operations that move elements treat a sparse tensor: `method(t, *args)`."""
OF_VALUES = frozenset(("stop_gradient",))
"""Names of operations on each value that are defined above this part."""


@restructure.dispatch
def _(lead: Sparse, op, values, args):
    method = METHODS.get(op)
    if method is None:
        name = getattr(op, "__name__", str(op))
        if name in OF_VALUES:
            return lead.with_values(as_dense(op(lead.values, *args)))
        raise UnsupportedFormat(
            f"{name} of a sparse tensor {lead.shape} is not there.  Convert it: {name}(dense(t), …), or work with stored_values(t) "
            "and stored_indices(t)."
        )
    return method(*values, *args)


def _method(op: Any) -> Any:
    def register(function: Any) -> Any:
        METHODS[op] = function
        return function

    return register


def _of_values(op: Any) -> Any:
    """An operation on each value."""
    METHODS[op] = lambda t, *args: t.with_values(as_dense(op(t.values, *args)))


_of_values(cast)


@_method(convert)
def _(t: Sparse, backend: Any) -> Sparse:
    return Sparse(t.pattern.on(backend), as_dense(convert(t.values, backend)))


@_method(store)
def _(t: Sparse, dims: Any) -> Sparse:
    wanted = t.values.shape if dims is None else t.value_dims.only(dims)
    return t.with_values(as_dense(store(t.values, wanted)))


@expand.dispatch
def _(value: Sparse, dims):
    merge_shapes(value.shape, dims, operation="expand")
    new = dims.without(value.shape)
    return value.with_values(as_dense(expand(value.values, new))) if new else value


# --- slicing ---


def _outside(shape: Shape, name: str, i: int) -> IndexError:
    size: Any = shape.get_size(name)
    return IndexError(f"Position {i} lies outside dim {name!r} of {shape}: it must be from {-size} to {size - 1}.")


@_method(slicing._at)
def _(t: Sparse, name: str, i: int) -> Any:
    if name not in t.sparse_dims.names:
        return t.with_values(as_dense(slicing._at(t.values, name, i)))
    size: Any = t.shape.get_size(name)
    if not -size <= i < size:
        raise _outside(t.shape, name, i)
    return _moved(t, name, lambda p: (p - i % size, p == i % size), None)


@_method(slice_range)
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


@_method(select_positions)
def _(t: Sparse, name: str, chosen: tuple[int, ...]) -> Any:
    if name not in t.sparse_dims.names:
        return t.with_values(as_dense(select_positions(t.values, name, chosen)))
    size: Any = t.shape.get_size(name)
    for i in chosen:
        if not -size <= i < size:
            raise _outside(t.shape, name, i)
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
    return _rebuilt(
        t, moved, taken(_stored(listed), source), t.sparse_dims.replace(t.sparse_dims[name], dim), t.pattern.unique
    )


def _stored(t: Sparse) -> Dense:
    return as_dense(store(t.values, ENTRY))


def _moved(t: Sparse, name: str, move: Any, dim: Shape | None) -> Any:
    """The entries whose position along a dim is kept; `move(positions)` gives the new ones and whether to keep them.

    While compiling, when positions are not known, all entries are kept, those left out as zeros.
    """
    listed = coordinates(t)
    pattern = listed.pattern
    found = positions(pattern)
    moved, keep = move(found[name])
    values = _stored(listed)
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
    return _rebuilt(t, found, values, dims, unique)


def _rebuilt(t: Sparse, found: dict[str, Any], values: Dense, dims: Shape, unique: bool) -> Sparse:
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


@_method(take)
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


@_method(boolean_mask)
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


@_method(pad)
def _(t: Sparse, widths: Any, mode: Any) -> Sparse:
    widths = _widths(t, widths)
    inner = {n: w for n, w in widths.items() if n not in t.sparse_dims.names}
    zero = isinstance(mode, (int, float)) and mode == 0
    for name, (lower, upper) in widths.items():
        if name in inner:
            continue
        if not zero or lower < 0 or upper < 0:
            raise UnsupportedFormat(
                f"pad of {t.shape} along the sparse dim {name!r} adds zeros: pad(t, {{{name!r}: (1, 1)}}, 0), not {mode!r} and widths "
                f"{(lower, upper)}.  Slice to make it smaller, or convert it: dense(t)."
            )
        dim = t.shape[name].with_size(t.shape.get_size(name) + lower + upper)
        t = _remapped(t, name, lambda p, lower=lower: p + lower, dim)
    return t.with_values(as_dense(pad(t.values, inner, mode))) if inner else t


# --- rearranging ---


@rename_dims.dispatch
def _(value: Sparse, dims, names):
    old, new = renamed(value.shape, dims, names)
    pairs = dict(zip(old.names, new, strict=True))
    inner = [n for n in old.names if n not in value.sparse_dims.names]
    if inner:
        target = concat_shapes(*(pairs[n] for n in inner))
        taken_names = [n for n in target.names if n in value.sparse_dims.names and n not in pairs]
        if taken_names:
            raise ShapeError(f"Cannot rename {old} of {value.shape} to {new}: {taken_names[0]!r} is there already.")
        value = value.with_values(as_dense(rename_dims(value.values, tuple(inner), target)))
    rows, columns = (_renamed(d, pairs) for d in (value.pattern.rows, value.pattern.columns))
    dims = concat_shapes(rows, columns)
    merge_shapes(dims, value.value_dims)
    return regrouped(value, rows, columns)


def _renamed(dims: Shape, pairs: dict[str, Shape]) -> Shape:
    names, sizes, types, items = map(list, dims.columns)
    for i, name in enumerate(dims.names):
        if name in pairs:
            new = pairs[name]
            names[i], types[i], items[i] = new.name, new.type, new.item_names or items[i]
    return make_shape(tuple(names), tuple(sizes), tuple(types), tuple(items))


def regrouped(t: Sparse, rows: Shape, columns: Shape) -> Sparse:
    """The same entries with other dims, divided into rows and columns by their type."""
    pattern = t.pattern
    wanted = split(concat_shapes(rows, columns))
    if not rows or not columns:
        return Sparse(pattern.with_dims(rows, columns), t.values)
    if (wanted[0].names, wanted[1].names) == (rows.names, columns.names):
        return Sparse(pattern.with_dims(rows, columns), t.values)
    if (wanted[0].names, wanted[1].names) == (columns.names, rows.names):
        return transposed(t, columns, rows)
    listed = coordinates(t)
    same = Sparse(listed.pattern.with_dims(rows, columns), listed.values)
    made = from_positions(positions(same.pattern), concat_shapes(*wanted), _stored(same), pattern.unique, wanted)
    return in_format(made, t.format) if made.pattern.known() is not None or not t.format.startswith("compact") else made


def transposed(t: Sparse, rows: Shape, columns: Shape) -> Sparse:
    """The entries with their row as column: CSR becomes CSC, nothing is moved."""
    pattern = t.pattern
    if isinstance(pattern, (Compressed, Compact)):
        return Sparse(pattern.transposed(rows, columns), t.values)
    row, column = pattern.numbers()
    made = Coordinates(column, row, rows, columns, pattern.unique)
    made._known = None if pattern._known is None else pattern._known[::-1]
    return Sparse(made, t.values)


@flip.dispatch
def _(value: Sparse, dims):
    found = select(value.shape, dims)
    inner = found.without(value.sparse_dims)
    t = value.with_values(as_dense(flip(value.values, inner))) if inner else value
    for name in found.only(value.sparse_dims).names:
        size: Any = t.shape.get_size(name)
        items = t.shape.get_item_names(name)
        dim = t.shape[name].with_item_names(name, items[::-1]) if items else t.shape[name]
        t = _remapped(t, name, lambda p, size=size: size - 1 - p, dim)
    return t


@roll.dispatch
def _(value: Sparse, shifts):
    inner = {n: s for n, s in shifts.items() if n not in value.sparse_dims.names}
    t = value.with_values(as_dense(roll(value.values, inner))) if inner else value
    for name, shift in shifts.items():
        if name in value.sparse_dims.names:
            size: Any = t.shape.get_size(name)
            t = _remapped(t, name, lambda p, size=size, shift=shift: (p + shift % size) % size, t.shape[name])
    return t


def _remapped(t: Sparse, name: str, move: Any, dim: Shape) -> Sparse:
    listed = coordinates(t)
    found = positions(listed.pattern)
    found[name] = move(found[name])
    return _rebuilt(t, found, _stored(listed), t.sparse_dims.replace(t.sparse_dims[name], dim), t.pattern.unique)


@pack_dims.dispatch
def _(value: Sparse, dims, packed_dim):
    packed = select(value.shape, dims)
    sparse = packed.only(value.sparse_dims)
    if not sparse:
        if not packed:
            return expand(value, packed_dim.with_size(1))
        return value.with_values(as_dense(pack_dims(value.values, packed, packed_dim)))
    if len(sparse) < len(packed):
        raise ShapeError(
            f"Cannot pack {packed} of {value.shape}: {sparse} are sparse and the others are not.  Convert it: dense(t)."
        )
    for mine in (value.pattern.rows, value.pattern.columns):
        if mine.names == packed.names:
            new = packed_dim.with_size(packed.volume)
            groups = [new if d is mine else d for d in (value.pattern.rows, value.pattern.columns)]
            return regrouped(value, *groups)
    listed = coordinates(value)
    found = positions(listed.pattern)
    number_type(packed.volume)
    wide = packed.volume > 2**31 - 1
    parts = [
        (p.astype(np.int64) if isinstance(p, np.ndarray) else cast(p, "int64") if wide else p)
        for p in (found.pop(n) for n in packed.names)
    ]
    found[packed_dim.name] = ravel(parts, packed.sizes)
    rest = value.sparse_dims.without(packed)
    made = concat_shapes(rest, packed_dim.with_size(packed.volume))
    return _rebuilt(value, found, _stored(listed), made, value.pattern.unique)


@unpack_dim.dispatch
def _(value: Sparse, dim, unpacked_dims):
    packed = select(value.shape, dim)
    if packed.rank != 1:
        raise ShapeError(f"unpack_dim needs one dim, but {dim!r} selects {packed} of {value.shape}.")
    if packed.name not in value.sparse_dims.names:
        return value.with_values(as_dense(unpack_dim(value.values, packed, unpacked_dims)))
    if unpacked_dims.volume != packed.volume or not unpacked_dims.well_defined:
        raise ShapeError(
            f"Cannot unpack {packed} to {unpacked_dims}: {packed.volume} items do not fill {unpacked_dims.volume}."
        )

    def replaced(d: Shape) -> Shape:
        if packed.name not in d.names:
            return d
        i = d.index(packed.name)
        return concat_shapes(d[:i], unpacked_dims, d[i + 1 :])

    return regrouped(value, replaced(value.pattern.rows), replaced(value.pattern.columns))
