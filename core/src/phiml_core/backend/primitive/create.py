"""Making arrays: words that dispatch on the backend object."""

from typing import Any

from phiml_core.dispatch import generic

__all__ = [
    "zeros",
    "full",
    "arange",
    "random_bits",
]

Array = Any


@generic(on="place")
def zeros(place: Any, sizes: tuple[int, ...], dtype: Any, device: Any = None) -> Array:
    """An array of zeros."""


@generic(on="place")
def full(place: Any, sizes: tuple[int, ...], value: Any, dtype: Any, device: Any = None) -> Array:
    """An array of one value."""


@generic(on="place")
def arange(place: Any, start: int, stop: int, dtype: Any, device: Any = None) -> Array:
    """The integers from start up to, not including, stop."""


@generic(on="place")
def random_bits(place: Any, key: Any, count: int) -> Array:
    """Words of the Threefry-2x32-20 stream (Salmon et al. 2011) of a key of two 32-bit words, as unsigned 32-bit integers; equal on all backends."""
