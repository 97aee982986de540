"""Sums over hidden dims: one after the other, so that no product of all factors is ever stored."""

from collections.abc import Iterable
from math import prod
from typing import Any

from phiml_core.math import dot, sum_, where
from phiml_core.shape import Shape
from phiml_core.tensor.tensor import Tensor

from .elementwise import factor_values
from .term import Factor, Term

__all__ = ["condensed", "contracted", "inner_dims"]

WORK = 10**10
"""Multiplications up to which a product of coefficients is worth computing while tracing."""


def contracted(term: Term, x: Tensor, to: Shape) -> Any:
    """Σ over the hidden dims of number · factors · x, where x has been read at the positions of the term.

    The dim that leaves the least goes first: A (B x) is two products with vectors, whatever A and B are.
    """
    sizes = _sizes(term, to)
    factors = [factor_values(f, term, sizes, to) for f in term.factors]
    numbers = [f for f in factors if f.dtype.kind is not bool]
    masks = [f for f in factors if f.dtype.kind is bool]
    if masks:  # which decide last, whatever the other factors are
        product = _masked(_times([x, *numbers]), masks)
        return _summed(product, term.hidden, term) * term.number
    operands = [x, *numbers]
    waiting = dict(term.hidden)
    while waiting:
        name = min(waiting, key=lambda n: _left(operands, n))
        size = waiting.pop(name)
        mine = [o for o in operands if name in o.shape.names]
        if not mine:
            start, stop = term.window(name, size)
            operands[0] = operands[0] * (stop - start)
            continue
        rest = [o for o in operands if name not in o.shape.names]
        operands = [_over(name, mine), *rest]
    product = _times(operands)
    return product if _is_one(term.number) else product * term.number


def inner_dims(term: Term) -> list[str]:
    """The hidden dims that x is not read along."""
    read = {
        d for i in term.index if not isinstance(i, int) for d in ((i.dim,) if not isinstance(i, Factor) else i.dims)
    }
    return [n for n, _ in term.hidden if n not in read]


def condensed(term: Term, to: Shape, always: bool = False) -> Term:
    """The term with the products of factors over hidden dims that x is not read along as one factor.

    Args:
        always: also where the product is larger than its factors.
    """
    for name in inner_dims(term):
        mine = [f for f in term.factors if name in f.dims]
        if not mine:
            continue
        sizes = _sizes(term, to)
        values = [factor_values(f, term, sizes, to) for f in mine]
        size = prod([sizes[d] for d in {d for f in mine for d in f.dims} if d in sizes])
        worth = size // max(sizes[name], 1) <= sum(v.shape.volume for v in values) and size <= WORK
        if not (worth or always):
            continue
        numbers = [v for v in values if v.dtype.kind is not bool]
        masks = [v for v in values if v.dtype.kind is bool]
        if masks:
            product = sum_(_masked(_times(numbers) if numbers else 1.0, masks), name)
        else:
            product = _over(name, numbers)
        factor = Factor(product, tuple([(n, n, -_start(term, n, sizes)) for n in product.shape.names]))
        term = term._replace(
            factors=(*[f for f in term.factors if name not in f.dims], factor),
            hidden=tuple([h for h in term.hidden if h[0] != name]),
            windows=tuple([w for w in term.windows if w[0] != name]),
        )
    return term


def _start(term: Term, dim: str, sizes: dict[str, int]) -> int:
    return term.window(dim, sizes[dim])[0] if dim in sizes else 0


def _sizes(term: Term, to: Shape) -> dict[str, int]:
    return {n: int(to.get_size(n)) for n in to.names} | dict(term.hidden)


def _left(operands: list[Any], name: str) -> int:
    """The elements that are left of the operands with a dim after summing over it."""
    dims = {n: o.shape.get_size(n) for o in operands if name in o.shape.names for n in o.shape.names if n != name}
    return prod(dims.values())


def _over(name: str, operands: list[Any]) -> Any:
    """The sum of products over one dim that all have."""
    if len(operands) == 1:
        return sum_(operands[0], name)
    return dot(_times(operands[:-1]), name, operands[-1], name)


def _times(operands: list[Any]) -> Any:
    product = operands[0]
    for other in operands[1:]:
        product = product * other
    return product


def _masked(value: Any, masks: list[Tensor]) -> Any:
    for mask in masks:
        value = where(mask, value, 0)
    return value


def _summed(value: Any, hidden: Iterable[tuple[str, int]], term: Term) -> Any:
    for name, size in hidden:
        start, stop = term.window(name, size)
        value = sum_(value, name) if name in value.shape.names else value * (stop - start)
    return value


def _is_one(number: Any) -> bool:
    return isinstance(number, (int, float)) and not isinstance(number, bool) and number == 1
