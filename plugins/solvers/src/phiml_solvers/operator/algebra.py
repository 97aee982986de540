"""What becomes of structure in sums, multiples, products and inverses of operators: one word each.

The fallbacks keep operators as a `Sum`, `Scaled`, `Product`, `Inverse`; methods for pairs of classes say where a simpler operator
does the same.  A class of a third party adds its own.
"""

from dataclasses import replace
from typing import Any

from phiml_core.dispatch import generic
from phiml_core.math import wrap
from phiml_core.tensor.tensor import Tensor

from .box import BoxLaplace
from .composed import OPPOSITE, Inverse, Product, Scaled, Sum
from .elementary import Diagonal, Identity, Zero
from .linear import LinearOperator
from .masked import MaskedLaplace
from .stencil import Stencil

__all__ = ["added", "inverted", "multiplied", "scaled"]


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
    """Whether a factor varies along dims that an operator acts on."""
    if not isinstance(factor, Tensor):
        return False
    dims = operator.dims
    return bool(
        factor.shape.non_batch if dims is None else factor.shape.only([n for n in dims if n in factor.shape.names])
    )


def plus(a: Any, b: Any) -> Any:
    """a + b where None stands for 0."""
    return b if a is None else a if b is None else a + b


def _wider(a: Any, b: Any) -> Any:
    """The shape that two operators know, or None."""
    return a.domain if b.domain is None else b.domain if a.domain is None or a.domain.rank < b.domain.rank else a.domain


# --- sums ---


@combined.dispatch
def _(a: Zero, b: LinearOperator):
    return b if a.symmetric or a.range == b.range else None


@combined.dispatch
def _(a: Zero, b: Zero):
    return b if a.domain is None else a


@combined.dispatch
def _(a: Identity, b: Identity):
    return Diagonal(2.0, _wider(a, b))


@combined.dispatch
def _(a: Diagonal, b: Identity):
    return Diagonal(a.values + 1.0, _wider(a, b))


@combined.dispatch
def _(a: Diagonal, b: Diagonal):
    return Diagonal(a.values + b.values, _wider(a, b))


@combined.dispatch
def _(a: Scaled, b: Scaled):
    if a.operator is b.operator:
        return scaled(a.operator, a.factor + b.factor)
    return None


@combined.dispatch
def _(a: BoxLaplace, b: Identity):
    return a.with_coefficients(a.scale, plus(a.shift, 1.0))


@combined.dispatch
def _(a: BoxLaplace, b: Diagonal):
    if varies(b.values, a):
        return combined(stencil_of(a), b)
    return a.with_coefficients(a.scale, plus(a.shift, b.values))


@combined.dispatch
def _(a: BoxLaplace, b: BoxLaplace):
    if a.order != b.order or a.resolution != b.resolution or a.spacing != b.spacing or a.boundary != b.boundary:
        return None
    scale = (1.0 if a.scale is None else a.scale) + (1.0 if b.scale is None else b.scale)
    return a.with_coefficients(scale, plus(a.shift, b.shift))


@combined.dispatch
def _(a: MaskedLaplace, b: Identity | Diagonal):
    box = combined(a.box, b)
    return replace(a, box=box) if isinstance(box, BoxLaplace) else None


@combined.dispatch
def _(a: Stencil, b: Identity):
    return _shifted(a, 1.0)


@combined.dispatch
def _(a: Stencil, b: Diagonal):
    return _shifted(a, b.values)


def _shifted(a: Stencil, values: Any) -> Stencil:
    center = (0,) * a.resolution.rank
    coefficients = dict(zip(a.offsets, a.coefficients))
    coefficients[center] = coefficients[center] + values if center in coefficients else values
    return a.with_coefficients(coefficients, a.symmetric)


@combined.dispatch
def _(a: Stencil, b: Stencil):
    if a.order != b.order or a.resolution != b.resolution or a.boundary != b.boundary:
        return None
    coefficients = dict(zip(a.offsets, a.coefficients))
    for offset, value in zip(b.offsets, b.coefficients):
        coefficients[offset] = coefficients[offset] + value if offset in coefficients else value
    return a.with_coefficients(coefficients, a.symmetric and b.symmetric)


@combined.dispatch
def _(a: Stencil, b: BoxLaplace):
    return combined(a, stencil_of(b))


def stencil_of(box: BoxLaplace) -> Stencil:
    """The Laplacian of a box as a stencil."""
    rank = box.resolution.rank
    coefficients: dict[tuple[int, ...], Any] = {(0,) * rank: -2.0 * sum(1 / h**2 for h in box.spacing)}
    for i, h in enumerate(box.spacing):
        for sign in (-1, 1):
            coefficients[tuple(sign if j == i else 0 for j in range(rank))] = 1 / h**2
    if box.scale is not None:
        coefficients = {o: c * box.scale for o, c in coefficients.items()}
    if box.shift is not None:
        coefficients[(0,) * rank] = coefficients[(0,) * rank] + box.shift
    return Stencil(box.resolution, tuple(coefficients), tuple(coefficients.values()), box.boundary, True)


# --- multiples ---


@scaled.dispatch
def _(a: Zero, factor):
    return a


@scaled.dispatch
def _(a: Identity, factor):
    return a if isinstance(factor, (int, float)) and factor == 1 else Diagonal(factor, a.shape)


@scaled.dispatch
def _(a: Diagonal, factor):
    return Diagonal(a.values * factor, a.shape)


@scaled.dispatch
def _(a: Scaled, factor):
    return scaled(a.operator, a.factor * factor)


@scaled.dispatch
def _(a: Sum, factor):
    return Sum(tuple(scaled(o, factor) for o in a.operators))


@scaled.dispatch
def _(a: Product, factor):
    if a.symmetric or varies(factor, a):
        return Scaled(a, factor) if not varies(factor, a) else multiplied(Diagonal(factor), a)
    return Product((scaled(a.operators[0], factor), *a.operators[1:]))


@scaled.dispatch
def _(a: BoxLaplace, factor):
    if isinstance(factor, (int, float)) and factor == 1:
        return a
    if varies(factor, a):
        return multiplied(Diagonal(factor), a)
    scale = factor if a.scale is None else a.scale * factor
    return a.with_coefficients(scale, None if a.shift is None else a.shift * factor)


@scaled.dispatch
def _(a: MaskedLaplace, factor):
    if varies(factor, a):
        return Product((Diagonal(factor), a))
    return replace(a, box=scaled(a.box, factor))


@scaled.dispatch
def _(a: Stencil, factor):
    values = tuple(c * factor for c in a.coefficients)
    if varies(factor, a):
        return a.with_coefficients(dict(zip(a.offsets, values)), False)
    sign = _sign(factor)
    definite = {1: a.definite, -1: OPPOSITE[a.definite], 0: None}[sign]
    return replace(a, coefficients=values, definite=definite)


def _sign(factor: Any) -> int:
    """1 or -1 for numbers, 0 for 0 and what is not known."""
    return 0 if not isinstance(factor, (int, float)) or not factor else 1 if factor > 0 else -1


# --- products ---


@multiplied.dispatch
def _(a: Identity, b: LinearOperator):
    return b


@multiplied.dispatch
def _(a: LinearOperator, b: Identity):
    return a


@multiplied.dispatch
def _(a: Identity, b: Identity):
    return a if b.shape is None else b


@multiplied.dispatch
def _(a: Zero, b: LinearOperator):
    return Zero(b.domain, a.range if a.range is not None else b.range)


@multiplied.dispatch
def _(a: LinearOperator, b: Zero):
    return Zero(b.domain, a.range if a.range is not None else b.range)


for _first, _second in ((Zero, Zero), (Zero, Identity), (Identity, Zero)):
    multiplied.register((_first, _second), lambda a, b: Zero(b.domain or a.domain, a.range or b.range))


@multiplied.dispatch
def _(a: Diagonal, b: Diagonal):
    return Diagonal(a.values * b.values, _wider(a, b))


@multiplied.dispatch
def _(a: Diagonal, b: Stencil):
    return scaled(b, a.values)


@multiplied.dispatch
def _(a: Diagonal, b: BoxLaplace):
    return Product((a, b)) if varies(a.values, b) else scaled(b, a.values)


@multiplied.dispatch
def _(a: Diagonal, b: MaskedLaplace):
    return Product((a, b)) if varies(a.values, b) else scaled(b, a.values)


# --- inverses ---


@inverted.dispatch
def _(a: Identity, settings):
    return a


@inverted.dispatch
def _(a: Diagonal, settings):
    return Diagonal(1.0 / (a.values if isinstance(a.values, Tensor) else wrap(a.values)), a.shape)


@inverted.dispatch
def _(a: Inverse, settings):
    return a.operator


@inverted.dispatch
def _(a: Product, settings):
    """The inverses in reverse order where each factor is square."""
    if any(o.domain is None or o.domain != o.range for o in a.operators):
        return Inverse(a, settings)
    return Product(tuple(inverted(o, settings) for o in reversed(a.operators)))
