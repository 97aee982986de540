"""Operators given by a matrix: sparse, dense, or one small matrix per dim."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from phiml_core.math import (
    dot,
    expand,
    gather,
    instance,
    pack_dims,
    rename_dims,
    scatter,
    sum_,
    unpack_dim,
    where,
    wrap,
)
from phiml_core.ops.repeat import store
from phiml_core.ops.sparse_entries import canonical, of_numbers
from phiml_core.ops.sparse_format import to_format
from phiml_core.shape import Shape, channel, concat_shapes, dual
from phiml_core.tensor.sparse import ENTRY, Coordinates, Sparse
from phiml_core.tensor.stacked import as_dense
from phiml_core.tensor.tensor import Tensor

from .constant import constant
from .linear import LinearOperator
from .shift import check_sizes

__all__ = ["DenseMatrix", "Separable", "SparseMatrix"]

ENTRIES, ROWS, COLUMNS = instance(ENTRY), instance("_rows"), instance("_columns")


@dataclass(frozen=True, eq=False)
class SparseMatrix(LinearOperator):
    """(A x)[row] = Σ value · x[column] over the entries of a matrix; entries at the same place add up.

    Attributes:
        values: tensor (entries) and batch dims.
        rows, columns: positions of the entries, integer tensors (entries), row-major in `to` and `shape`.
        shape: dims of x, in the order of the numbering of columns.
        to: dims of the result, in the order of the numbering of rows; None: those of x.
        symmetric, definite, singular: see `LinearOperator`; promised.
    """

    values: Any
    rows: Any
    columns: Any
    shape: Shape
    to: Shape | None = None
    symmetric: bool = False
    definite: str | None = None
    singular: bool = False
    order: tuple[tuple[str, ...], ...] = field(init=False)  # shapes are equal whatever their order, operators are not

    __value_attrs__ = ("values", "rows", "columns")

    def __post_init__(self) -> None:
        object.__setattr__(self, "order", (self.domain.names, self.range.names))

    @staticmethod
    def of(matrix: Any, shape: Shape, to: Shape | None = None, **known: Any) -> "SparseMatrix":
        """From a SciPy sparse matrix whose columns are numbered row-major along `shape`, rows along `to` (by default the same).

        >>> from scipy.sparse import eye_array
        >>> from phiml_core.shape import spatial
        >>> SparseMatrix.of(eye_array(4), spatial(x=4)).dims
        ('x',)
        """
        coo = matrix.tocoo()
        values, rows, columns = (wrap(a, ENTRIES) for a in (coo.data, _index(coo.row), _index(coo.col)))
        return SparseMatrix(values, rows, columns, shape, to, **known)

    @property
    def dims(self) -> tuple[str, ...]:
        return self.shape.names

    @property
    def domain(self) -> Shape:
        return self.shape

    @property
    def range(self) -> Shape:
        return self.shape if self.to is None else self.to

    def __call__(self, x: Tensor) -> Tensor:
        check_sizes(x, self.domain)
        if not x.is_recording:
            columns = ",".join("~" + n for n in self.domain.names)
            return dot(self.tensor, columns, expand(x, self.domain), ",".join(self.domain.names))
        flat = pack_dims(expand(x, self.domain), ",".join(self.domain.names), COLUMNS)
        products = gather(flat, self.columns, COLUMNS.name) * self.values
        return self._summed(products)

    @property
    def tensor(self) -> Sparse:
        """The matrix as a sparse tensor of the dims of the result and, as dual dims, those of x; by rows where they are known."""
        found = getattr(self, "_tensor", None)
        if found is None:
            columns = dual(**{n: self.domain.get_size(n) for n in self.domain.names})
            values = as_dense(store(self.values, ENTRY))
            if self.rows.available and self.columns.available:
                row, column = self.rows.numpy(ENTRY), self.columns.numpy(ENTRY)
                listed = of_numbers(row, column, self.range, columns, values, False)
                found = to_format(canonical(listed), "csr")
            else:
                found = Sparse(Coordinates(self.rows, self.columns, self.range, columns, False), values)
            if self.values.available and not values.backend.is_traced(values.native_array):
                object.__setattr__(self, "_tensor", found)  # a traced value must not outlive its trace
        return found

    def adjoint(self) -> LinearOperator:
        if self.symmetric:
            return self
        return SparseMatrix(self.values, self.columns, self.rows, self.range, self.domain, False, self.definite)

    def diagonal(self) -> Tensor:
        if self.domain != self.range:
            raise NotImplementedError(f"A matrix from {self.domain} to {self.range} has no diagonal.")
        rows = self.rows
        if self.domain.names != self.range.names:  # numbered in another order of dims
            rest, place = rows, {}
            for name in reversed(self.range.names):
                size = self.range.get_size(name)
                rest, place[name] = rest // size, rest % size
            rows = rest
            for name in self.domain.names:
                rows = rows * self.domain.get_size(name) + place[name]
        on = where(rows == self.columns, self.values, 0)
        return self._summed(on)

    def _summed(self, entries: Tensor) -> Tensor:
        """The sums of values of the entries by row."""
        to = concat_shapes(entries.shape.without(ENTRIES), ROWS.with_size(self.range.volume))
        rows = expand(self.rows, channel(_index=ROWS.name))
        return unpack_dim(scatter(to, rows, entries, "add", "undefined"), ROWS.name, self.range)


def primal_of(dims: Shape, rows: Shape) -> Shape:
    """The primal dims that dual dims stand for, of the type that they have in `rows`, else channel dims."""
    names = [n.removeprefix("~") for n in dims.names]
    parts = [rows[n] if n in rows.names else channel(n) for n in names]
    return concat_shapes(*(p.with_size(size) for p, size in zip(parts, dims.sizes, strict=True)))


def _index(positions: Any) -> np.ndarray:
    return np.asarray(positions, np.int32 if positions.size == 0 or positions.max() < 2**31 else np.int64)


@dataclass(frozen=True, eq=False)
class DenseMatrix(LinearOperator):
    """(A x)[row] = Σ matrix[row, column] · x[column].

    Attributes:
        matrix: tensor with the dims of the result and, as dual dims, those of x: (x, y, ~x, ~y); and batch dims.
        symmetric, definite, singular: see `LinearOperator`; promised.
        rows: dims of the result; None: all primal dims of `matrix`.
        columns: dims of x; None: those of the dual dims, with the types that the result has for the same names, else channel dims.
    """

    matrix: Any
    symmetric: bool = False
    definite: str | None = None
    singular: bool = False
    rows: Shape | None = None
    columns: Shape | None = None

    __value_attrs__ = ("matrix",)

    @property
    def domain(self) -> Shape:
        if self.columns is not None:
            return self.columns
        return primal_of(self.matrix.shape.dual, self.range)

    @property
    def range(self) -> Shape:
        return self.matrix.shape.non_batch.non_dual if self.rows is None else self.rows

    @property
    def dims(self) -> tuple[str, ...]:
        return self.domain.names

    def __call__(self, x: Tensor) -> Tensor:
        check_sizes(x, self.domain)
        columns = ",".join("~" + n for n in self.dims)
        there = dual(**{n: self.domain.get_size(n) for n in self.dims})
        return dot(self.matrix, columns, rename_dims(expand(x, self.domain), ",".join(self.dims), there), columns)

    def adjoint(self) -> LinearOperator:
        if self.symmetric:
            return self
        rows, columns = self.range, self.domain
        temporary = [f"_{n}" for n in rows.names]
        moved = rename_dims(self.matrix, ",".join(rows.names), temporary)
        moved = rename_dims(moved, ",".join("~" + n for n in columns.names), columns)
        moved = rename_dims(moved, ",".join(temporary), dual(**{n: rows.get_size(n) for n in rows.names}))
        return DenseMatrix(moved, False, self.definite, False, columns, rows)

    def diagonal(self) -> Tensor:
        total = self.matrix
        for n in self.dims:
            eye = constant(np.eye(self.range.get_size(n)), concat_shapes(self.range[n], dual(n)))  # type: ignore[arg-type]
            total = sum_(total * eye, "~" + n)
        return total


@dataclass(frozen=True, eq=False)
class Separable(LinearOperator):
    """One matrix per dim, applied one after the other: the Kronecker product of the matrices.

    Attributes:
        factors: `DenseMatrix` operators, each along dims that no other has.
    """

    factors: tuple[Any, ...]

    __value_attrs__ = ("factors",)

    @property
    def dims(self) -> tuple[str, ...]:
        return tuple(n for f in self.factors for n in f.dims)

    @property
    def domain(self) -> Shape:
        return concat_shapes(*(f.domain for f in self.factors))

    @property
    def range(self) -> Shape:
        return concat_shapes(*(f.range for f in self.factors))

    @property
    def symmetric(self) -> bool:  # type: ignore[override]
        return all(f.symmetric for f in self.factors)

    def __call__(self, x: Tensor) -> Tensor:
        for factor in self.factors:
            x = factor(x)
        return x

    def adjoint(self) -> LinearOperator:
        return self if self.symmetric else Separable(tuple(f.adjoint() for f in self.factors))

    def diagonal(self) -> Tensor:
        total: Any = 1.0
        for factor in self.factors:
            total = factor.diagonal() * total
        return total
