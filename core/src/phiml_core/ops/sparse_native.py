"""Sparse arrays of other libraries: SciPy, and those of the backends."""

from typing import Any

import numpy as np
from phiml_core.backend.choose import default_backend, find_backend
from phiml_core.dispatch import generic
from phiml_core.shape import Shape, ShapeError, instance
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.sparse import ENTRY, Compact, Compressed, Coordinates, Sparse, SparseError
from phiml_core.tensor.stacked import as_dense

from .create import tensor, wrap
from .repeat import store
from .sparse_entries import canonical, coordinates, of_numbers
from .sparse_format import in_format

__all__ = ["from_native", "from_scipy", "lists_of_native", "make_native", "native_sparse", "of_compressed", "to_scipy"]


def from_scipy(matrix: Any, rows: Shape, columns: Shape) -> Sparse:
    """A SciPy sparse array or matrix as a tensor of the default backend; CSR and CSC stay what they are, others become COO.

    Args:
        matrix: two-dimensional.
        rows, columns: dims that its axes stand for, in row-major order, e.g. `spatial(x=4, y=3)` and `dual(x=4, y=3)`.

    Raises:
        TypeError: it is no sparse matrix of SciPy.
        ShapeError: the sizes do not fit.
    """
    if not hasattr(matrix, "tocoo"):
        raise TypeError(
            f"from_scipy takes a sparse matrix of SciPy, not a {type(matrix).__name__}.  Dense values become one by "
            f"to_format(tensor(array, rows, columns), 'csr')."
        )
    _fit(matrix.shape, rows, columns)
    if matrix.format in ("csr", "csc"):
        return of_compressed(matrix, rows, columns, "rows" if matrix.format == "csr" else "columns", default_backend())
    m = matrix.tocoo()
    values = as_dense(tensor(m.data, instance(ENTRY)))
    row, column = m.coords if hasattr(m, "coords") else (m.row, m.col)
    made = of_numbers(row, column, rows, columns, values, False)
    return canonical(made)


def _fit(sizes: Any, rows: Shape, columns: Shape) -> None:
    if (
        len(sizes) != 2
        or not rows.well_defined
        or not columns.well_defined
        or tuple(sizes) != (rows.volume, columns.volume)
    ):
        raise ShapeError(f"A matrix of sizes {tuple(sizes)} does not fit rows {rows} and columns {columns}.")


def of_compressed(matrix: Any, rows: Shape, columns: Shape, by: str, backend: Any, unique: bool = False) -> Sparse:
    """A SciPy CSR or CSC array; `backend`: of the result, or None for NumPy as it is; `unique`: no entry occurs twice."""
    if not unique and not matrix.has_canonical_format:
        matrix = matrix.copy()
        matrix.sum_duplicates()
    values = as_dense((wrap if backend is None else tensor)(matrix.data, instance(ENTRY)))
    major = np.repeat(np.arange(len(matrix.indptr) - 1, dtype=matrix.indices.dtype), np.diff(matrix.indptr))
    pattern = Compressed.known_pointers(matrix.indptr, major, matrix.indices, rows, columns, True, by, values.backend)
    return Sparse(pattern, values)


def _plain(t: Sparse, what: str) -> Dense:
    if t.value_dims:
        raise ShapeError(
            f"{what} of {t.shape}: there are several values {t.value_dims} per entry.  Slice or reduce them first."
        )
    return as_dense(store(t.values))


def to_scipy(t: Sparse) -> Any:
    """The matrix of rows and columns as a SciPy sparse array of the same format (COO for the compact ones), without copy on NumPy.

    Raises:
        ShapeError: there are several values per entry.
        NotConcrete: the values are not known, inside a compiled function.
    """
    from scipy.sparse import coo_array, csc_array, csr_array

    from .native import is_available, to_numpy

    if isinstance(t.pattern, Compact):
        t = coordinates(t)
    values = _plain(t, "to_scipy")
    if not is_available(values):
        to_numpy(values)  # raises, saying what to do instead
    data = values.backend.to_numpy(values.native_array)
    pattern = t.pattern
    sizes = pattern.rows.volume, pattern.columns.volume
    known = pattern.known()
    if known is None:
        raise SparseError(f"to_scipy of {t.shape}: the indices are not known while a function is being compiled.")
    if isinstance(pattern, Compressed):
        pointers = pattern.pointers.backend.to_numpy(pattern.pointers.native_array)
        minor = known[1] if pattern.by == "rows" else known[0]
        kind = csr_array if pattern.by == "rows" else csc_array
        return kind((data, minor, pointers), shape=sizes, copy=False)
    return coo_array((data, known), shape=sizes, copy=False)


# --- backends ---


@generic(on="values")
def make_native(values: Any, row: Any, column: Any, pointers: Any, sizes: tuple[int, int], format: str) -> Any:
    """The sparse array of a library from its arrays.

    Args:
        values, row, column: one item per entry.
        pointers: for 'csr' and 'csc' where each row (column) begins, else None.
        sizes: numbers of rows and columns.
        format: 'coo', 'csr' or 'csc'.
    """
    raise SparseError(
        f"Arrays of type {type(values).__name__} have no sparse form.  Use to_scipy(t) or stored_values(t)."
    )


@generic(on="lead")
def lists_of_native(lead: Any, matrix: Any) -> tuple[Any, Any, Any, tuple[int, int], bool]:
    """Values, rows and columns of a library's sparse array as its dense arrays, its sizes, and whether entries are unique.

    Args:
        lead: the array that holds its values, or the sparse array itself; only its class counts.
        matrix: the sparse array.
    """
    raise SparseError(f"A {type(matrix).__module__}.{type(matrix).__qualname__} is no sparse array of a known library.")


@make_native.dispatch
def _(values: np.ndarray, row, column, pointers, sizes, format):
    from scipy.sparse import coo_array, csc_array, csr_array

    if format == "coo":
        return coo_array((values, (row, column)), shape=sizes)
    kind, minor = (csr_array, column) if format == "csr" else (csc_array, row)
    return kind((values, minor, pointers), shape=sizes)


def native_sparse(t: Sparse) -> Any:
    """The matrix of rows and columns as a sparse array of its backend: SciPy's, `torch.sparse_coo_tensor` or `_csr_`,
    `jax.experimental.sparse.BCOO`, `tf.SparseTensor`.

    Raises:
        ShapeError: there are several values per entry.
        SparseError: the backend has no sparse arrays.
    """
    if isinstance(t.pattern, Compact):
        t = coordinates(t)
    values, pattern = _plain(t, "native_sparse"), t.pattern
    backend = values.backend
    row, column = (backend.as_array(n.native_array) for n in map(as_dense, pattern.numbers()))
    pointers = backend.as_array(pattern.pointers.native_array) if isinstance(pattern, Compressed) else None
    make = make_native.resolve(backend.array_types[0])
    with backend.context(values.spec.wide):
        return make(values.native_array, row, column, pointers, (pattern.rows.volume, pattern.columns.volume), t.format)


def from_native(matrix: Any, rows: Shape, columns: Shape) -> Sparse:
    """A sparse array of SciPy or a backend as a tensor; its values stay differentiable.

    Args:
        matrix: two-dimensional sparse array of SciPy, PyTorch, JAX (BCOO, BCSR) or TensorFlow.
        rows, columns: dims that its axes stand for, in row-major order.

    Raises:
        ShapeError: the sizes do not fit.
        SparseError: it is no sparse array.
    """
    if hasattr(matrix, "tocoo"):
        return from_scipy(matrix, rows, columns)
    values, row, column, sizes, unique = _lists(matrix)
    _fit(sizes, rows, columns)
    listed = as_dense(wrap(values, instance(ENTRY)))
    numbers = [as_dense(wrap(n, instance(ENTRY))) for n in (row, column)]
    if not all(n.backend.is_available(n.native_array) for n in numbers):
        return Sparse(Coordinates(numbers[0], numbers[1], rows, columns, unique), listed)
    known = [np.asarray(n.backend.to_numpy(n.native_array)) for n in numbers]
    made = of_numbers(known[0], known[1], rows, columns, listed, unique)
    compressed = {"csr": "csr", "csc": "csc"}.get(str(getattr(matrix, "layout", "")).rpartition("_")[2], "")
    return in_format(made, compressed) if compressed else made


def _lists(matrix: Any) -> Any:
    parts = (matrix, getattr(matrix, "data", None), getattr(matrix, "values", None))
    lead = next((p for p in parts if find_backend(p) is not None), matrix)
    return lists_of_native(lead, matrix)
