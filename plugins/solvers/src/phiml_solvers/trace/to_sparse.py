"""Operators as sparse tensors."""

from typing import Any

from phiml_core.dispatch import generic
from phiml_core.math import tensor
from phiml_core.shape import Shape
from phiml_core.tensor.sparse import Sparse

from ..operator.linear import LinearOperator
from ..operator.matrix import SparseMatrix
from .sparse import sparse_matrix
from .structured import traced

__all__ = ["to_sparse"]


@generic(on="operator")
def to_sparse(operator: Any, domain: Shape | None = None) -> Sparse:  # pyright: ignore[reportReturnType]
    """The matrix of an operator as a sparse tensor: dims of the result, and those of x as dual dims.

    Coefficients may be traced; positions are known.

    Args:
        operator: any that can be traced.
        domain: dims of x; by default those that the operator mixes or whose size it knows.

    Raises:
        ValueError: the operator works on each element alone and no `domain` is given.
    """


@to_sparse.dispatch
def _(operator: LinearOperator, domain):
    return _traced(operator, operator.domain if domain is None else domain)


@to_sparse.dispatch
def _(operator: SparseMatrix, domain):
    return operator.tensor if domain is None or domain == operator.domain else _traced(operator, domain)


def _traced(operator: LinearOperator, domain: Shape | None) -> Sparse:
    if not domain:
        raise ValueError(
            f"The size of the matrix of this {type(operator).__name__} is not known: it does the same on all dims.  Give the dims of x: "
            "to_sparse(operator, x.shape)."
        )
    from phiml_core.math import expand

    domain = domain.non_batch
    result = traced(operator, expand(tensor(0.0), domain))
    return sparse_matrix(getattr(result, "terms", ()), domain, result.shape.non_batch).tensor
