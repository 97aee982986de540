"""Reductions."""

from typing import Any

import array_api_strict as xp
from phiml_core.backend import primitive

from .elementwise import numeric
from .trait import ARRAY


def _over_axes(function: Any) -> Any:
    return lambda x, axes: function(x, axis=axes)


for _name in ("sum", "prod", "mean", "any", "all"):
    getattr(primitive, _name).register((ARRAY,), _over_axes(getattr(xp, _name)))


def _extreme(function: Any) -> Any:
    """Of truth values too, which the standard does not order."""

    def word(x: Any, axes: tuple[int, ...]) -> Any:
        return xp.astype(numeric(lambda n: function(n, axis=axes))(x), x.dtype)

    return word


primitive.max.register((ARRAY,), _extreme(xp.max))
primitive.min.register((ARRAY,), _extreme(xp.min))


@primitive.argmax.dispatch
def _(x: ARRAY, axis: int) -> Any:
    return numeric(lambda n: xp.argmax(n, axis=axis))(x)


@primitive.argmin.dispatch
def _(x: ARRAY, axis: int) -> Any:
    return numeric(lambda n: xp.argmin(n, axis=axis))(x)


@primitive.cumsum.dispatch
def _(x: ARRAY, axis: int) -> Any:
    return xp.cumulative_sum(x, axis=axis, dtype=x.dtype)


@primitive.sort.dispatch
def _(x: ARRAY, axis: int) -> Any:
    return xp.astype(numeric(lambda n: xp.sort(n, axis=axis))(x), x.dtype)


@primitive.argsort.dispatch
def _(x: ARRAY, axis: int) -> Any:
    return numeric(lambda n: xp.argsort(n, axis=axis, stable=True))(x)
