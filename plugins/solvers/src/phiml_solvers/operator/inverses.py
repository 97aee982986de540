"""Inverses of operators that are known as operators."""

from phiml_core.math import wrap
from phiml_core.tensor.tensor import Tensor

from .algebra import inverted
from .composed import Inverse, Product
from .elementary import Diagonal, Identity

__all__: list[str] = []


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
