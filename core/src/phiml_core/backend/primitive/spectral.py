"""Spectral transforms of arrays."""

from typing import Any

from phiml_core.dispatch import generic

__all__ = [
    "fft",
    "ifft",
    "trig",
    "spectral_scale",
]

Array = Any


@generic(on="x")
def fft(x: Array, axes: tuple[int, ...]) -> Array:
    """Discrete Fourier transform along axes, not normalised; complex."""


@generic(on="x")
def ifft(x: Array, axes: tuple[int, ...]) -> Array:
    """Inverse of `fft`, normalised by 1/n; complex."""


@generic(on="x")
def trig(x: Array, axes: tuple[int, ...], kinds: tuple[str, ...], inverse: bool) -> Array:
    """Discrete cosine and sine transforms along axes, one kind 'dct1' … 'dst4' per axis, in SciPy's convention without normalisation."""


@generic(on="x")
def spectral_scale(x: Array, axes: tuple[int, ...], kinds: tuple[str, ...], scale: Array) -> Array:
    """T⁻¹(scale · T x), where T applies 'fft' or a trigonometric kind along each axis; scale has the rank of x and the order of the full spectrum."""
