"""Operators as sparse tensors."""

from typing import Any

from phiml_core.dispatch import generic
from phiml_core.math import tensor
from phiml_core.tensor.sparse import Sparse

from ..operator.linear import LinearOperator
from ..operator.matrix import SparseMatrix
from .sparse import sparse_matrix
from .structured import traced

__all__ = ["to_sparse"]


@generic
def to_sparse(operator: Any) -> Sparse:  # pyright: ignore[reportReturnType]
    """The matrix of an operator that knows its dims as a sparse tensor: dims of the result, and those of x as dual dims.

    Coefficients may be traced; positions are known.
    """


@to_sparse.dispatch
def _(operator: SparseMatrix):
    return operator.tensor


@to_sparse.dispatch
def _(operator: LinearOperator):
    if operator.domain is None:
        raise ValueError(f"The size of the matrix of this {type(operator).__name__} is not known: it acts on any dims.")
    from phiml_core.math import expand

    shape = operator.domain
    result = traced(operator, expand(tensor(0.0), shape))
    to = result.shape.without(result.shape.batch)
    return sparse_matrix(getattr(result, "terms", ()), shape, to).tensor
