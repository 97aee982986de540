"""Random bits: those of NumPy, since all backends draw the same."""

from typing import Any

from phiml_core.backend import backend_named, primitive

from .trait import ARRAY, STRICT

__all__ = ["random_bits"]


def random_bits(place: Any, key: tuple[Any, Any], count: int) -> Any:
    """`count` words of the stream of a key of two words, ints or arrays.  → uint32, sizes of the key + (count,)."""
    words = tuple(STRICT.to_numpy(k) if isinstance(k, ARRAY) else k for k in key)
    return STRICT.as_array(primitive.random_bits(backend_named("numpy"), words, count))
