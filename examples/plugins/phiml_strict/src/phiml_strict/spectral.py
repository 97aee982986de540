"""Fourier transforms as the standard has them, cosine and sine transforms as products with their matrices."""

from typing import Any

import array_api_strict as xp
from phiml_core.backend.spectral_kinds import FFT, SPECTRAL_KINDS, TRIG_KINDS, check_kinds, inverse_matrix, matrix

from .elementwise import is_complex
from .trait import STRICT

__all__ = ["fft", "ifft", "spectral_scale", "trig"]


def fft(x: Any, axes: tuple[int, ...]) -> Any:
    """Fourier transform along `axes`, not normalised.  x: real or complex, → complex, same shape."""
    return xp.fft.fftn(_complex(x), axes=axes) if axes else _complex(x)


def ifft(x: Any, axes: tuple[int, ...]) -> Any:
    """Inverse of `fft`, normalised by 1/n per axis.  x: real or complex, → complex, same shape."""
    return xp.fft.ifftn(_complex(x), axes=axes) if axes else _complex(x)


def _complex(x: Any) -> Any:
    """The standard transforms complex numbers only."""
    if is_complex(x):
        return x
    return xp.astype(x, xp.complex64 if x.dtype == xp.float32 else xp.complex128)


def trig(x: Any, axes: tuple[int, ...], kinds: tuple[str, ...], inverse: bool) -> Any:
    """Cosine or sine transform of `kinds[i]` along `axes[i]`, or its inverse, as SciPy defines it (`norm=None`)."""
    check_kinds(x.shape, axes, kinds, TRIG_KINDS)
    if not xp.isdtype(x.dtype, ("real floating", "complex floating")):
        x = xp.astype(x, xp.float64)
    for axis, kind in zip(axes, kinds, strict=True):
        mat = STRICT.as_array((inverse_matrix if inverse else matrix)(kind, x.shape[axis]), STRICT.dtype(x))
        x = xp.moveaxis(xp.tensordot(mat, x, axes=((1,), (axis,))), 0, axis)
    return x


def spectral_scale(x: Any, axes: tuple[int, ...], kinds: tuple[str, ...], scale: Any) -> Any:
    """T⁻¹ (scale · (T x)) with T the transform of `kinds[i]` along `axes[i]`; real if x and scale are."""
    check_kinds(x.shape, axes, kinds, SPECTRAL_KINDS)
    fourier = tuple(a for a, k in zip(axes, kinds) if k == FFT)
    waves = [(a, k) for a, k in zip(axes, kinds) if k != FFT]
    others, other_kinds = tuple(a for a, _ in waves), tuple(k for _, k in waves)
    y = trig(x, others, other_kinds, False)
    y = fft(y, fourier) if fourier else y
    scale = STRICT.as_array(scale)
    if is_complex(scale):
        y = _complex(y)
    y = y * xp.astype(scale, y.dtype)
    y = ifft(y, fourier) if fourier else y
    if fourier and not is_complex(x):
        y = xp.real(y)  # the spectrum of a real operator is Hermitian
    return trig(y, others, other_kinds, True)
