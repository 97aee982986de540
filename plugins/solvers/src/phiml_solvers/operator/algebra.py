"""What becomes of structure in sums, multiples, products and inverses of operators: one word each.

The fallbacks keep operators as a `Sum`, `Scaled`, `Product`, `Inverse`; methods for pairs of classes (in `sums`, `multiples`,
`products` and `inverses`) say where a simpler operator does the same.  A class of a third party adds its own.
"""

from typing import Any

from phiml_core.dispatch import generic
from phiml_core.tensor.tensor import Tensor

from .composed import Inverse, Product, Scaled, Sum
from .elementary import Diagonal
from .linear import LinearOperator

__all__ = ["added", "combined", "inverted", "multiplied", "scaled", "varies", "wider"]


@generic(on=("a", "b"))
def added(a: Any, b: Any) -> Any:
    """The operator x ↦ a x + b x in its simplest form."""
    terms: list[Any] = [*(a.operators if isinstance(a, Sum) else (a,))]
    for new in b.operators if isinstance(b, Sum) else (b,):
        for i, old in enumerate(terms):  # with the first that it becomes one with
            joined = _joined(old, new)
            if joined is not None:
                terms[i] = joined
                break
        else:
            terms.append(new)
    return terms[0] if len(terms) == 1 else Sum(tuple(terms))


def _joined(a: Any, b: Any) -> Any:
    """The sum of two operators if it is no `Sum`, by the methods for their classes in either order; else None."""
    for first, second in ((a, b), (b, a)):
        found = combined(first, second)
        if found is not None:
            return found
    return None


@generic(on=("a", "b"))
def combined(a: Any, b: Any) -> Any:
    """The sum of two operators as one operator, or None; methods are for one order of the classes."""


@combined.dispatch
def _(a: LinearOperator, b: LinearOperator):
    return None


@generic(on="a")
def scaled(a: Any, factor: Any) -> Any:
    """The operator x ↦ factor · a x in its simplest form; `factor` is a number or a tensor.

    A factor that varies along dims of the operator is a `Diagonal` after it.
    """
    if isinstance(factor, (int, float)) and factor == 1:
        return a
    if varies(factor, a):
        return multiplied(Diagonal(factor), a)
    return Scaled(a, factor)


@generic(on=("a", "b"))
def multiplied(a: Any, b: Any) -> Any:
    """The operator x ↦ a (b x) in its simplest form."""
    return Product((*_factors(a), *_factors(b)))


@generic(on="a")
def inverted(a: Any, settings: Any = None) -> Any:
    """The operator y ↦ x with a x = y."""
    return Inverse(a, settings)


def _factors(a: Any) -> tuple[Any, ...]:
    return a.operators if isinstance(a, Product) else (a,)


def varies(factor: Any, operator: LinearOperator) -> bool:
    """Whether a factor varies along dims that an operator acts on, or others that count no independent systems."""
    return isinstance(factor, Tensor) and bool(factor.shape.non_batch or factor.shape.only(operator.dims or ()))


def wider(a: Any, b: Any) -> Any:
    """The shape that two operators know, or None."""
    return a.domain if b.domain is None else b.domain if a.domain is None or a.domain.rank < b.domain.rank else a.domain
