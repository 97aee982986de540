"""Fourier, cosine and sine transforms of PyTorch tensors.

All can be recorded, in either precision, with derivatives of any order; all other axes are batch axes, which may be empty.

The formulation is chosen by size and kind (`spectral_axis.route_of`): matrix products where lines are short, else one real
Fourier transform of all axes together.  Microseconds of a compiled float32 solve (dct2, one thread, best of 9) with one full
matrix per axis / two half matrices per axis / FFT:

| 128²            | 192²            | 256²            | 48³             | 64³                |
|-----------------|-----------------|-----------------|-----------------|--------------------|
| 123 / 132 / 152 | 353 / 293 / 267 | 823 / 518 / 385 | 493 / 513 / 886 | 1487 / 1335 / 1979 |
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from phiml_core.backend.spectral_kinds import (
    FFT,
    SPECTRAL_KINDS,
    SYMMETRIC_KINDS,
    TRIG_KINDS,
    check_kinds,
    inverse_kind,
    normalisation,
)

from .derivative import custom_vjp
from .spectral_axis import (
    backward,
    constant,
    forward,
    negate_index,
    rotate,
    rotation,
    route_of,
    shuffle,
    sort_spectrum,
    unshuffle,
)
from .spectral_plan import Plan, Same, arrange, arranged, plan_of

__all__ = ["fft", "ifft", "trig", "spectral_scale"]


def fft(x: torch.Tensor, axes: tuple[int, ...]) -> torch.Tensor:
    """Fourier transform along `axes`, not normalised.  x: real or complex, → complex, same shape."""
    if not axes or x.numel() == 0:
        return x.to(_complex_of(_inexact(x).dtype))
    return torch.fft.fftn(_inexact(x), dim=tuple(axes))


def ifft(x: torch.Tensor, axes: tuple[int, ...]) -> torch.Tensor:
    """Inverse of `fft`, normalised by 1/n per axis.  x: real or complex, → complex, same shape."""
    if not axes or x.numel() == 0:
        return x.to(_complex_of(_inexact(x).dtype))
    return torch.fft.ifftn(_inexact(x), dim=tuple(axes))


def trig(x: torch.Tensor, axes: tuple[int, ...], kinds: tuple[str, ...], inverse: bool) -> torch.Tensor:
    """Cosine or sine transform of `kinds[i]` along `axes[i]` as SciPy defines it (`scipy.fft.dct`, `dst`, `norm=None`).

    Args:
        x: real or complex (real and imaginary part are transformed by themselves).
        axes: distinct, not negative.
        kinds: 'dct1' … 'dct4', 'dst1' … 'dst4', one per axis.
        inverse: `False` for the transform, `True` for its inverse.

    Raises:
        ValueError: unknown kind, axis out of range, or dct1 along an axis of size 1.
    """
    check_kinds(x.shape, tuple(axes), tuple(kinds), TRIG_KINDS)
    return _trig(_inexact(x), tuple(axes), tuple(kinds), inverse)


def spectral_scale(x: torch.Tensor, axes: tuple[int, ...], kinds: tuple[str, ...], scale: Any) -> torch.Tensor:
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
    check_kinds(x.shape, axes, kinds, SPECTRAL_KINDS)
    x = _inexact(x)
    fixed = not isinstance(scale, torch.Tensor)
    scale = np.asarray(scale) if fixed else scale
    complex_scale = scale.dtype.kind == "c" if fixed else scale.is_complex()
    real_type = x.real.dtype if x.is_complex() else x.dtype
    if x.is_complex() or (complex_scale and FFT not in kinds):
        return _scale_complex(x, _typed(scale, _complex_of(real_type) if complex_scale else real_type, x), axes, kinds)
    if x.numel() == 0:
        return x
    dtype = _complex_of(real_type) if complex_scale else real_type
    plan = plan_of(tuple(x.shape), axes, kinds)
    if fixed:
        parts = tuple([constant(c, x) for c in arranged(Same(scale), tuple(x.shape), axes, kinds, str(dtype)[6:])])
    else:
        parts = tuple([arrange(scale.to(dtype), pieces) for pieces in plan.pieces])
    fits = scale.ndim == x.ndim and all(s in (1, n) for s, n in zip(scale.shape, x.shape))
    if fits and fixed and not complex_scale and SYMMETRIC_KINDS.issuperset(kinds):
        return _symmetric(x, plan, parts)
    return _operator(x, plan, parts)


def _typed(scale: Any, dtype: torch.dtype, like: torch.Tensor) -> torch.Tensor:
    return (torch.from_numpy(np.array(scale)) if isinstance(scale, np.ndarray) else scale).to(like.device, dtype)


def _inexact(x: torch.Tensor) -> torch.Tensor:
    if x.is_floating_point() or x.is_complex():
        return x.to(torch.float32) if x.dtype in (torch.float16, torch.bfloat16) else x
    return x.to(torch.get_default_dtype())


def _complex_of(dtype: torch.dtype) -> torch.dtype:
    return torch.complex128 if dtype in (torch.float64, torch.complex128) else torch.complex64


# --- Real arrays ---


def _operator(y: torch.Tensor, plan: Plan, parts: tuple[torch.Tensor, ...]) -> torch.Tensor:
    for axis, kind, route in plan.steps:
        y = forward(y, axis, kind, route)
    y = y * parts[0] if plan.half < 0 else _scale_half_spectrum(y, plan, *parts)
    for axis, kind, route in plan.steps[::-1]:
        y = backward(y, axis, kind, route)
    return y


def _symmetric(x: torch.Tensor, plan: Plan, parts: tuple[torch.Tensor, ...]) -> torch.Tensor:
    """The operator as its own transpose, for derivatives of any order."""

    def plain(y: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return (_operator(y, plan, parts),)

    rule = custom_vjp(lambda y: (plain(y), ()), lambda _, cotangents: rule(*cotangents), plain)
    return rule(x)[0]


def _scale_complex(x: torch.Tensor, scale: Any, axes: tuple[int, ...], kinds: tuple[str, ...]) -> torch.Tensor:
    cosines = [(a, k) for a, k in zip(axes, kinds) if k != FFT]
    fourier = tuple(a for a, k in zip(axes, kinds) if k == FFT)
    trig_axes, trig_kinds = tuple(a for a, _ in cosines), tuple(k for _, k in cosines)
    y = _trig(x, trig_axes, trig_kinds, False)
    y = ifft(fft(y, fourier) * scale, fourier) if fourier else y * scale
    return _trig(y, trig_axes, trig_kinds, True)


def _trig(x: torch.Tensor, axes: tuple[int, ...], kinds: tuple[str, ...], inverse: bool) -> torch.Tensor:
    if x.is_complex():
        return torch.complex(_trig(x.real, axes, kinds, inverse), _trig(x.imag, axes, kinds, inverse))
    if x.numel() == 0:
        return x
    for axis, kind in sorted(zip(axes, kinds)):
        n = x.shape[axis]
        if inverse:
            x, kind = x / normalisation(kind, n), inverse_kind(kind)
        route = route_of(kind, n, len(axes))
        x = sort_spectrum(forward(x, axis, kind, route), axis, kind, route)
    return x


# --- Several axes: cosine and sine transforms of type 2 and Fourier transforms in one real FFT ---


def _scale_half_spectrum(x: torch.Tensor, plan: Plan, scale_real: Any, scale_imag: Any = None) -> torch.Tensor:
    """Makhoul (1980) in several dimensions, without ever sorting the spectrum.

    Rotated by w = exp(−iπ k / 2n), the half spectrum of the shuffled signal holds the cosine transform: its real part
    at k, minus its imaginary part at n − k. Along further axes both parts are transformed together: w V[k] + w* V[−k].
    """
    axes = [a for a in (*plan.fourier, *(a for a, _ in plan.cosines)) if a != plan.half] + [plan.half]
    sizes = [x.shape[a] for a in axes]
    for axis, sine in plan.cosines:
        x = shuffle(x, axis, sine)
    spectrum = torch.view_as_real(torch.fft.rfftn(x, dim=axes))
    real, imag = spectrum[..., 0], spectrum[..., 1]
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
    elif scale_real.is_complex():
        real, imag = rotate(real, imag, scale_real.real, scale_real.imag)
    else:
        real, imag = real * scale_real, imag * scale_real
    for axis in mixed:
        c, s = rotations[axis]
        back_real, back_imag = negate_index(real, axis, zero_first=True), negate_index(imag, axis, zero_first=True)
        real, imag = rotate(real + back_imag, imag - back_real, c / 2, -s / 2)
    if plan.half in rotations:
        c, s = rotations[plan.half]
        real, imag = rotate(real, imag, c, -s)
    x = torch.fft.irfftn(torch.complex(real, imag), s=sizes, dim=axes)
    for axis, sine in plan.cosines:
        x = unshuffle(x, axis, sine)
    return x
