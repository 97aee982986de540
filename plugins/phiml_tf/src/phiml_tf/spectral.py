"""Fourier, cosine and sine transforms of TensorFlow tensors.

All is traceable, in either precision, with derivatives of any order; all other axes are batch axes, which may be empty.

Formulation, chosen by size and kind (`spectral_axis.route_of`): matrix products where lines are short, above all in 3D,
else FFTs, which also leave a smaller residual.  The limits are those of JAX, whose compiler this is too; time of a float32
pair of transforms in milliseconds (best of 20, one thread, compiled by XLA / as a graph):

|                        | 64²         | 128²        | 256²        | 512²      |
|------------------------|-------------|-------------|-------------|-----------|
| one FFT and one back   | 0.18 / 0.24 | 0.22 / 0.26 | 0.61 / 0.59 | 1.6 / 1.6 |
| two full matrices      | 0.18 / 0.19 | 0.42 / 0.27 | 1.06 / 0.81 | 6.5 / 5.7 |
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf
from phiml_core.backend.spectral_kinds import (
    FFT,
    SPECTRAL_KINDS,
    SYMMETRIC_KINDS,
    TRIG_KINDS,
    check_kinds,
    inverse_kind,
    kind_type,
    normalisation,
)

from .derivative import symmetric
from .fourier import complex_type, fftn, irfftn, rfftn
from .spectral_axis import (
    Route,
    backward,
    forward,
    negate_index,
    rotate,
    rotation,
    route_of,
    shuffle,
    sort_spectrum,
    spectrum_order,
    unshuffle,
)
from .tensors import ARRAY, sizes_of

__all__ = ["fft", "ifft", "trig", "spectral_scale"]


def fft(x: Any, axes: tuple[int, ...]) -> Any:
    """Fourier transform along `axes`, not normalised.  x: real or complex, → complex, same shape."""
    return fftn(tf.cast(x, complex_type(x.dtype)), tuple(axes))


def ifft(x: Any, axes: tuple[int, ...]) -> Any:
    """Inverse of `fft`, normalised by 1/n per axis.  x: real or complex, → complex, same shape."""
    return fftn(tf.cast(x, complex_type(x.dtype)), tuple(axes), inverse=True)


def trig(x: Any, axes: tuple[int, ...], kinds: tuple[str, ...], inverse: bool) -> Any:
    """Cosine or sine transform of `kinds[i]` along `axes[i]` as SciPy defines it (`scipy.fft.dct`, `dst`, `norm=None`).

    Args:
        x: real or complex (real and imaginary part are transformed by themselves).
        axes: distinct, not negative.
        kinds: 'dct1' … 'dct4', 'dst1' … 'dst4', one per axis.
        inverse: `False` for the transform, `True` for its inverse.

    Raises:
        ValueError: unknown kind, axis out of range, or dct1 along an axis of size 1.
    """
    check_kinds(sizes_of(x), tuple(axes), tuple(kinds), TRIG_KINDS)
    return _trig(_inexact(x), tuple(axes), tuple(kinds), inverse)


def spectral_scale(x: Any, axes: tuple[int, ...], kinds: tuple[str, ...], scale: Any) -> Any:
    """T⁻¹ (scale · (T x)) with T the transform of `kinds[i]` along `axes[i]`.

    Args:
        x: real or complex.
        axes: distinct, not negative.
        kinds: 'fft', 'dct1' … 'dct4', 'dst1' … 'dst4', one per axis.
        scale: NumPy array or tensor, broadcastable to x; along each of `axes` it has the full spectrum in the standard
            order (`np.fft.fftfreq` for 'fft') or size 1. For real x it must be Hermitian over the 'fft' axes together,
            scale[-k] = conj(scale[k]), symmetric if real: only half the spectrum of the last 'fft' axis is computed.
            A NumPy scale is a constant: arranged once, and the gradient with respect to x is the function itself.

    Returns:
        As x: real if x is real, unless a complex scale meets cosine and sine transforms alone.

    Raises:
        ValueError: unknown kind, axis out of range, or dct1 along an axis of size 1.
    """
    axes, kinds = tuple(axes), tuple(kinds)
    sizes = sizes_of(x)
    check_kinds(sizes, axes, kinds, SPECTRAL_KINDS)
    x = _inexact(x)
    constant = not isinstance(scale, ARRAY)  # type: ignore[misc]  # TensorFlow's classes have no types
    scale = np.asarray(scale) if constant else scale
    complex_scale = scale.dtype.kind == "c" if constant else scale.dtype.is_complex
    if x.dtype.is_complex or (complex_scale and FFT not in kinds):
        dtype = complex_type(x.dtype)
        scale = scale.astype(dtype.as_numpy_dtype) if constant else tf.cast(scale, dtype)
        return _scale_complex(x, scale, axes, kinds)
    dtype = complex_type(x.dtype) if complex_scale else x.dtype
    scale = scale.astype(dtype.as_numpy_dtype, copy=False) if constant else tf.cast(scale, dtype)
    if 0 in sizes:
        return x
    plan = _plan(sizes, axes, kinds)
    parts = tuple(_arrange(scale, pieces) for pieces in plan.pieces)
    fits = len(scale.shape) == len(sizes) and all(s in (1, n) for s, n in zip(scale.shape, sizes))
    if fits and constant and not complex_scale and SYMMETRIC_KINDS.issuperset(kinds):
        return symmetric(lambda y: _scale_real(y, plan, parts), x)
    return _scale_real(x, plan, parts)


def _inexact(x: Any) -> Any:
    if x.dtype in (tf.float32, tf.float64, tf.complex64, tf.complex128):
        return x
    return tf.cast(x, tf.float32)


# --- Which axis is transformed how ---


class _Plan(NamedTuple):
    steps: tuple[tuple[int, str, Route], ...]  # axes transformed one by one
    cosines: tuple[tuple[int, bool], ...]  # axes of type 2 transformed together with the Fourier axes; True: sine
    fourier: tuple[int, ...]
    half: int  # the axis along which only half of the spectrum is computed; -1: none
    pieces: tuple[tuple[tuple[int, tuple[slice, ...]], ...], ...]  # for real (and imaginary) part: how to cut the scale


@lru_cache(maxsize=256)
def _plan(shape: tuple[int, ...], axes: tuple[int, ...], kinds: tuple[str, ...]) -> _Plan:
    steps, cosines, fourier = [], [], []
    orders: list[tuple[int, tuple[slice, ...]]] = []
    for axis, kind in sorted(zip(axes, kinds)):
        n = shape[axis]
        if kind == FFT:
            fourier.append(axis)
            continue
        route = route_of(kind, n, len(axes))
        if route == "fft" and kind_type(kind) == 2:
            cosines.append((axis, kind == "dst2"))
            continue
        steps.append((axis, kind, route))
        orders.append((axis, spectrum_order(kind, n, route)))
    half = fourier[-1] if fourier else cosines[-1][0] if cosines else -1
    real = [o for o in orders if o[1] != (slice(None),)]
    imag: list[tuple[int, tuple[slice, ...]]] = []
    for axis, sine in cosines:
        n, m = shape[axis], shape[axis] // 2 + 1
        if axis != half:
            if sine:
                real.append((axis, (slice(None, None, -1),)))
        elif sine:
            imag.append((axis, (slice(n - 1, n), slice(0, m - 1))))
            real.append((axis, (slice(n - 1, n - 1 - m if m < n else None, -1),)))
        else:
            imag.append((axis, (slice(0, 1), slice(n - 1, n - m, -1))))
            real.append((axis, (slice(0, m),)))
    if fourier:
        real.append((half, (slice(0, shape[half] // 2 + 1),)))
        return _Plan(tuple(steps), tuple(cosines), tuple(fourier), half, (tuple(real),))
    imag += [r for r in real if r[0] != half]
    return _Plan(tuple(steps), tuple(cosines), (), half, (tuple(real), tuple(imag)) if cosines else (tuple(real),))


def _arrange(scale: Any, pieces: tuple[tuple[int, tuple[slice, ...]], ...]) -> Any:
    for axis, slices in pieces:
        if scale.shape[axis] > 1:
            parts = [scale[(slice(None),) * axis + (s,)] for s in slices]
            if len(parts) == 1:
                scale = parts[0]
            else:
                scale = np.concatenate(parts, axis) if isinstance(scale, np.ndarray) else tf.concat(parts, axis)
    return scale


# --- Real arrays ---


def _scale_real(x: Any, plan: _Plan, parts: tuple[Any, ...]) -> Any:
    for axis, kind, route in plan.steps:
        x = forward(x, axis, kind, route)
    x = x * parts[0] if plan.half < 0 else _scale_half_spectrum(x, plan, *parts)
    for axis, kind, route in plan.steps[::-1]:
        x = backward(x, axis, kind, route)
    return x


def _scale_complex(x: Any, scale: Any, axes: tuple[int, ...], kinds: tuple[str, ...]) -> Any:
    x = tf.cast(x, scale.dtype)
    cosines = [(a, k) for a, k in zip(axes, kinds) if k != FFT]
    fourier = tuple(a for a, k in zip(axes, kinds) if k == FFT)
    trig_axes, trig_kinds = tuple(a for a, _ in cosines), tuple(k for _, k in cosines)
    y = _trig(x, trig_axes, trig_kinds, False)
    y = ifft(fft(y, fourier) * scale, fourier) if fourier else y * scale
    return _trig(y, trig_axes, trig_kinds, True)


def _trig(x: Any, axes: tuple[int, ...], kinds: tuple[str, ...], inverse: bool) -> Any:
    if x.dtype.is_complex:
        parts = (_trig(part, axes, kinds, inverse) for part in (tf.math.real(x), tf.math.imag(x)))
        return tf.complex(*parts)
    sizes = sizes_of(x)
    if 0 in sizes:
        return x
    for axis, kind in sorted(zip(axes, kinds)):
        n = sizes[axis]
        if inverse:
            x, kind = x / normalisation(kind, n), inverse_kind(kind)
        route = route_of(kind, n, len(axes))
        x = sort_spectrum(forward(x, axis, kind, route), axis, kind, route)
    return x


# --- Several axes: cosine and sine transforms of type 2 and Fourier transforms in one real FFT ---


def _scale_half_spectrum(x: Any, plan: _Plan, scale_real: Any, scale_imag: Any = None) -> Any:
    """Makhoul (1980) in several dimensions, without ever sorting the spectrum.

    Rotated by w = exp(−iπ k / 2n), the half spectrum of the shuffled signal holds the cosine transform: its real part
    at k, minus its imaginary part at n − k. Along further axes both parts are transformed together: w V[k] + w* V[−k].
    """
    axes = [a for a in (*plan.fourier, *(a for a, _ in plan.cosines)) if a != plan.half] + [plan.half]
    sizes = [int(x.shape[a]) for a in axes]
    for axis, sine in plan.cosines:
        x = shuffle(x, axis, sine)
    spectrum = rfftn(x, tuple(axes))
    real, imag = tf.math.real(spectrum), tf.math.imag(spectrum)
    rotations = {a: rotation(x, a, x.shape[a], real.shape[a]) for a, _ in plan.cosines}
    if plan.half in rotations:
        real, imag = rotate(real, imag, *rotations[plan.half])
    mixed = [a for a in rotations if a != plan.half]
    for axis in mixed:
        c, s = rotations[axis]
        back_real, back_imag = negate_index(real, axis), negate_index(imag, axis)
        real, imag = ((real + back_real) * c - (imag - back_imag) * s, (imag + back_imag) * c + (real - back_real) * s)
    if scale_imag is not None:
        real, imag = real * scale_real, imag * scale_imag
    elif _is_complex(scale_real):
        real, imag = rotate(real, imag, tf.math.real(scale_real), tf.math.imag(scale_real))
    else:
        real, imag = real * scale_real, imag * scale_real
    for axis in mixed:
        c, s = rotations[axis]
        back_real, back_imag = negate_index(real, axis, zero_first=True), negate_index(imag, axis, zero_first=True)
        real, imag = rotate(real + back_imag, imag - back_real, c / 2, -s / 2)
    if plan.half in rotations:
        c, s = rotations[plan.half]
        real, imag = rotate(real, imag, c, -s)
    x = irfftn(tf.complex(real, imag), sizes, tuple(axes))
    for axis, sine in plan.cosines:
        x = unshuffle(x, axis, sine)
    return x


def _is_complex(x: Any) -> bool:
    return x.dtype.kind == "c" if isinstance(x, np.ndarray) else x.dtype.is_complex
