"""Products of square operators, such as a diagonal times a Laplacian: the approximate inverses of the factors, in turn."""

from collections.abc import Callable
from typing import Any

from phiml_core.dispatch import generic
from phiml_core.math import where, wrap
from phiml_core.tensor.tensor import Tensor

from .auto import algorithm_for, general
from .krylov import CG, GMRES
from .operator.composed import Inverse, Product
from .operator.elementary import Diagonal
from .operator.linear import LinearOperator
from .precondition import best

__all__ = ["undo"]


@generic(on="factor")
def undo(factor: Any, like: Tensor) -> Callable[[Tensor], Tensor]:
    """The approximate inverse of one factor of a product: the best preconditioner for its class."""
    return best(factor, like)[0]


@undo.dispatch
def _(factor: Diagonal, like):
    """Division, but by zeros, where nothing can be said of x."""
    values = factor.values if isinstance(factor.values, Tensor) else wrap(factor.values)
    inverse = where(values == 0, 0.0, 1 / where(values == 0, 1.0, values))
    return lambda r: r * inverse


@undo.dispatch
def _(factor: Inverse, like):
    return factor.operator


@best.dispatch
def _(operator: Product, like):
    if not _is_square(operator):
        return best.resolve(LinearOperator)(operator, like)
    steps = [undo(factor, like) for factor in operator.operators]

    def in_turn(r: Tensor) -> Tensor:
        for step in steps:
            r = step(r)
        return r

    return in_turn, "factors in turn"


@algorithm_for.dispatch
def _(operator: Product, like, settings):
    if not _is_square(operator) or settings.preconditioner is not None or settings.rank_deficiency:
        return general(operator, like, settings)
    if operator.symmetric and operator.definite:
        return CG(), f"it is symmetric, {operator.definite} (semi-)definite, and each factor has an inverse"
    return GMRES(), "each factor of the product has an inverse"


def _is_square(operator: Product) -> bool:
    return all([o.domain == o.range for o in operator.operators])
