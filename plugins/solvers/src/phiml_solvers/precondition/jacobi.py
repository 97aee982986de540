"""Division by the diagonal."""

from typing import Any

from phiml_core.math import where
from phiml_core.tensor.tensor import Tensor

from ..operator.linear import LinearOperator
from .word import Preconditioner, UnknownPreconditioner, best, register_preconditioner, unchanged

__all__ = ["inverse_diagonal", "jacobi"]


def inverse_diagonal(operator: Any) -> Tensor:
    """1 / the diagonal, and 0 where that is 0."""
    diagonal = operator.diagonal()
    zero = diagonal == 0
    return where(zero, 0.0, 1 / where(zero, 1.0, diagonal))


def jacobi(operator: Any, like: Any = None) -> Preconditioner:
    """Division by the diagonal; entries whose diagonal is zero are left as they are."""
    try:
        diagonal = operator.diagonal()
    except NotImplementedError as error:
        raise UnknownPreconditioner(
            f"'jacobi' needs the diagonal.  {error}  Use 'none', or a function of your own."
        ) from None
    inverse = 1 / where(diagonal == 0, 1.0, diagonal)
    return lambda r: r * inverse


register_preconditioner("jacobi", jacobi)


@best.dispatch
def _(operator: LinearOperator, like):
    """Division by the diagonal where it is known."""
    try:
        return jacobi(operator), "jacobi"
    except UnknownPreconditioner:
        return unchanged, "none"
