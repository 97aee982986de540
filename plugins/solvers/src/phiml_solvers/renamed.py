"""Square matrices whose rows have other names than their columns: equations named like the unknowns."""

from dataclasses import replace
from typing import Any

from phiml_core.dispatch import generic
from phiml_core.math import rename_dims
from phiml_core.shape import Shape, concat_shapes
from phiml_core.tensor.tensor import Tensor

from .operator.linear import LinearOperator
from .operator.matrix import DenseMatrix, SparseMatrix

__all__ = ["like_unknowns"]


def like_unknowns(operator: LinearOperator, y: Tensor, x0: Any) -> tuple[LinearOperator, Tensor]:
    """A matrix from (x=n) to (b=n) as one from (x=n) to (x=n), and its right-hand side; others as they are.

    Dims are matched in their order, as columns and rows of a matrix are, where sizes agree.  The unknowns have the types of dims that a
    first guess gives them.
    """
    if not isinstance(operator, (DenseMatrix, SparseMatrix)) or operator.range == operator.domain:
        return operator, y
    codomain, domain = operator.range, _typed(operator.domain, x0)
    rows, columns = codomain.without(domain.names), domain.without(codomain.names)
    if rows.sizes != columns.sizes or codomain.without(rows) != domain.without(columns):
        return operator, y
    if not rows or any(n in y.shape.names for n in columns.names):
        return operator, y
    square = renamed(operator, rows, columns, domain)
    return (operator, y) if square is None else (square, rename_dims(y, rows.names, columns))


def _typed(dims: Shape, x0: Any) -> Shape:
    given = x0.shape if isinstance(x0, Tensor) else dims
    return concat_shapes(*[given[n] if n in given.names else dims[n] for n in dims.names])


@generic(on="operator")
def renamed(operator: Any, rows: Shape, columns: Shape, domain: Shape) -> Any:
    """The operator on `domain` with `columns` in place of `rows` among the dims of its results; None where it cannot be had."""
    return None


@renamed.dispatch
def _(operator: DenseMatrix, rows, columns, domain):
    matrix = rename_dims(operator.matrix, rows.names, columns)
    return replace(operator, matrix=matrix, rows=domain, columns=domain)


@renamed.dispatch
def _(operator: SparseMatrix, rows, columns, domain):
    names = [columns.names[rows.names.index(n)] if n in rows.names else n for n in operator.range.names]
    return replace(operator, shape=domain, to=None) if tuple(names) == domain.names else None
