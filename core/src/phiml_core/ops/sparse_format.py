"""Formats of sparse tensors, and how one becomes another."""

from typing import Any

import numpy as np
from phiml_core.backend import primitive
from phiml_core.shape import ShapeError, concat_shapes, instance, select
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.sparse import (
    ENTRY,
    SLOT,
    Compact,
    Compressed,
    Sparse,
    SparseError,
    UnknownFormat,
    UnsupportedFormat,
)
from phiml_core.tensor.sparse.numbering import number_type, sorting, split
from phiml_core.tensor.sparse.pattern import index_tensor
from phiml_core.tensor.spec import make_spec
from phiml_core.tensor.stacked import Stacked, as_dense
from phiml_core.tensor.tensor import Tensor

from .create import wrap
from .elementwise import cast
from .layouts import has_own_layout
from .reorder import pack_dims, unpack_dim
from .repeat import expand, store
from .sparse_entries import canonical, coordinates, of_numbers, taken, unknown
from .sparse_segments import segment_sum

__all__ = ["FORMATS", "dense", "get_format", "get_sparsity", "in_format", "is_sparse", "to_format"]

FORMATS = ("dense", "coo", "csr", "csc", "compact-cols", "compact-rows")


def is_sparse(x: Any) -> bool:
    """Whether `x` is a sparse tensor, of whatever format."""
    return isinstance(x, Sparse)


def get_format(x: Tensor) -> str:
    """Name of the format: 'coo', 'csr', 'csc', 'compact-cols' or 'compact-rows' of a sparse tensor, else 'dense'."""
    return x.format if isinstance(x, Sparse) else "dense"


def get_sparsity(x: Tensor) -> float:
    """Fraction of the values that are stored: of a dense tensor 1, or less where it is constant along dims."""
    if isinstance(x, Sparse):
        return x.values.spec.stored.volume / max(1, x.shape.volume)
    if isinstance(x, Dense):
        return x.spec.stored.volume / max(1, x.shape.volume)
    if isinstance(x, Stacked):
        return sum(get_sparsity(c) * c.shape.volume for c in x.components) / max(1, x.shape.volume)
    raise SparseError(f"How much of a {type(x).__name__} is stored is not known.  Take its values first.")


def dense(x: Any) -> Any:
    """All values stored, zeros among them; trees leaf by leaf, dense tensors as they are.

    >>> from phiml_core import math
    >>> t = math.to_format(math.wrap([[0, 2], [0, 0]], math.spatial('x'), math.dual('x')), 'coo')
    >>> math.dense(t).numpy('x,~x')
    array([[0, 2],
           [0, 0]])
    """
    if not isinstance(x, Tensor):
        from phiml_core.tree import is_tree, tree_map

        return tree_map(dense, x) if is_tree(x) else wrap(x)
    if not isinstance(x, Sparse):
        return x
    t = coordinates(x) if not x.pattern.is_full else x
    pattern = t.pattern
    row, column = pattern.numbers()
    into = concat_shapes(pattern.rows, pattern.columns)
    columns: Any = pattern.columns.volume
    number_type(into.volume)
    if into.volume > np.iinfo(np.int32).max:
        row = cast(row, "int64")
    number = as_dense(row * columns + column)
    values = t.values if pattern.lists in t.values.spec.stored else as_dense(store(t.values, pattern.lists))
    result = segment_sum(values, number, into)
    return _as_type(result, x)


def _as_type(result: Dense, x: Tensor) -> Any:
    return result > 0 if x.dtype.kind is bool and result.dtype.kind is not bool else result


def to_format(x: Any, format: Any, sparse_dims: Any = None, threshold: float = 0.0) -> Any:
    """`x` in another format.

    Args:
        x: sparse or dense tensor.
        format: 'dense', 'coo', 'csr', 'csc', 'compact-cols' (each row lists its columns) or 'compact-rows'; or a tensor, whose
            format is taken.
        sparse_dims: of a dense tensor the dims to cover by a pattern; by default dual dims, instance and spatial dims, and
            channel dims that have a dual one of the same name (or if there are no others).
        threshold: of a dense tensor, magnitudes up to this one count as zero.

    Entries at the same position are added up where positions are known.  Values that hold several numbers per position are stored
    where any of them is not zero.

    Raises:
        UnknownFormat: there is no format of this name.
        UnknownPositions: the number of entries, or their number per row, would depend on values that are not known while compiling.
    """
    name = get_format(format) if isinstance(format, Tensor) else format
    if name not in FORMATS:
        raise UnknownFormat(f"Unknown format {name!r} for a tensor {x.shape}.  Use one of {', '.join(FORMATS)}.")
    if name == "dense":
        return dense(x)
    if isinstance(x, Sparse):
        return in_format(x if x.pattern.unique or x.pattern.known() is None else canonical(x), name)
    if has_own_layout(x):
        raise UnsupportedFormat(f"A {type(x).__name__} tensor has no format {name!r}.  Take its values first.")
    return in_format(_from_dense(as_dense(x), sparse_dims, threshold), name)


def _from_dense(x: Dense, sparse_dims: Any, threshold: float) -> Sparse:
    from .sparse_create import default_sparse_dims

    dims = default_sparse_dims(x.shape) if sparse_dims is None else select(x.shape, sparse_dims)
    if not dims:
        raise ShapeError(f"to_format: which dims of {x.shape} should be sparse?  Name them: sparse_dims='x,y'.")
    backend = x.backend
    if not backend.is_available(x.native_array):
        raise unknown(f"Finding the non-zeros of a dense tensor {x.shape}")
    rows, columns = split(dims)
    block = as_dense(store(x, dims))
    known = backend.to_numpy(block.native_array)
    axes = [block.spec.axes[n] for n in (*rows.names, *columns.names)]
    others = [i for i in range(known.ndim) if i not in axes]
    stored = (np.abs(known) > threshold if threshold else known != 0).transpose((*axes, *others))
    where = np.flatnonzero(stored.reshape(dims.volume, np.prod(stored.shape[dims.rank :], dtype=int)).any(-1))
    volume: Any = columns.volume
    packed = as_dense(pack_dims(block, ",".join((*rows.names, *columns.names)), instance(ENTRY)))
    return of_numbers(where // max(1, volume), where % max(1, volume), rows, columns, taken(packed, where), True)


def in_format(t: Sparse, name: str) -> Sparse:
    """The same sparse tensor in a sparse format; entries at the same position stay apart where their positions are not known."""
    if t.format == name:
        return t
    if name == "coo":
        return coordinates(t)
    by = "rows" if name in ("csr", "compact-cols") else "columns"
    return _compressed(t, by) if name in ("csr", "csc") else _compact(t, by)


def _compressed(t: Sparse, by: str) -> Sparse:
    listed = coordinates(t)
    pattern = listed.pattern
    volume: Any = (pattern.rows if by == "rows" else pattern.columns).volume
    if volume > 2**40:
        raise UnsupportedFormat(
            f"The format {'csr' if by == 'rows' else 'csc'} of {t.shape} would need {volume} pointers.  Use 'coo'."
        )
    known = pattern.known()
    if known is None:
        return _compressed_unknown(listed, by)
    major, minor = known if by == "rows" else known[::-1]
    values = listed.values
    if len(major) > 1 and not (major[1:] >= major[:-1]).all():
        places = sorting(major, minor, volume, (pattern.columns if by == "rows" else pattern.rows).volume)
        major, minor, values = major[places], minor[places], taken(values, places)
    made = Compressed.of(major, minor, pattern.rows, pattern.columns, pattern.unique, by, values.backend)
    return Sparse(made, values)


def _compressed_unknown(t: Sparse, by: str) -> Sparse:
    """Sorting while compiling: the number of entries stays, equal positions stay apart."""
    pattern = t.pattern
    rows, columns = pattern.rows, pattern.columns
    row, column = map(as_dense, pattern.numbers())
    major, minor = (row, column) if by == "rows" else (column, row)
    volume: Any = (rows if by == "rows" else columns).volume
    backend = t.backend
    argsort = backend.bind(primitive.argsort)
    places = Dense(
        argsort(major.native_array, 0),
        make_spec(major.spec.stored, major.shape, backend, _position(backend, argsort, major)),
    )
    from .gather import read

    major, minor, values = (read(as_dense(store(v, ENTRY)), (places,), (ENTRY,)) for v in (major, minor, t.values))
    ones = as_dense(expand(wrap(1), major.shape))
    counts = segment_sum(as_dense(store(cast(ones, major.dtype))), major, instance(_pointer=volume), True)
    from .along import cumulative_sum
    from .pad import pad

    pointers = as_dense(pad(cumulative_sum(counts, "_pointer"), {"_pointer": (1, 0)}, 0))
    return Sparse(Compressed(pointers, major, minor, rows, columns, pattern.unique, by), values)


def _position(backend: Any, argsort: Any, index: Dense) -> Any:
    """The element type of positions that a backend sorts by."""
    return backend.dtype(argsort(index.native_array, 0))


def _compact(t: Sparse, by: str) -> Sparse:
    sorted_ = _compressed(t, by)
    pattern = sorted_.pattern
    assert isinstance(pattern, Compressed)
    known = pattern.known()
    if known is None:
        raise unknown(f"The format {'compact-cols' if by == 'rows' else 'compact-rows'} of {t.shape}")
    major, minor = known if by == "rows" else known[::-1]
    number: Any = (pattern.rows if by == "rows" else pattern.columns).volume
    other: Any = (pattern.columns if by == "rows" else pattern.rows).volume
    counts = np.bincount(major, minlength=number)
    slots = int(counts.max(initial=0))
    begins = np.cumsum(counts) - counts
    slot = np.arange(len(major)) - begins[major]
    table = np.full((number, slots), other, number_type(other + 1))
    table[major, slot] = minor
    full = len(major) == number * slots
    made = Compact.of(table, pattern.rows, pattern.columns, pattern.unique, by, full, t.backend)
    dims = instance(**{ENTRY: number, SLOT: slots})
    if full:
        return Sparse(made, as_dense(unpack_dim(as_dense(store(sorted_.values, ENTRY)), ENTRY, dims)))
    place = index_tensor(major * slots + slot, t.backend, number * slots)
    values = segment_sum(as_dense(store(sorted_.values, ENTRY)), place, dims, True)
    return Sparse(made, as_dense(cast(values, t.dtype)) if values.dtype is not t.dtype else values)
