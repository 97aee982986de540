"""What is wrong with a system that was not solved."""

from typing import Any

from phiml_core.math import where
from phiml_core.shape import Shape
from phiml_core.tensor.tensor import Tensor
from phiml_core.transform import cond

from .criterion import anywhere, epsilon, norm, zeros_of
from .opaque import OpaqueOperator
from .probe import rounding, size_estimate

__all__ = [
    "INCOMPATIBLE",
    "INDEFINITE",
    "NOT_FINITE",
    "NOT_SYMMETRIC",
    "PRECISION",
    "SINGULAR",
    "diagnosis",
    "is_orthogonal",
]

INCOMPATIBLE, SINGULAR, INDEFINITE, NOT_SYMMETRIC, NOT_FINITE, PRECISION = 1, 2, 3, 4, 5, 6
"""Numbers of `phiml_core.solve.FLAWS`."""


def diagnosis(
    operator: Any, y: Tensor, x: Tensor, rest: Tensor, converged: Tensor, dims: Shape, flaw: Tensor
) -> Tensor:
    """The number of what is wrong, per example: `flaw` or more; computed only if any example did not converge.

    Args:
        y: right-hand side.
        x: what was found.
        rest: y - A x.
        converged: whether that is small enough.
        flaw: what is known to be wrong already.
    """

    def look() -> Tensor:
        length = norm(y, dims, "2")
        nothing = norm(operator(y), dims, "2") <= 1e-30 * length
        left = norm(rest, dims, "2")
        certain = left > 1e3 * epsilon() * length  # of less it cannot be told what is rounding
        # a solution so large that what remains is its rounding: it grew along what the operator maps to zero
        grown = (left > 1e-2 * length) & (rounding(operator, x, dims, "2") > 0.03 * left)
        found = where(grown, float(SINGULAR), 0.0)
        found = where(certain & is_orthogonal(operator, rest, y, dims), float(INCOMPATIBLE), found)
        found = where(nothing & (length > 0), float(SINGULAR), found)
        return where(flaw > found, flaw, found) * where(converged, 0.0, 1.0)

    blank = flaw * where(converged, 0.0, 0.0)
    return cond(anywhere(~converged), look, lambda: blank)


def is_orthogonal(operator: Any, rest: Tensor, y: Tensor, dims: Shape, relative: Any = 0.0) -> Any:
    """Whether a residual is, up to rounding of y and a relative error, orthogonal to all that the operator can produce: no solution has a smaller one."""
    if isinstance(operator, OpaqueOperator) and not operator.symmetric:
        return rest.shape.volume < 0  # its transpose may not exist
    transposed = operator.hermitian
    unknowns = dims if operator.domain is None else operator.domain
    image = norm(transposed(rest), unknowns, "2")
    size = size_estimate(transposed, zeros_of(rest), dims, unknowns)
    noise = (1e3 * epsilon() + relative) * norm(rest, dims, "2") + 30 * epsilon() * norm(y, dims, "2")
    return (image <= size * noise) & (size > 0)
