"""What is wrong with a system that was not solved."""

from typing import Any

from phiml_core.math import is_finite, maximum, where
from phiml_core.shape import Shape
from phiml_core.tensor.tensor import Tensor
from phiml_core.transform import cond

from .criterion import anywhere, epsilon, norm, zeros_of
from .opaque import OpaqueOperator
from .probe import excused, rounding, size_estimate

__all__ = [
    "INCOMPATIBLE",
    "INDEFINITE",
    "NOT_FINITE",
    "NOT_SYMMETRIC",
    "PRECISION",
    "ROUNDED",
    "SINGULAR",
    "diagnosis",
    "is_orthogonal",
]

INCOMPATIBLE, SINGULAR, INDEFINITE, NOT_SYMMETRIC, NOT_FINITE, PRECISION, ROUNDED = 1, 2, 3, 4, 5, 6, 7
"""Numbers of `phiml_core.solve.FLAWS`."""


def diagnosis(
    operator: Any,
    y: Tensor,
    x: Tensor,
    rest: Tensor,
    tolerance: Tensor,
    converged: Tensor,
    dims: Shape,
    kind: str,
    flaw: Tensor,
    exact: Any = False,
) -> Tensor:
    """The number of what is wrong, per example: `flaw` or more; computed only if any example did not converge.

    Args:
        y: right-hand side.
        x: what was found.
        rest: y - A x.
        tolerance: what its norm had to reach.
        converged: whether it did.
        kind: the norm.
        flaw: what is known to be wrong already.
        exact: whether nothing but rounding, of x in the end, lies between x and the solution.
    """

    def look() -> Tensor:
        length = norm(y, dims, "2")
        nothing = norm(operator(y), dims, "2") <= 1e-30 * length
        left = norm(rest, dims, "2")
        certain = left > 1e3 * epsilon() * length  # of less it cannot be told what is rounding
        # a solution so large that its rounding can leave as much as there was: it grew along what the operator maps to zero
        grown = (left > 1e-2 * length) & (rounding(operator, x, dims, "2") > length)
        limit = where(tolerance < 4 * epsilon() * norm(y, dims, kind), float(PRECISION), float(ROUNDED))
        rounded = (norm(rest, dims, kind) <= excused(operator, x, y, dims, kind)) | exact & is_finite(left)
        found = where(rounded, limit, where(grown, float(SINGULAR), 0.0))
        found = where(certain & is_orthogonal(operator, rest, y, dims), float(INCOMPATIBLE), found)
        found = where(nothing & (length > 0), float(SINGULAR), found)
        return where(flaw >= NOT_SYMMETRIC, flaw, maximum(flaw, found)) * where(converged, 0.0, 1.0)

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
