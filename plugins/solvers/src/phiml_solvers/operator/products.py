"""Products of two operators that are one operator."""

from .algebra import multiplied, scaled, varies, wider
from .box import BoxLaplace
from .composed import Product
from .elementary import Diagonal, Identity, Zero
from .linear import LinearOperator
from .masked import MaskedLaplace
from .stencil import Stencil

__all__: list[str] = []


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
    return Diagonal(a.values * b.values, wider(a, b))


@multiplied.dispatch
def _(a: Diagonal, b: Stencil):
    return scaled(b, a.values)


@multiplied.dispatch
def _(a: Diagonal, b: BoxLaplace):
    return Product((a, b)) if varies(a.values, b) else scaled(b, a.values)


@multiplied.dispatch
def _(a: Diagonal, b: MaskedLaplace):
    return Product((a, b)) if varies(a.values, b) else scaled(b, a.values)
