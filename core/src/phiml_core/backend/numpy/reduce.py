"""Reductions of NumPy arrays."""

from typing import Any

import numpy as np

from phiml_core.backend import primitive

ARRAY = np.ndarray | np.generic


def _over_axes(reduce: Any, **options: Any) -> Any:
    def function(x: Any, axes: tuple[int, ...]) -> Any:
        return reduce(x, axis=axes, **options)

    return function


for _name, _reduce in {"prod": np.multiply.reduce, "max": np.maximum.reduce, "min": np.minimum.reduce}.items():
    getattr(primitive, _name).register((ARRAY,), _over_axes(_reduce))
for _name in ("any", "all"):
    getattr(primitive, _name).register((ARRAY,), _over_axes(getattr(np, _name)))


@primitive.sum.dispatch
def _(x: np.ndarray | np.generic, axes: tuple[int, ...]) -> Any:
    return np.add.reduce(x, axis=axes)


@primitive.mean.dispatch
def _(x: np.ndarray | np.generic, axes: tuple[int, ...]) -> Any:
    return x.mean(axis=axes)


primitive.argmax.register((ARRAY,), lambda x, axis: np.argmax(x, axis=axis))
primitive.argmin.register((ARRAY,), lambda x, axis: np.argmin(x, axis=axis))
primitive.cumsum.register((ARRAY,), lambda x, axis: np.cumsum(x, axis=axis, dtype=x.dtype))
primitive.sort.register((ARRAY,), lambda x, axis: np.sort(x, axis=axis))
primitive.argsort.register((ARRAY,), lambda x, axis: np.argsort(x, axis=axis, kind="stable"))
