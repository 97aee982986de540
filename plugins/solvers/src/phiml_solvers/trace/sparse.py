"""Terms as a sparse matrix."""

from typing import Any

import numpy as np
from phiml_core.math import concat, expand, pack_dims, wrap
from phiml_core.shape import Shape, concat_shapes, instance
from phiml_core.tensor.tensor import Tensor

from ..operator.constant import constant
from ..operator.matrix import ENTRIES, SparseMatrix
from .contract import condensed, inner_dims
from .elementwise import coefficient
from .term import Along, At, Term, positions

__all__ = ["entry_count", "sparse_matrix"]


def _grid(term: Term, to: Shape) -> dict[str, tuple[int, int]]:
    """Start and stop along the dims of the result and the hidden dims that x is read along."""
    inner = inner_dims(term)
    sizes = {n: to.get_size(n) for n in to.names}
    sizes.update({n: s for n, s in term.hidden if n not in inner})
    return {n: term.window(n, s) for n, s in sizes.items()}


def entry_count(terms: Any, to: Shape) -> int:
    """How many entries the matrix has."""
    return sum(int(np.prod([float(b - a) for a, b in _grid(t, to).values()])) for t in terms)


def sparse_matrix(terms: Any, shape: Shape, to: Shape) -> SparseMatrix:
    """The matrix of terms, with the values of the coefficients, traced or not."""
    rows, columns, values = [], [], []
    for term in terms:
        term = condensed(term, to, always=True)
        grid = _grid(term, to)
        dims = tuple(grid)
        sizes = tuple(b - a for a, b in grid.values())
        lines = {n: np.arange(*grid[n]).reshape([-1 if m == n else 1 for m in dims]) for n in dims}
        rows.append(_flat([lines[n] for n in to.names], to.sizes, sizes))
        columns.append(_flat([_index(i, lines, dims, grid) for i in term.index], shape.sizes, sizes))
        values.append(_entries(coefficient(term, to, None), dims, sizes, to))  # type: ignore[arg-type]
    none = [np.zeros(0, np.int32)]
    row, column = (wrap(positions(np.concatenate(a or none)), ENTRIES) for a in (rows, columns))
    if all(isinstance(v, np.ndarray) for v in values):
        array = np.concatenate(values or none)
        joined: Any = constant(array, ENTRIES) if array.dtype.kind in "fc" else wrap(array, ENTRIES)
    else:
        joined = concat([v if isinstance(v, Tensor) else wrap(v, ENTRIES) for v in values], ENTRIES, expand_values=True)
    return SparseMatrix(joined, row, column, shape, None if to == shape and to.names == shape.names else to)


def _flat(lines: list[Any], sizes: Any, full: tuple[int, ...]) -> np.ndarray:
    total: Any = np.zeros((), np.int64)
    for line, size in zip(lines, sizes, strict=True):
        total = total * size + line
    return np.broadcast_to(total, full).ravel()


def _index(i: Any, lines: dict[str, Any], dims: tuple[str, ...], grid: Any) -> Any:
    if isinstance(i, Along):
        return lines[i.dim] + i.offset
    if not isinstance(i, At):
        return i
    value, names = i.tensor, []
    for n, d, o in i.at:
        if d is None:
            value = value[{n: o}]
        else:
            start, stop = grid[d]
            value = value[{n: slice(start + o, stop + o)}]
            names.append((n, d))
    names.sort(key=lambda pair: dims.index(pair[1]))
    array = value.numpy(tuple(n for n, _ in names)) if names else value.numpy()
    here = {d for _, d in names}
    axes = iter(array.shape)
    return array.reshape([next(axes) if d in here else 1 for d in dims])


def _entries(values: Any, dims: tuple[str, ...], sizes: tuple[int, ...], to: Shape) -> Any:
    """Coefficients as one list of entries: NumPy where there are no tensors of other backends."""
    if not isinstance(values, Tensor):
        return np.full(int(np.prod(sizes)), values)
    full = [
        (to[n].with_size(s).with_item_names(n, None) if n in to.names else instance(n).with_size(s))
        for n, s in zip(dims, sizes)
    ]
    shape = concat_shapes(*full) if full else None
    if shape is None:
        return expand(values, ENTRIES.with_size(1))
    packed = pack_dims(expand(values, shape), ",".join(dims), ENTRIES)
    if packed.backend.name == "numpy" and packed.rank == 1:
        return packed.numpy(ENTRIES.name)
    return packed
