"""Renaming and rearranging the dims of sparse tensors."""

from typing import Any

import numpy as np
from phiml_core.shape import Shape, ShapeError, concat_shapes, make_shape, merge_shapes, select
from phiml_core.tensor.sparse import Compact, Compressed, Coordinates, Sparse, UnsupportedFormat
from phiml_core.tensor.sparse.numbering import number_type, ravel, split
from phiml_core.tensor.stacked import as_dense

from .elementwise import cast
from .pad import checked_widths, pad
from .rename import rename_dims, renamed
from .reorder import flip, pack_dims, roll, unpack_dim
from .repeat import expand
from .sparse_entries import coordinates, from_positions, positions
from .sparse_format import in_format
from .sparse_slicing import method, rebuilt, stored

__all__ = ["regrouped"]


@method(pad)
def _(t: Sparse, widths: Any, mode: Any) -> Sparse:
    widths = checked_widths(t, widths)
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
    made = from_positions(positions(same.pattern), concat_shapes(*wanted), stored(same), pattern.unique, wanted)
    return in_format(made, t.format) if made.pattern.known() is not None or not t.format.startswith("compact") else made


def transposed(t: Sparse, rows: Shape, columns: Shape) -> Sparse:
    """The entries with their row as column: CSR becomes CSC, nothing is moved."""
    pattern = t.pattern
    if isinstance(pattern, (Compressed, Compact)):
        return Sparse(pattern.transposed(rows, columns), t.values)
    row, column = pattern.numbers()
    made = Coordinates(column, row, rows, columns, pattern.unique)
    made._known = None if pattern._known is None else (pattern._known[1], pattern._known[0])
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
    return rebuilt(t, found, stored(listed), t.sparse_dims.replace(t.sparse_dims[name], dim), t.pattern.unique)


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
    return rebuilt(value, found, stored(listed), made, value.pattern.unique)


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
