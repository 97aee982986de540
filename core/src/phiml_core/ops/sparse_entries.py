"""The entries of sparse tensors as lists: choosing, summing, sorting them, and where they are along each dim."""

from typing import Any

import numpy as np
from phiml_core.shape import Shape, concat_shapes, instance
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.sparse import ENTRY, Compact, Compressed, Coordinates, Pattern, Sparse, UnknownPositions
from phiml_core.tensor.sparse.numbering import distinct, keys, ravel, split, unravel
from phiml_core.tensor.sparse.pattern import index_tensor
from phiml_core.tensor.stacked import as_dense

from .elementwise import cast, where
from .gather import read, take
from .reorder import pack_dims
from .sparse_segments import segment_sum

__all__ = [
    "arranged",
    "at_entries",
    "canonical",
    "coordinates",
    "from_positions",
    "keys_of",
    "of_numbers",
    "positions",
    "taken",
    "unknown",
]


def unknown(what: str) -> UnknownPositions:
    """The error where `what` needs to know the positions of entries."""
    return UnknownPositions(
        f"{what} needs to know where the entries are, but the indices are arguments of a function that is being compiled.  Do it "
        "outside of the compiled function, or make the sparse tensor inside of it from known indices, by wrap(…) of NumPy arrays or lists."
    )


def taken(t: Dense, places: np.ndarray) -> Dense:
    """The values at known places along ENTRY."""
    index = index_tensor(places, t.backend, len(places) or 1)
    return as_dense(take(t, ENTRY, index))


def coordinates(t: Sparse, unused: Any = 0) -> Sparse:
    """The same tensor as COO, its entries in the same order, without unused slots where these are known; else they hold `unused`."""
    pattern = t.pattern
    if isinstance(pattern, Coordinates):
        return t
    if isinstance(pattern, Compressed):
        row, column = pattern.numbers()
        made = Coordinates(row, column, pattern.rows, pattern.columns, pattern.unique)
        made._known = pattern._known
        return Sparse(made, t.values)
    assert isinstance(pattern, Compact)
    values = _listed(t.values, pattern)
    known = pattern.known()
    if known is None:
        return _with_clipped_slots(values, pattern, unused)
    rows, columns = (n.reshape(-1) for n in known)
    if not pattern.full:
        used = np.flatnonzero((columns if pattern.by == "rows" else rows) < _others(pattern).volume)
        rows, columns, values = rows[used], columns[used], taken(values, used)
    return of_numbers(rows, columns, pattern.rows, pattern.columns, values, pattern.unique)


def _others(pattern: Compact) -> Shape:
    return pattern.columns if pattern.by == "rows" else pattern.rows


def _listed(t: Any, pattern: Pattern) -> Dense:
    """Values along ENTRY and SLOT as one list."""
    lists = pattern.lists
    return as_dense(pack_dims(t, lists, instance(ENTRY)))


def _with_clipped_slots(values: Dense, pattern: Compact, unused: Any) -> Sparse:
    """COO of unknown numbers: unused slots lie in the last row or column."""
    row, column = (_listed(n, pattern) for n in pattern.numbers())
    unique = pattern.unique
    if not pattern.full:
        volume, minor = _others(pattern).volume, column if pattern.by == "rows" else row
        values = as_dense(where(minor < volume, values, values.dtype.kind(unused)))
        minor = as_dense(cast(where(minor < volume, minor, volume - 1), minor.dtype))
        row, column = (row, minor) if pattern.by == "rows" else (minor, column)
        unique = False
    return Sparse(Coordinates(row, column, pattern.rows, pattern.columns, unique), values)


def of_numbers(row: Any, column: Any, rows: Shape, columns: Shape, values: Dense, unique: bool) -> Sparse:
    """COO from known numbers."""
    return Sparse(Coordinates.of(row, column, rows, columns, unique, values.backend), values)


def canonical(t: Sparse, what: str = "") -> Sparse:
    """The same tensor with at most one value per position.

    Raises:
        UnknownPositions: positions may be listed twice, and are not known.
    """
    pattern = t.pattern
    if pattern.unique:
        return t
    listed = coordinates(t)
    known = listed.pattern.known()
    if known is None:
        raise unknown(f"{what or 'Summing entries at the same position'} of {t.shape}")
    row, column = known
    first, inverse = distinct(keys_of(listed))
    values = listed.values
    if not np.array_equal(inverse, np.arange(len(first))):  # repeated, or in another order
        number = index_tensor(inverse, values.backend, len(first))
        values = segment_sum(values, number, instance(**{ENTRY: len(first)}))
        if t.dtype.kind is bool:
            values = as_dense(values > 0)
    unique = of_numbers(row[first], column[first], pattern.rows, pattern.columns, values, True)
    from .sparse_format import in_format

    return in_format(unique, t.format)


def keys_of(t: Sparse) -> np.ndarray:
    """A number for the position of each entry of COO, whose positions are known, ascending row by row."""
    pattern = t.pattern
    known = pattern.known()
    assert known is not None
    return keys(known[0], known[1], pattern.rows.volume, pattern.columns.volume)


def positions(pattern: Pattern) -> dict[str, Any]:
    """Positions of the entries along each sparse dim: NumPy arrays where they are known, else tensors."""
    row, column = pattern.known() or pattern.numbers()
    found: dict[str, Any] = {}
    for number, dims in ((row, pattern.rows), (column, pattern.columns)):
        found.update(zip(dims.names, unravel(number, dims.sizes), strict=True))
    return found


def from_positions(
    found: dict[str, Any], dims: Shape, values: Dense, unique: bool, groups: tuple[Shape, Shape] | None = None
) -> Sparse:
    """COO of positions along each of the sparse dims `dims`; `groups`: its rows and columns."""
    rows, columns = groups or split(dims)
    row, column = (ravel([found[n] for n in g.names], g.sizes) for g in (rows, columns))
    if isinstance(row, (np.ndarray, int)) and isinstance(column, (np.ndarray, int)):
        count: Any = values.shape.get_size(ENTRY)
        row, column = (np.zeros(count, np.int32) if isinstance(n, int) else n for n in (row, column))
        return of_numbers(row, column, rows, columns, values, unique)
    entries = values.shape.only(ENTRY)
    row, column = (_index(n, entries, values) for n in (row, column))
    return Sparse(Coordinates(row, column, rows, columns, unique), values)


def _index(number: Any, entries: Shape, values: Dense) -> Dense:
    if isinstance(number, int):
        return index_tensor(np.zeros(entries.volume), values.backend, 1)
    if isinstance(number, np.ndarray):
        return index_tensor(number, values.backend, int(number.max(initial=0)))
    return as_dense(number)


def arranged(t: Sparse, rows: Shape, columns: Shape) -> Sparse:
    """The same tensor with these dims as rows and columns, in this order."""
    pattern = t.pattern
    if pattern.order == (rows.names, columns.names):
        return t
    listed = coordinates(t)
    found = positions(listed.pattern)
    return from_positions(found, concat_shapes(rows, columns), listed.values, pattern.unique, (rows, columns))


def at_entries(value: Dense, pattern: Pattern, names: dict[str, str]) -> Dense:
    """`value` at the positions of the entries of a full pattern; the dims of its lists take the place of dims of `value`.

    `names` says which dims of `value` are read at the positions along which sparse dims.
    """
    packed, indices = [], []
    for i, (dims, number) in enumerate(zip((pattern.rows, pattern.columns), pattern.numbers(), strict=True)):
        mine = [n for n in dims.names if n in names]
        if not mine:
            continue
        if len(mine) < dims.rank:
            found = dict(zip(dims.names, unravel(number, dims.sizes), strict=True))
            number = ravel([found[n] for n in mine], [dims.get_size(n) for n in mine])
        name = f"_at{i}"
        value = as_dense(pack_dims(value, ",".join(names[n] for n in mine), instance(name)))
        packed.append(name)
        indices.append(as_dense(number))
    return read(value, tuple(indices), tuple(packed)) if packed else value
