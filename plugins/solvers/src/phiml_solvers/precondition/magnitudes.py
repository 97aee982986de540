"""Preconditioners that are definite whatever the operator."""

from dataclasses import replace
from typing import Any

from phiml_core.dispatch import generic
from phiml_core.math import abs_, where

from ..borrowed import is_plain
from ..operator.linear import LinearOperator
from ..operator.masked import MaskedLaplace
from .word import best, preconditioner

__all__ = ["Magnitudes", "magnitude"]


class Magnitudes:
    """The best preconditioner there is for an operator that is known to be definite, else for its `magnitude`, else division by
    the magnitude of the diagonal."""


@is_plain.dispatch
def _(value: Magnitudes):
    return True


@generic(on="operator")
def magnitude(operator: Any) -> Any:
    """A positive definite operator that is the same as a symmetric one, or the opposite, where that is definite; None if none is known."""


@magnitude.dispatch
def _(operator: LinearOperator):
    return None


@magnitude.dispatch
def _(operator: MaskedLaplace):
    """|shift| x - |scale| ∇ · (w ∇x); where the two terms oppose each other, the shifted Laplacian known from the Helmholtz equation."""
    scale, shift = operator.box.scale, operator.box.shift
    box = operator.box.with_coefficients(
        _size(1.0 if scale is None else scale) * -1.0, None if shift is None else _size(shift)
    )
    return replace(operator, box=box)


def _size(value: Any) -> Any:
    return abs(value) if isinstance(value, (int, float)) else abs_(value)


@preconditioner.dispatch
def _(how: Magnitudes, operator, like):
    if operator.definite:
        return best(operator, like)
    positive = magnitude(operator)
    if positive is not None:
        found, name = best(positive, like)
        return found, f"|{name}|"
    try:
        size = abs_(operator.diagonal())
    except NotImplementedError:
        return (lambda r: r), "none"
    inverse = 1 / where(size == 0, 1.0, size)
    return (lambda r: r * inverse), "|jacobi|"
