"""Structural words for JAX arrays, and creation."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from phiml_core.backend import primitive
from phiml_core.backend.dtype import DType

from .elementwise import ARRAY
from .trait import Jax
from .wide import wide_call

primitive.reshape.register((ARRAY,), lambda x, sizes: jnp.reshape(x, sizes))
primitive.transpose.register((ARRAY,), jnp.transpose)
primitive.broadcast_to.register((ARRAY,), jnp.broadcast_to)
primitive.concat.register((ARRAY,), lambda x, others, axis: jnp.concatenate((x, *others), axis))
primitive.stack.register((ARRAY,), lambda x, others, axis: jnp.stack((x, *others), axis))
primitive.flip.register((ARRAY,), jnp.flip)
primitive.roll.register((ARRAY,), jnp.roll)
primitive.take.register((ARRAY,), lambda x, indices, axis: jnp.take(x, indices, axis, mode="clip"))
primitive.einsum.register(
    (ARRAY,), lambda x, others, subscripts: jnp.einsum(subscripts, x, *others, precision=jax.lax.Precision.HIGHEST)
)
primitive.solve.register((ARRAY,), jnp.linalg.solve)


def _getitem(x: Any, index: tuple[Any, ...]) -> Any:
    return x[index]


primitive.getitem.register((ARRAY,), wide_call(_getitem))


@partial(jax.custom_jvp, nondiff_argnums=(2,))
def _fill(x: Any, value: Any, margins: tuple[tuple[int, int, int], ...]) -> Any:
    """`lax.pad`, whose own derivative by the value alone fails (jax 0.10)."""
    return jax.lax.pad(x, value, margins)


@_fill.defjvp
def _(margins: Any, primals: Any, tangents: Any) -> Any:
    inner, outer = tangents
    margin = jax.lax.pad(jnp.zeros(inner.shape, inner.dtype), jnp.ones((), inner.dtype), margins)
    return _fill(*primals, margins), jax.lax.pad(inner, jnp.zeros((), inner.dtype), margins) + outer * margin


def _pad(x: Any, widths: tuple[tuple[int, int], ...], mode: str, value: Any) -> Any:
    if mode != "constant":
        return jnp.pad(x, widths, mode=mode)
    margins = tuple((lo, up, 0) for lo, up in widths)
    differentiable = isinstance(value, Tracer) and jnp.issubdtype(x.dtype, jnp.inexact)
    return (_fill if differentiable else jax.lax.pad)(x, jnp.asarray(value, x.dtype), margins)


primitive.pad.register((ARRAY,), wide_call(_pad))


def _gather(x: Any, indices: tuple[Any, ...]) -> Any:
    return x.at[indices].get(mode="promise_in_bounds")


primitive.gather.register((ARRAY,), wide_call(_gather))


def _scatter(base: Any, indices: tuple[Any, ...], values: Any, mode: str) -> Any:
    at = base.at[indices]
    change = {"add": at.add, "update": at.set, "max": at.max, "min": at.min}[mode]
    return change(values, mode="promise_in_bounds")


primitive.scatter.register((ARRAY,), wide_call(_scatter))


def _concrete(x: Any, what: str) -> Any:
    if isinstance(x, Tracer):
        raise TypeError(
            f"{what} gives a result whose size depends on values, which compiled functions cannot have.  "
            "Use where() to keep the size, or call it outside of the compiled function."
        )
    return x


primitive.nonzero.register((ARRAY,), lambda x: jnp.argwhere(_concrete(x, "nonzero")))


def _mask(x: Any, mask: Any, axis: int) -> Any:
    positions = np.flatnonzero(np.asarray(_concrete(mask, "boolean_mask")))
    return wide_call(jnp.take)(x, positions.astype(np.int32), axis, mode="clip")


primitive.boolean_mask.register((ARRAY,), _mask)


@primitive.zeros.dispatch
def _(place: Jax, sizes: tuple[int, ...], dtype: DType, device: Any):
    with place.context(dtype.precision == 64):
        return jnp.zeros(sizes, dtype.name, device=device)


@primitive.full.dispatch
def _(place: Jax, sizes: tuple[int, ...], value: Any, dtype: DType, device: Any):
    with place.context(dtype.precision == 64):
        return jnp.full(sizes, value, dtype.name, device=device)


@primitive.arange.dispatch
def _(place: Jax, start: int, stop: int, dtype: DType, device: Any):
    with place.context(dtype.precision == 64):
        return jnp.arange(start, stop, dtype=dtype.name, device=device)
