"""Python code that is called from compiled programs, in both precisions and by whatever thread runs the program.

JAX narrows 64-bit arrays on their way to and from Python wherever the thread has not switched them on, as its own threads have not.
Here they travel as 32-bit halves.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from phiml_core.backend import DType, NoGradient

__all__ = ["call_back"]

_HALF = np.dtype("uint32")


def call_back(
    function: Callable[..., Any], like: tuple[tuple[tuple[int, ...], DType], ...], args: tuple[Any, ...]
) -> tuple[Any, ...]:
    """`function` of NumPy arrays when the program runs; `like`: sizes and types of the results.

    Raises:
        NoGradient: it is differentiated.
    """
    given = [np.dtype(a.dtype) for a in args]
    wanted = [np.dtype(dtype.name) for _, dtype in like]
    shapes = tuple(
        [jax.ShapeDtypeStruct((*sizes, *_halves(d)), _carrier(d)) for (sizes, _), d in zip(like, wanted, strict=True)]
    )

    def run(*arrays: Any) -> tuple[np.ndarray, ...]:
        found = function(*[_joined(np.asarray(a), d) for a, d in zip(arrays, given, strict=True)])
        return tuple([_split(np.asarray(f, d)) for f, d in zip(found, wanted, strict=True)])

    @jax.custom_jvp
    def called(*xs: Any) -> tuple[Any, ...]:
        found = jax.pure_callback(run, shapes, *map(_pack, xs), vmap_method="sequential")
        return tuple([_unpack(f, d) for f, d in zip(found, wanted, strict=True)])

    called.defjvp(_refuse)
    return called(*args)


def _refuse(*_: Any) -> Any:
    raise NoGradient("A callback to Python code has no derivative.  Put custom_gradient around it.")


def _halves(dtype: np.dtype) -> tuple[int, ...]:
    """The dims that a number of 64 bits or more takes up in halves."""
    return (dtype.itemsize // 4,) if _is_wide(dtype) else ()


def _carrier(dtype: np.dtype) -> np.dtype:
    return _HALF if _is_wide(dtype) else dtype


def _is_wide(dtype: np.dtype) -> bool:
    return (dtype.kind in "iuf" and dtype.itemsize == 8) or (dtype.kind == "c" and dtype.itemsize == 16)


def _split(array: np.ndarray) -> np.ndarray:
    if not _is_wide(array.dtype):
        return array
    return np.ascontiguousarray(array).reshape(*array.shape, 1).view(_HALF)


def _joined(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    return np.ascontiguousarray(array).view(dtype)[..., 0] if _is_wide(dtype) else array


def _pack(x: Any) -> Any:
    """The same as `_split` in JAX."""
    if not _is_wide(np.dtype(x.dtype)):
        return x
    if x.dtype.kind != "c":
        return jax.lax.bitcast_convert_type(x, _HALF)
    parts = jnp.stack([jnp.real(x), jnp.imag(x)], -1)
    return jax.lax.bitcast_convert_type(parts, _HALF).reshape(*x.shape, 4)


def _unpack(x: Any, dtype: np.dtype) -> Any:
    """The same as `_joined` in JAX."""
    if not _is_wide(dtype):
        return x
    if dtype.kind != "c":
        return jax.lax.bitcast_convert_type(x, dtype)
    parts = jax.lax.bitcast_convert_type(x.reshape(*x.shape[:-1], 2, 2), np.dtype("float64"))
    return jax.lax.complex(parts[..., 0], parts[..., 1])
