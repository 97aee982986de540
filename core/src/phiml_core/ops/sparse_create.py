"""Making sparse tensors from lists of positions."""

from typing import Any

import numpy as np
from phiml_core.backend.choose import join
from phiml_core.shape import Shape, ShapeError, instance
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.sparse import (
    ENTRY,
    SLOT,
    Compact,
    Compressed,
    IndexOutside,
    Sparse,
    SparseError,
    UnknownFormat,
)
from phiml_core.tensor.sparse.numbering import keys, ravel, split
from phiml_core.tensor.sparse.pattern import index_array
from phiml_core.tensor.stacked import as_dense
from phiml_core.tensor.tensor import Tensor

from .create import wrap
from .rename import rename_dims
from .reorder import pack_dims
from .repeat import expand, store
from .sparse_entries import from_positions, of_numbers
from .sparse_format import FORMATS, in_format
from .unstack import unstack

__all__ = ["default_sparse_dims", "sparse_tensor"]


def default_sparse_dims(shape: Shape) -> Shape:
    """The dims of a dense tensor that a sparse one would cover by its pattern; see `to_format`."""
    inner = shape.of_type("instance", "spatial")
    matched = shape.channel.only(tuple(n.removeprefix("~") for n in shape.dual.names))
    if shape.dual:
        return shape.only((*shape.dual.names, *inner.names, *matched.names)) if inner or matched else shape.non_batch
    return inner or shape.non_batch


def sparse_tensor(
    indices: Tensor | None,
    values: Any,
    dense_shape: Shape,
    can_contain_double_entries: bool = True,
    indices_sorted: bool = False,
    format: str | None = None,
) -> Sparse:
    """A tensor with `values` at the positions `indices` and zero everywhere else.

    Args:
        indices: integer positions.  Either a list: one instance dim, and one channel dim whose item names are the dims of
            `dense_shape` in any order (not needed for one dim).  Or a compact form: dims of `dense_shape` (the rows), an instance
            dim of the entries in each, and a channel dim that names the other dims of `dense_shape` (the columns), or none if there
            is one.  None for a tensor without entries.
        values: number, or tensor with the instance dim of `indices` (and its rows) and any further dims, such as batch and channel
            dims.
        dense_shape: the sparse dims with sizes: dual and primal dims make a matrix (see `Pattern`).
        can_contain_double_entries: whether a position may occur several times; then its values add up.  Positions that are known are
            checked.
        indices_sorted: whether the positions ascend row by row, which saves sorting them for a format.
        format: see `to_format`; by default 'coo' for lists, 'compact-cols' or 'compact-rows' for compact indices.

    Raises:
        IndexOutside: a position lies outside of `dense_shape`.
        ShapeError: the dims do not fit together.
        UnknownFormat: there is no such sparse format.

    >>> from phiml_core import math
    >>> index = math.wrap([[0, 1], [2, 0]], math.instance('entries'), math.channel(index='x,~x'))
    >>> A = math.sparse_tensor(index, math.wrap([4., 5.], math.instance('entries')), math.spatial(x=3) & math.dual(x=3))
    >>> A @ math.wrap([1., 10., 100.], math.spatial('x'))
    (40.0, 0.0, 5.0) along (xˢ=3)
    """
    if format is not None and format not in FORMATS[1:]:
        raise UnknownFormat(f"Unknown sparse format {format!r}.  Use one of {', '.join(FORMATS[1:])}.")
    if not dense_shape.well_defined or not dense_shape:
        raise ShapeError(f"sparse_tensor needs the sizes of all sparse dims, but dense_shape is {dense_shape}.")
    values = 0.0 if values is None else values
    values = values if isinstance(values, Tensor) else wrap(values)
    if values.shape.only(dense_shape.names).without(indices.shape if indices is not None else ()):
        raise ShapeError(f"The values {values.shape} of a sparse tensor cannot have sparse dims {dense_shape}.")
    if indices is None:
        made = _empty(values, dense_shape)
        return made if format is None else in_format(made, format)
    if indices.dtype.kind is not int:
        raise SparseError(f"Indices of a sparse tensor must be integers, not {indices.dtype}.  Convert: cast(t, int).")
    if indices.shape.batch:
        raise SparseError(
            f"The indices {indices.shape} have batch dims, but all items of a batch share one pattern.  Stack sparse tensors "
            "instead: stack(tensors, batch('b')) lists the positions of all of them."
        )
    rows = indices.shape.only(dense_shape.names)
    if rows:
        made = _compact(indices, values, dense_shape, rows, can_contain_double_entries)
    else:
        made = _listed(indices, values, dense_shape, can_contain_double_entries)
        if indices_sorted and format == "csr":
            return _sorted(made)
    return made if format in (None, made.format) else in_format(made, format)


def _empty(values: Tensor, dims: Shape) -> Sparse:
    none = np.zeros(0, np.int32)
    filled = as_dense(expand(as_dense(values), instance(**{ENTRY: 0})))
    return of_numbers(none, none, *split(dims), as_dense(store(filled, ENTRY)), True)


def _components(indices: Tensor, dims: Shape, listed: Shape) -> tuple[dict[str, Dense], str]:
    """Positions along each dim of `dims`, by name, and the dim that lists them."""
    names = indices.shape.channel.without(listed)
    rest = indices.shape.without(listed).without(names)
    if names.rank > 1 or rest.rank > 1 or (rest and rest.type != "instance"):
        raise ShapeError(
            f"The indices {indices.shape} of a sparse tensor need one instance dim that lists positions and one channel dim that "
            f"names the dims {dims}."
        )
    listing = rest.name if rest else ""
    if not names:
        if dims.rank != 1:
            raise ShapeError(f"The indices {indices.shape} need a channel dim whose item names are the dims of {dims}.")
        return {dims.name: as_dense(indices)}, listing
    items = names.item_names or (dims.names if dims.rank == 1 else ())
    if sorted(items) != sorted(dims.names) or names.size != dims.rank:
        raise ShapeError(
            f"The channel dim {names} of the indices {indices.shape} must name the sparse dims {dims}: "
            f"channel({names.name}='{','.join(dims.names)}')."
        )
    return {n: as_dense(c) for n, c in zip(items, unstack(indices, names), strict=True)}, listing


def _check(found: dict[str, Any], dims: Shape) -> None:
    for name, position in found.items():
        size: Any = dims.get_size(name)
        if isinstance(position, np.ndarray) and position.size and (position.min() < 0 or position.max() >= size):
            wrong = int(position.min() if position.min() < 0 else position.max())
            raise IndexOutside(
                f"sparse_tensor: position {wrong} lies outside dim {name!r} of {dims}: it must be from 0 to {size - 1}."
            )


def _values_along(values: Tensor, names: dict[str, str], lists: Shape, listing: Shape) -> Dense:
    """The values along the dims of a pattern."""
    others = values.shape.instance.without(listing)
    wrong = [n for n in others.names if others.get_size(n) == listing.volume and listing.rank == 1]
    if listing.rank == 1 and listing.name not in values.shape.names and wrong:
        raise ShapeError(
            f"The values {values.shape} must list their entries along the instance dim of the indices, {listing}.  "
            f"Rename it: rename_dims(values, {wrong[0]!r}, instance({listing.name!r}))."
        )
    present = {a: b for a, b in names.items() if a in values.shape.names}
    for a, b in present.items():
        if values.shape.get_size(a) != lists.get_size(b):
            raise ShapeError(
                f"There are {lists.get_size(b)} positions along {a!r}, but the values have shape {values.shape}."
            )
    block = as_dense(values)
    if present:
        block = as_dense(rename_dims(block, tuple(present), instance(",".join(present.values()))))
    return as_dense(expand(block, lists))


def _listed(indices: Tensor, values: Tensor, dims: Shape, double: bool) -> Sparse:
    components, listing = _components(indices, dims, dims)
    count: Any = indices.shape.get_size(listing) if listing else 1
    lists = instance(**{ENTRY: count})
    values = _values_along(values, {listing: ENTRY}, lists, indices.shape.only(listing))
    backend = join(values.backend, *(c.backend for c in components.values()))
    values = _on(values, backend)
    parts = {n: _list(c, listing, lists) for n, c in components.items()}
    known = {n: index_array(c) for n, c in parts.items()}
    if any(k is None for k in known.values()):
        return from_positions(parts, dims, values, not double)
    _check(known, dims)
    rows, columns = split(dims)
    row, column = (ravel([_wide(known[n]) for n in g.names], g.sizes) for g in (rows, columns))
    row, column = (np.zeros(count, np.int32) if isinstance(n, int) else n for n in (row, column))
    unique = not double or _is_unique(row, column, rows, columns)
    return of_numbers(row, column, rows, columns, values, unique)


def _wide(position: Any) -> Any:
    return position.astype(np.int64)


def _is_unique(row: Any, column: Any, rows: Shape, columns: Shape) -> bool:
    if rows.volume * columns.volume > np.iinfo(np.int64).max:
        order = np.lexsort((column, row))
        row, column = row[order], column[order]
        return not ((row[1:] == row[:-1]) & (column[1:] == column[:-1])).any()
    key = keys(row, column, rows.volume, columns.volume)
    if (key[1:] > key[:-1]).all():
        return True
    key = np.sort(key)
    return bool((key[1:] > key[:-1]).all())


def _list(index: Dense, listing: str, lists: Shape) -> Dense:
    if listing and listing in index.shape.names:
        index = as_dense(rename_dims(index, listing, instance(ENTRY)))
    return as_dense(store(expand(index, lists)))


def _on(values: Dense, backend: Any) -> Dense:
    from .create import convert

    return values if values.backend is backend else as_dense(convert(values, backend))


def _sorted(t: Sparse) -> Sparse:
    """CSR of positions that are said to be in order."""
    known = t.pattern.known()
    if known is None:
        return in_format(t, "csr")
    row, column = known
    if len(row) > 1 and (row[1:] < row[:-1]).any():
        raise SparseError("sparse_tensor: the indices are said to be sorted (indices_sorted=True) but are not.")
    p = t.pattern
    return Sparse(Compressed.of(row, column, p.rows, p.columns, p.unique, "rows", t.backend), t.values)


def _compact(indices: Tensor, values: Tensor, dims: Shape, given: Shape, double: bool) -> Sparse:
    rows, columns = split(dims)
    if set(given.names) not in (set(rows.names), set(columns.names)) or not columns:
        raise ShapeError(
            f"Compact indices {indices.shape} must have all rows {rows} or all columns {columns} as dims and list the others."
        )
    by = "rows" if set(given.names) == set(rows.names) else "columns"
    major, minor = (rows, columns) if by == "rows" else (columns, rows)
    components, listing = _components(indices, minor, major)
    slots: Any = indices.shape.get_size(listing) if listing else 1
    lists = instance(**{ENTRY: major.volume, SLOT: slots})
    parts = []
    for name, c in components.items():
        c = _slotted(c, major, listing, lists)
        known = index_array(c)
        if known is not None:
            _check({name: known}, minor)
        parts.append((name, c))
    order = dict(parts)
    number = as_dense(ravel([order[n] for n in minor.names], minor.sizes))
    block = _slotted(as_dense(values), major, listing, lists)
    backend = join(block.backend, number.backend)
    known = index_array(number)
    unique = not double or (known is not None and _rows_differ(known))
    if known is None:
        return Sparse(Compact(number, rows, columns, unique, by, True), _on(block, backend))
    return Sparse(Compact.of(known, rows, columns, unique, by, True, backend), _on(block, backend))


def _rows_differ(table: np.ndarray) -> bool:
    ordered = np.sort(table, -1)
    return bool((ordered[:, 1:] > ordered[:, :-1]).all())


def _slotted(t: Dense, major: Shape, listing: str, lists: Shape) -> Dense:
    if listing and listing in t.shape.names:
        t = as_dense(rename_dims(t, listing, instance(SLOT)))
    if t.shape.only(major.names):
        t = as_dense(store(expand(t, major), major))
        t = as_dense(pack_dims(t, ",".join(major.names), instance(ENTRY)))
    return as_dense(store(expand(t, lists), lists))
