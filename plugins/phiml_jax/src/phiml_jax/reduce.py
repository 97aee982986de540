"""Reductions of JAX arrays."""

from typing import Any

import jax.numpy as jnp
from phiml_core.backend import primitive

from .elementwise import ARRAY


def _along(function: Any) -> Any:
    return lambda x, axis: function(x, axis=axis)


def _over_axes(function: Any) -> Any:
    return lambda x, axes: function(x, axis=axes)


for _name in ("sum", "prod", "mean", "max", "min", "any", "all"):
    getattr(primitive, _name).register((ARRAY,), _over_axes(getattr(jnp, _name)))
for _name in ("argmax", "argmin", "cumsum", "sort"):
    getattr(primitive, _name).register((ARRAY,), _along(getattr(jnp, _name)))
primitive.argsort.register((ARRAY,), lambda x, axis: jnp.argsort(x, axis=axis, stable=True))
