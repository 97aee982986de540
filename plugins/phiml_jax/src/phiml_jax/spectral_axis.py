"""Cosine and sine transforms of JAX arrays along one axis: by matrix products or by FFT.

A `Route` is a formulation; `route_of` chooses it. `forward` leaves the spectrum in the order that `spectrum_order`
tells, because sorting costs as much as a small transform: who multiplies the spectrum sorts the factor instead, once.

Sine transforms of type 2 and 4 are cosine transforms of the signal with every second sign changed, read backwards.
"""

from __future__ import annotations

from math import prod
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from phiml_core.backend.spectral_kinds import (
    inverse_kind,
    inverse_matrix,
    inverse_parity_blocks,
    kind_type,
    matrix,
    normalisation,
    parity_blocks,
)

__all__ = [
    "Route",
    "route_of",
    "spectrum_order",
    "forward",
    "backward",
    "sort_spectrum",
    "cut",
    "shuffle",
    "unshuffle",
    "negate_index",
    "pick",
    "rotation",
    "rotate",
]

Route = Literal["dense", "parity", "fft"]

SMALL = {1: 64, 2: 64, 3: 32}
LARGEST_DENSE = {1: 64, 2: 64, 3: 160}
LARGEST_PARITY = {1: 160, 2: 160, 3: 256}
LARGEST_JOINT = 120
"""Largest sizes, for 1, 2 and more transformed axes, at which one full matrix per axis is the fastest way, or level and
fewer kernels; at which matrix products are faster than FFTs: in full (type 4), in two halves (types 2 and 3), in two halves where both of
two axes are of type 2. Measured; see `phiml_jax.spectral`. The two below need an FFT of twice the length."""
LARGEST_ODD_TYPE4 = 256
LARGEST_TYPE1 = 512

LARGEST_CONSTANT = 2**16  # numbers of a matrix that is repeated while compiling, not in each call
LARGEST_BATCHED = 64
"""Largest size at which an axis in the middle is multiplied in a batch, without a transposed result."""


def route_of(kind: str, n: int, axes: int, joint: int = 0) -> Route:
    """The fastest formulation of `kind` for size `n` where `axes` axes are transformed, `joint` of them by type 2 in one solve."""
    axes, number = min(axes, 3), kind_type(kind)
    if n <= SMALL[axes]:
        return "dense"
    if number == 4:
        return "dense" if n <= (LARGEST_ODD_TYPE4 if n % 2 else LARGEST_DENSE[axes]) else "fft"
    largest = LARGEST_TYPE1 if number == 1 else LARGEST_PARITY[axes]
    return "parity" if n <= (min(largest, LARGEST_JOINT) if axes == joint == 2 else largest) else "fft"


def spectrum_order(kind: str, n: int, route: Route) -> tuple[slice, ...]:
    """Slices of the standard spectrum that, concatenated, give the order in which `forward` leaves it."""
    if route == "parity" and kind_type(kind) < 3:
        return slice(0, None, 2), slice(1, None, 2)
    if route == "fft" and kind_type(kind) == 4 and n % 2 == 0:
        ends = slice(0, None, 2), slice(n - 1, None, -2)
        return ends if kind == "dct4" else ends[::-1]
    return (slice(None),)


def forward(x: jax.Array, axis: int, kind: str, route: Route) -> jax.Array:
    """The transform `kind` along `axis`, not normalised, in the order of `spectrum_order`; same shape."""
    n, number = x.shape[axis], kind_type(kind)
    if route == "dense":
        return _multiply(x, matrix(kind, n, x.dtype), axis)
    if number == 3:
        return 2 * n * _from_type2(x, axis, inverse_kind(kind), route)
    if route == "parity":
        return _fold(x, parity_blocks(kind, n, x.dtype), axis)
    return {1: _extend, 2: _makhoul, 4: _type4}[number](x, axis, kind[1] == "s")


def backward(y: jax.Array, axis: int, kind: str, route: Route) -> jax.Array:
    """The inverse of `forward`: takes the spectrum in the order of `spectrum_order`."""
    n, number = y.shape[axis], kind_type(kind)
    if route == "dense":
        return _multiply(y, inverse_matrix(kind, n, y.dtype), axis)
    if number == 3:
        return _to_type2(y, axis, inverse_kind(kind), route) / (2 * n)
    if route == "parity":
        return _unfold(y, inverse_parity_blocks(kind, n, y.dtype), axis)
    return {1: _inverse_extend, 2: _inverse_makhoul, 4: _inverse_type4}[number](y, axis, kind[1] == "s")


def sort_spectrum(y: jax.Array, axis: int, kind: str, route: Route) -> jax.Array:
    """From the order of `spectrum_order` to the standard order."""
    n = y.shape[axis]
    if len(spectrum_order(kind, n, route)) == 1:
        return y
    a, b = cut(y, axis, 0, (n + 1) // 2), cut(y, axis, (n + 1) // 2, n)
    if route == "parity":
        return _interleave(a, b, axis)
    if kind == "dst4":
        a, b = b, a
    return _interleave(a, jnp.flip(b, axis), axis)


def _to_type2(x: jax.Array, axis: int, kind: str, route: Route) -> jax.Array:
    """Transform of type 2 in the standard order of the spectrum."""
    return sort_spectrum(forward(x, axis, kind, route), axis, kind, route)


def _from_type2(y: jax.Array, axis: int, kind: str, route: Route) -> jax.Array:
    if route == "parity":
        y = jnp.concatenate([cut(y, axis, 0, None, 2), cut(y, axis, 1, None, 2)], axis)
    return backward(y, axis, kind, route)


def _multiply(x: jax.Array, mat: np.ndarray, axis: int) -> jax.Array:
    """mat · x along `axis`.  Full float32 precision, also where the hardware would round factors (TF32, bfloat16)."""
    before, n, after = prod(x.shape[:axis]), x.shape[axis], prod(x.shape[axis + 1 :])
    m = mat.shape[0]
    shape = (*x.shape[:axis], m, *x.shape[axis + 1 :])
    exact = lax.Precision.HIGHEST
    if after == 1:
        return jnp.matmul(x.reshape(before, n), mat.T, precision=exact).reshape(shape)
    if before == 1:
        return jnp.matmul(mat, x.reshape(n, after), precision=exact).reshape(shape)
    x = x.reshape(before, n, after)
    if n <= LARGEST_BATCHED and 2 * after >= n:
        repeated = np.broadcast_to(mat, (before, m, n))
        batched = repeated.copy() if repeated.size <= LARGEST_CONSTANT else jnp.broadcast_to(mat, repeated.shape)
        return lax.dot_general(batched, x, (((2,), (1,)), ((0,), (0,))), precision=exact).reshape(shape)
    return jnp.einsum("kn,bna->bka", mat, x, precision=exact).reshape(shape)


def _fold(x: jax.Array, blocks: tuple[np.ndarray, np.ndarray], axis: int) -> jax.Array:
    n = x.shape[axis]
    a, b = cut(x, axis, 0, n // 2), jnp.flip(cut(x, axis, (n + 1) // 2, n), axis)
    even = a + b if n % 2 == 0 else jnp.concatenate([a + b, cut(x, axis, n // 2, n // 2 + 1)], axis)
    return jnp.concatenate([_multiply(even, blocks[0], axis), _multiply(a - b, blocks[1], axis)], axis)


def _unfold(y: jax.Array, blocks: tuple[np.ndarray, np.ndarray], axis: int) -> jax.Array:
    n = y.shape[axis]
    even = _multiply(cut(y, axis, 0, (n + 1) // 2), blocks[0], axis)
    odd = _multiply(cut(y, axis, (n + 1) // 2, n), blocks[1], axis)
    middle = [] if n % 2 == 0 else [cut(even, axis, n // 2, n // 2 + 1)]
    even = cut(even, axis, 0, n // 2)
    return jnp.concatenate([even + odd, *middle, jnp.flip(even - odd, axis)], axis)


def _extend(x: jax.Array, axis: int, sine: bool) -> jax.Array:
    n = x.shape[axis]
    if not sine:
        longer = jnp.concatenate([x, jnp.flip(cut(x, axis, 1, n - 1), axis)], axis)
        return jnp.fft.rfft(longer, axis=axis).real
    zero = jnp.zeros_like(cut(x, axis, 0, 1))
    longer = jnp.concatenate([zero, x, zero, -jnp.flip(x, axis)], axis)
    return -cut(jnp.fft.rfft(longer, axis=axis).imag, axis, 1, n + 1)


def _inverse_extend(y: jax.Array, axis: int, sine: bool) -> jax.Array:
    return _extend(y, axis, sine) / normalisation("dst1" if sine else "dct1", y.shape[axis])


def _makhoul(x: jax.Array, axis: int, sine: bool) -> jax.Array:
    n, m = x.shape[axis], x.shape[axis] // 2 + 1
    spectrum = jnp.fft.rfft(shuffle(x, axis, sine), axis=axis)
    c, s = rotation(x, axis, n, m)
    real, imag = rotate(2 * spectrum.real, 2 * spectrum.imag, c, s)
    y = jnp.concatenate([real, -jnp.flip(cut(imag, axis, 1, n - m + 1), axis)], axis)
    return jnp.flip(y, axis) if sine else y


def _inverse_makhoul(y: jax.Array, axis: int, sine: bool) -> jax.Array:
    n, m = y.shape[axis], y.shape[axis] // 2 + 1
    y = jnp.flip(y, axis) if sine else y
    first = cut(y, axis, 0, 1)
    imag = jnp.concatenate([jnp.zeros_like(first), -jnp.flip(cut(y, axis, n - m + 1, n), axis)], axis)
    c, s = rotation(y, axis, n, m)
    real, imag = rotate(cut(y, axis, 0, m), imag, c / 2, -s / 2)
    return unshuffle(jnp.fft.irfft(lax.complex(real, imag), n, axis=axis), axis, sine)


def _type4(x: jax.Array, axis: int, sine: bool) -> jax.Array:
    n = x.shape[axis]
    if n % 2:
        x = jnp.flip(x, axis) if sine else x
        c, s = rotation(x, axis, n, n)
        spectrum = cut(jnp.fft.fft(lax.complex(x * c, x * s), 2 * n, axis=axis), axis, 0, n)
        c, s = rotation(x, axis, n, n, 0.5)
        y = 2 * (spectrum.real * c - spectrum.imag * s)
        return y * _along(np.where(np.arange(n) % 2, -1, 1), x, axis) if sine else y
    a, b = cut(x, axis, 0, None, 2), jnp.flip(cut(x, axis, 1, None, 2), axis)
    real, imag = _half_type4(a, -b if sine else b, axis, n, 1)
    return jnp.concatenate([2 * real, -2 * imag], axis)


def _inverse_type4(y: jax.Array, axis: int, sine: bool) -> jax.Array:
    n = y.shape[axis]
    if n % 2:
        return _type4(y, axis, sine) / (2 * n)
    real, imag = _half_type4(cut(y, axis, 0, n // 2), -cut(y, axis, n // 2, n), axis, n, -1)
    return _interleave(real / 2, jnp.flip(-imag if sine else imag, axis) / 2, axis)


def _half_type4(real: jax.Array, imag: jax.Array, axis: int, n: int, sign: int) -> tuple[jax.Array, jax.Array]:
    """Complex transform of half the length between two rotations by π (m + 1/8) / n."""
    c, s = rotation(real, axis, n // 2, n // 2, 0.125)
    real, imag = rotate(real, imag, c, sign * s)
    y = (jnp.fft.fft if sign > 0 else jnp.fft.ifft)(lax.complex(real, imag), axis=axis)
    return rotate(y.real, y.imag, c, sign * s)


def cut(x: jax.Array, axis: int, start: int, stop: int | None, step: int = 1) -> jax.Array:
    """Items `start` to `stop` (exclusive; None: the end) along `axis`."""
    return lax.slice_in_dim(x, start, stop, step, axis)


def _interleave(a: jax.Array, b: jax.Array, axis: int) -> jax.Array:
    n = a.shape[axis] + b.shape[axis]
    if b.shape[axis] < a.shape[axis]:
        b = jnp.concatenate([b, jnp.zeros_like(cut(a, axis, 0, 1))], axis)
    pairs = jnp.stack([a, b], axis + 1).reshape(*a.shape[:axis], 2 * a.shape[axis], *a.shape[axis + 1 :])
    return pairs if pairs.shape[axis] == n else cut(pairs, axis, 0, n)


def shuffle(x: jax.Array, axis: int, negate: bool) -> jax.Array:
    """Values 0, 2, 4, … and then …, 5, 3, 1 (Makhoul 1980); with these negated, a sine transform read backwards."""
    odd = jnp.flip(cut(x, axis, 1, None, 2), axis) if x.shape[axis] > 1 else cut(x, axis, 0, 0)
    return jnp.concatenate([cut(x, axis, 0, None, 2), -odd if negate else odd], axis)


def unshuffle(v: jax.Array, axis: int, negate: bool) -> jax.Array:
    """The inverse of `shuffle`."""
    n, h = v.shape[axis], (v.shape[axis] + 1) // 2
    if _outermost(v, axis):
        if negate:
            v = v * _along(np.where(np.arange(n) < h, 1, -1), v, axis)
        return pick(v, axis, np.argsort(np.r_[0:n:2, n - 1 - n % 2 : 0 : -2]))
    odd = jnp.flip(cut(v, axis, h, None), axis)
    return _interleave(cut(v, axis, 0, h), -odd if negate else odd, axis)


def negate_index(x: jax.Array, axis: int) -> jax.Array:
    """Values 0, n − 1, n − 2, … 1."""
    n = x.shape[axis]
    if _outermost(x, axis):
        return pick(x, axis, -np.arange(n) % n)
    return jnp.concatenate([cut(x, axis, 0, 1), jnp.flip(cut(x, axis, 1, None), axis)], axis)


def _outermost(x: jax.Array, axis: int) -> bool:
    """Whether values at one position along an axis lie together, so that they can be picked as a whole."""
    return prod(x.shape[:axis]) == 1 and prod(x.shape[axis + 1 :]) > 1


def pick(x: jax.Array, axis: int, index: np.ndarray) -> jax.Array:
    """x at positions along an axis, each at most once.  Along the outermost axis several times faster than cuts that are joined, on
    CPUs; along others a compiler makes a transposed array of it."""
    return x.at[(slice(None),) * axis + (index,)].get(mode="promise_in_bounds", unique_indices=True)


def rotation(like: jax.Array, axis: int, n: int, count: int, offset: float = 0) -> tuple[np.ndarray, np.ndarray]:
    """cos and −sin of π (k + offset) / 2n, k < count, along `axis`."""
    angle = np.pi / (2 * n) * (np.arange(count) + offset)
    return _along(np.cos(angle), like, axis), _along(-np.sin(angle), like, axis)


def _along(values: np.ndarray, like: jax.Array, axis: int) -> np.ndarray:
    return values.astype(like.dtype).reshape([-1 if a == axis else 1 for a in range(like.ndim)])


def rotate(real: Any, imag: Any, c: Any, s: Any) -> tuple[Any, Any]:
    """Real and imaginary part of (real + i imag) (c + i s)."""
    return real * c - imag * s, imag * c + real * s
