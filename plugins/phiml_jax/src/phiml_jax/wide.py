"""64-bit types, which JAX has only where they are switched on."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from phiml_core.backend import LeakedTensor

from .tracers import is_leaked

__all__ = ["WIDE", "narrowed", "wide_call"]

_NARROW = {
    np.dtype(wide): np.dtype(narrow)
    for wide, narrow in (("float64", "float32"), ("int64", "int32"), ("uint64", "uint32"), ("complex128", "complex64"))
}
WIDE = frozenset(_NARROW)


def wide_call(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, with 64-bit types switched on in this thread while it runs if its first array has one.

    JAX otherwise narrows such arrays silently; its process-wide switch is never touched.
    """

    def call(x: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            if x.dtype in WIDE:
                with jax.enable_x64(True):
                    return function(x, *args, **kwargs)
            return function(x, *args, **kwargs)
        except jax.errors.UnexpectedTracerError as error:
            if is_leaked(x):
                raise LeakedTensor from error
            raise

    return call


def narrowed(x: Any) -> Any:
    """A NumPy constant of a program without 64-bit types in the type that it has there, whatever the thread has switched on."""
    return x.astype(_NARROW[x.dtype]) if isinstance(x, (np.ndarray, np.generic)) and x.dtype in WIDE else x
