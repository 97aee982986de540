"""Approximate inverses that make Krylov methods converge in few iterations."""

from collections.abc import Callable
from typing import Any

from phiml_core.dispatch import generic
from phiml_core.math import where
from phiml_core.tensor.tensor import Tensor

from .operator.box import BoxLaplace
from .operator.masked import MaskedLaplace
from .transform import spectral_inverse

__all__ = ["UnknownPreconditioner", "preconditioner", "spectral"]

Preconditioner = Callable[[Tensor], Tensor]


class UnknownPreconditioner(ValueError):
    """A preconditioner was named that is not known, or does not exist for the operator."""


@generic
def spectral(operator: Any) -> Preconditioner | None:
    """The inverse of the nearest separable operator as a function, or None if there is none."""
    return None


@spectral.dispatch
def _(operator: BoxLaplace):
    return lambda r: spectral_inverse(operator, r)


@spectral.dispatch
def _(operator: MaskedLaplace):
    """The box without obstacles.  Inactive cells are left out on both sides, so that it stays symmetric."""
    box = operator.box
    if box.shift is not None:
        return lambda r: spectral_inverse(box, r)
    return lambda r: operator.without_null_space(spectral_inverse(box, r))


def jacobi(operator: Any) -> Preconditioner:
    """Division by the diagonal; zero where it is zero."""
    diagonal = operator.diagonal()
    zero = diagonal == 0
    inverse = where(zero, 0.0, 1 / where(zero, 1.0, diagonal))
    return lambda r: r * inverse


def preconditioner(name: str | None, operator: Any) -> tuple[Preconditioner, str]:
    """The preconditioner called `name` for an operator, and what it is; None takes the best there is.

    Raises:
        UnknownPreconditioner: there is no such preconditioner for this operator.
    """
    if name in (None, "spectral"):
        found = spectral(operator)
        if found is not None:
            return found, "spectral"
        if name is not None:
            raise UnknownPreconditioner(
                f"A {type(operator).__name__} has no separable neighbour to precondition with.  Use 'jacobi' or 'none'."
            )
        return (lambda r: r), "none"
    if name == "jacobi":
        return jacobi(operator), "jacobi"
    if name == "none":
        return (lambda r: r), "none"
    raise UnknownPreconditioner(f"Unknown preconditioner {name!r}.  Known: 'spectral', 'jacobi', 'none'.")
