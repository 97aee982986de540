"""Sums of two operators that are one operator."""

from dataclasses import replace
from typing import Any

from .algebra import combined, scaled, varies, wider
from .box import BoxLaplace
from .composed import Scaled
from .elementary import Diagonal, Identity, Zero
from .linear import LinearOperator
from .masked import MaskedLaplace
from .stencil import Stencil

__all__ = ["stencil_of"]


@combined.dispatch
def _(a: Zero, b: LinearOperator):
    return b if a.symmetric or a.range == b.range else None


@combined.dispatch
def _(a: Zero, b: Zero):
    return b if a.domain is None else a


@combined.dispatch
def _(a: Identity, b: Identity):
    return Diagonal(2.0, wider(a, b))


@combined.dispatch
def _(a: Diagonal, b: Identity):
    return Diagonal(a.values + 1.0, wider(a, b))


@combined.dispatch
def _(a: Diagonal, b: Diagonal):
    return Diagonal(a.values + b.values, wider(a, b))


@combined.dispatch
def _(a: Scaled, b: Scaled):
    if a.operator is b.operator:
        return scaled(a.operator, a.factor + b.factor)
    return None


@combined.dispatch
def _(a: BoxLaplace, b: Identity):
    return a.with_coefficients(a.scale, _plus(a.shift, 1.0))


@combined.dispatch
def _(a: BoxLaplace, b: Diagonal):
    if varies(b.values, a):
        return combined(stencil_of(a), b)
    return a.with_coefficients(a.scale, _plus(a.shift, b.values))


@combined.dispatch
def _(a: BoxLaplace, b: BoxLaplace):
    if a.order != b.order or a.resolution != b.resolution or a.spacing != b.spacing or a.boundary != b.boundary:
        return None
    scale = (1.0 if a.scale is None else a.scale) + (1.0 if b.scale is None else b.scale)
    return a.with_coefficients(scale, _plus(a.shift, b.shift))


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


def _shifted(a: Stencil, values: Any) -> Stencil | None:
    if not a.holds(values):
        return None
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


def _plus(a: Any, b: Any) -> Any:
    """a + b where None stands for 0."""
    return b if a is None else a if b is None else a + b
