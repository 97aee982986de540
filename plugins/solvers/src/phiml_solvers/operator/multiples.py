"""Multiples of operators that are operators of the same kind."""

from dataclasses import replace
from typing import Any

from .algebra import multiplied, scaled, varies
from .box import BoxLaplace
from .composed import OPPOSITE, Product, Scaled, Sum
from .elementary import Diagonal, Identity, Zero
from .masked import MaskedLaplace
from .stencil import Stencil

__all__: list[str] = []


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
    if not a.holds(factor):
        return Product((Diagonal(factor), a))
    values = tuple(c * factor for c in a.coefficients)
    if varies(factor, a):
        return a.with_coefficients(dict(zip(a.offsets, values)), False)
    sign = _sign(factor)
    definite = {1: a.definite, -1: OPPOSITE[a.definite], 0: None}[sign]
    return replace(a, coefficients=values, definite=definite)


def _sign(factor: Any) -> int:
    """1 or -1 for numbers, 0 for 0 and what is not known."""
    return 0 if not isinstance(factor, (int, float)) or not factor else 1 if factor > 0 else -1
