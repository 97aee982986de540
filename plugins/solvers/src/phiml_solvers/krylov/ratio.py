"""Quotients that may be 0 / 0 where an example is solved or a recursion broke down."""

from phiml_core.math import where
from phiml_core.tensor.tensor import Tensor

__all__ = ["ratio"]


def ratio(a: Tensor | float, b: Tensor) -> Tensor:
    """a / b, and 0 where b is 0."""
    zero = b == 0
    return where(zero, 0.0, a / where(zero, 1.0, b))
