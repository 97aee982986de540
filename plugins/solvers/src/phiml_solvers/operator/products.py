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


def _zero(a: LinearOperator, b: LinearOperator) -> Zero:
    """A product of which a factor is zero."""
    both = Product((a, b))
    return Zero(both.domain, both.range)


for _classes in (
    (Zero, LinearOperator), (LinearOperator, Zero), (Zero, Zero), (Zero, Identity), (Identity, Zero)
):  # fmt: skip
    multiplied.register(_classes, _zero)


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
