"""Cosine and sine transforms of type 2 and Fourier transforms along several axes as one real FFT of JAX arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from phiml_jax.spectral_axis import negate_index, rotate, rotation, shuffle, unshuffle

__all__ = ["scale_half_spectrum"]


def scale_half_spectrum(
    x: jax.Array,
    cosines: Sequence[tuple[int, bool]],
    fourier: Sequence[int],
    half: int,
    scale_real: Any,
    scale_imag: Any = None,
) -> jax.Array:
    """Makhoul (1980) in several dimensions, without ever sorting the spectrum.

    Rotated by w = exp(−iπ k / 2n), the half spectrum of the shuffled signal holds the cosine transform: its real part
    at k, minus its imaginary part at n − k. Along further axes both parts are transformed together: w V[k] + w* V[−k].

    Args:
        x: real.
        cosines: axes of type 2; True: sine.
        fourier: axes of Fourier transforms.
        half: the axis along which only half of the spectrum is computed.
        scale_real, scale_imag: factors of real and imaginary part in the order of the half spectrum; without the second, the first
            is that of both.
    """
    axes = [a for a in (*fourier, *(a for a, _ in cosines)) if a != half] + [half]
    sizes = [x.shape[a] for a in axes]
    for axis, sine in cosines:
        x = shuffle(x, axis, sine)
    spectrum = jnp.fft.rfftn(x, axes=axes)
    real, imag = spectrum.real, spectrum.imag
    rotations = {a: rotation(x, a, x.shape[a], real.shape[a]) for a, _ in cosines}
    if half in rotations:
        real, imag = rotate(real, imag, *rotations[half])
    mixed = {a: r for a, r in rotations.items() if a != half}
    for axis, (c, s) in mixed.items():
        back_real, back_imag = negate_index(real, axis), negate_index(imag, axis)
        real, imag = ((real + back_real) * c - (imag - back_imag) * s, (imag + back_imag) * c + (real - back_real) * s)
    if scale_imag is not None:
        real, imag = real * scale_real, imag * scale_imag
    elif jnp.iscomplexobj(scale_real):
        real, imag = rotate(real, imag, scale_real.real, scale_real.imag)
    else:
        real, imag = real * scale_real, imag * scale_real
    # what is mixed again are the very numbers from above: those of k and n − k rounded apart would not be errors of one mode
    for axis, (c, s) in mixed.items():
        first = lax.broadcasted_iota(np.int32, real.shape, axis) == 0
        back_real, back_imag = (jnp.where(first, 0, negate_index(v, axis)) for v in (real, imag))
        real, imag = rotate(real + back_imag, imag - back_real, c / 2, -s / 2)
    if half in rotations:
        c, s = rotations[half]
        real, imag = rotate(real, imag, c, -s)
    x = jnp.fft.irfftn(lax.complex(real, imag), s=sizes, axes=axes)
    for axis, sine in cosines[::-1]:
        x = unshuffle(x, axis, sine)
    return x
