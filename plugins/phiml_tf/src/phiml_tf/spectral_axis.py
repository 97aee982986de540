"""Cosine and sine transforms of TensorFlow tensors along one axis: by matrix products or by FFT.

A `Route` is a formulation; `route_of` chooses it. `forward` leaves the spectrum in the order that `spectrum_order`
tells, because sorting costs as much as a small transform: who multiplies the spectrum sorts the factor instead, once.

Sine transforms of type 2 and 4 are cosine transforms of the signal with every second sign changed, read backwards.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import Any, Literal

import numpy as np
import tensorflow as tf
from phiml_core.backend.spectral_kinds import (
    inverse_kind,
    inverse_matrix,
    inverse_parity_blocks,
    kind_type,
    matrix,
    normalisation,
    parity_blocks,
)

from .fourier import fftn, irfftn, rfftn
from .layout import reshape
from .slices import getitem
from .tensors import EagerTensor, integers, sizes_of

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
    "rotation",
    "rotate",
]

raw = tf.raw_ops
Route = Literal["dense", "parity", "fft"]

SMALL = 32
LARGEST_DENSE = {1: 64, 2: 64, 3: 160}
LARGEST_PARITY = {1: 160, 2: 160, 3: 256}
"""Largest sizes at which matrix products are faster than FFTs, for 1, 2 and more transformed axes: in full (type 4) and
in two halves (types 2 and 3). Measured; see `phiml_tf.spectral`. The two below need an FFT of twice the length."""
LARGEST_ODD_TYPE4 = 256
LARGEST_TYPE1 = 512


def route_of(kind: str, n: int, axes: int) -> Route:
    """The fastest formulation of `kind` for size `n` where `axes` axes are transformed."""
    if n <= SMALL:
        return "dense"
    axes, number = min(axes, 3), kind_type(kind)
    if number == 4:
        return "dense" if n <= (LARGEST_ODD_TYPE4 if n % 2 else LARGEST_DENSE[axes]) else "fft"
    return "parity" if n <= (LARGEST_TYPE1 if number == 1 else LARGEST_PARITY[axes]) else "fft"


def spectrum_order(kind: str, n: int, route: Route) -> tuple[slice, ...]:
    """Slices of the standard spectrum that, concatenated, give the order in which `forward` leaves it."""
    if route == "parity" and kind_type(kind) < 3:
        return slice(0, None, 2), slice(1, None, 2)
    if route == "fft" and kind_type(kind) == 4 and n % 2 == 0:
        ends = slice(0, None, 2), slice(n - 1, None, -2)
        return ends if kind == "dct4" else ends[::-1]
    return (slice(None),)


def forward(x: Any, axis: int, kind: str, route: Route) -> Any:
    """The transform `kind` along `axis`, not normalised, in the order of `spectrum_order`; same shape."""
    n, number = x.shape[axis], kind_type(kind)
    if route == "dense":
        return _multiply(x, _constants(matrix, kind, n, x), axis)
    if number == 3:
        return 2 * n * _from_type2(x, axis, inverse_kind(kind), route)
    if route == "parity":
        return _fold(x, _constants(parity_blocks, kind, n, x), axis)
    return {1: _extend, 2: _makhoul, 4: _type4}[number](x, axis, kind[1] == "s")


def backward(y: Any, axis: int, kind: str, route: Route) -> Any:
    """The inverse of `forward`: takes the spectrum in the order of `spectrum_order`."""
    n, number = y.shape[axis], kind_type(kind)
    if route == "dense":
        return _multiply(y, _constants(inverse_matrix, kind, n, y), axis)
    if number == 3:
        return _to_type2(y, axis, inverse_kind(kind), route) / (2 * n)
    if route == "parity":
        return _unfold(y, _constants(inverse_parity_blocks, kind, n, y), axis)
    return {1: _inverse_extend, 2: _inverse_makhoul, 4: _inverse_type4}[number](y, axis, kind[1] == "s")


def sort_spectrum(y: Any, axis: int, kind: str, route: Route) -> Any:
    """From the order of `spectrum_order` to the standard order."""
    n = y.shape[axis]
    if len(spectrum_order(kind, n, route)) == 1:
        return y
    a, b = cut(y, axis, 0, (n + 1) // 2), cut(y, axis, (n + 1) // 2, n)
    if route == "parity":
        return _interleave(a, b, axis)
    if kind == "dst4":
        a, b = b, a
    return _interleave(a, _flip(b, axis), axis)


def _to_type2(x: Any, axis: int, kind: str, route: Route) -> Any:
    """Transform of type 2 in the standard order of the spectrum."""
    return sort_spectrum(forward(x, axis, kind, route), axis, kind, route)


def _from_type2(y: Any, axis: int, kind: str, route: Route) -> Any:
    if route == "parity":
        y = _concat([cut(y, axis, 0, None, 2), cut(y, axis, 1, None, 2)], axis)
    return backward(y, axis, kind, route)


def _constants(make: Any, kind: str, n: int, like: Any) -> Any:
    """Matrices of a transform as an operation on `like` takes them: kept as tensors, or to become part of a graph."""
    dtype = like.dtype.as_numpy_dtype
    return _kept(make, kind, n, dtype) if type(like) is EagerTensor else make(kind, n, dtype)


@lru_cache(maxsize=64)
def _kept(make: Any, kind: str, n: int, dtype: Any) -> Any:
    with tf.init_scope():
        found = make(kind, n, dtype)
        return tuple([tf.constant(m) for m in found]) if isinstance(found, tuple) else tf.constant(found)


def _multiply(x: Any, mat: Any, axis: int) -> Any:
    """mat · x along `axis`."""
    sizes = sizes_of(x)
    before, n, after = prod(sizes[:axis]), sizes[axis], prod(sizes[axis + 1 :])
    shape = (*sizes[:axis], mat.shape[0], *sizes[axis + 1 :])
    if after == 1:
        return reshape(raw.MatMul(a=reshape(x, (before, n)), b=mat, transpose_b=True), shape)
    if before == 1:
        return reshape(raw.MatMul(a=mat, b=reshape(x, (n, after))), shape)
    return reshape(raw.BatchMatMulV2(x=mat, y=reshape(x, (before, n, after))), shape)


def _fold(x: Any, blocks: tuple[np.ndarray, np.ndarray], axis: int) -> Any:
    n = x.shape[axis]
    a, b = cut(x, axis, 0, n // 2), _flip(cut(x, axis, (n + 1) // 2, n), axis)
    even = a + b if n % 2 == 0 else _concat([a + b, cut(x, axis, n // 2, n // 2 + 1)], axis)
    return _concat([_multiply(even, blocks[0], axis), _multiply(a - b, blocks[1], axis)], axis)


def _unfold(y: Any, blocks: tuple[np.ndarray, np.ndarray], axis: int) -> Any:
    n = y.shape[axis]
    even = _multiply(cut(y, axis, 0, (n + 1) // 2), blocks[0], axis)
    odd = _multiply(cut(y, axis, (n + 1) // 2, n), blocks[1], axis)
    middle = [] if n % 2 == 0 else [cut(even, axis, n // 2, n // 2 + 1)]
    even = cut(even, axis, 0, n // 2)
    return _concat([even + odd, *middle, _flip(even - odd, axis)], axis)


def _extend(x: Any, axis: int, sine: bool) -> Any:
    n = x.shape[axis]
    if not sine:
        longer = _concat([x, _flip(cut(x, axis, 1, n - 1), axis)], axis)
        return tf.math.real(rfftn(longer, (axis,)))
    zero = tf.zeros_like(cut(x, axis, 0, 1))
    longer = _concat([zero, x, zero, -_flip(x, axis)], axis)
    return -cut(tf.math.imag(rfftn(longer, (axis,))), axis, 1, n + 1)


def _inverse_extend(y: Any, axis: int, sine: bool) -> Any:
    return _extend(y, axis, sine) / normalisation("dst1" if sine else "dct1", y.shape[axis])


def _makhoul(x: Any, axis: int, sine: bool) -> Any:
    n, m = x.shape[axis], x.shape[axis] // 2 + 1
    spectrum = rfftn(shuffle(x, axis, sine), (axis,))
    c, s = rotation(x, axis, n, m)
    real, imag = rotate(2 * tf.math.real(spectrum), 2 * tf.math.imag(spectrum), c, s)
    y = _concat([real, -_flip(cut(imag, axis, 1, n - m + 1), axis)], axis)
    return _flip(y, axis) if sine else y


def _inverse_makhoul(y: Any, axis: int, sine: bool) -> Any:
    n, m = y.shape[axis], y.shape[axis] // 2 + 1
    y = _flip(y, axis) if sine else y
    first = cut(y, axis, 0, 1)
    imag = _concat([tf.zeros_like(first), -_flip(cut(y, axis, n - m + 1, n), axis)], axis)
    c, s = rotation(y, axis, n, m)
    real, imag = rotate(cut(y, axis, 0, m), imag, c / 2, -s / 2)
    return unshuffle(irfftn(tf.complex(real, imag), [n], (axis,)), axis, sine)


def _type4(x: Any, axis: int, sine: bool) -> Any:
    n = x.shape[axis]
    if n % 2:
        x = _flip(x, axis) if sine else x
        c, s = rotation(x, axis, n, n)
        longer = tf.complex(_concat([x * c, zero := tf.zeros_like(x)], axis), _concat([x * s, zero], axis))
        spectrum = cut(fftn(longer, (axis,)), axis, 0, n)
        c, s = rotation(x, axis, n, n, 0.5)
        y = 2 * (tf.math.real(spectrum) * c - tf.math.imag(spectrum) * s)
        return y * _along(np.where(np.arange(n) % 2, -1, 1), x, axis) if sine else y
    a, b = cut(x, axis, 0, None, 2), _flip(cut(x, axis, 1, None, 2), axis)
    real, imag = _half_type4(a, -b if sine else b, axis, n, 1)
    return _concat([2 * real, -2 * imag], axis)


def _inverse_type4(y: Any, axis: int, sine: bool) -> Any:
    n = y.shape[axis]
    if n % 2:
        return _type4(y, axis, sine) / (2 * n)
    real, imag = _half_type4(cut(y, axis, 0, n // 2), -cut(y, axis, n // 2, n), axis, n, -1)
    return _interleave(real / 2, _flip(-imag if sine else imag, axis) / 2, axis)


def _half_type4(real: Any, imag: Any, axis: int, n: int, sign: int) -> tuple[Any, Any]:
    """Complex transform of half the length between two rotations by π (m + 1/8) / n."""
    c, s = rotation(real, axis, n // 2, n // 2, 0.125)
    real, imag = rotate(real, imag, c, sign * s)
    y = fftn(tf.complex(real, imag), (axis,), inverse=sign < 0)
    return rotate(tf.math.real(y), tf.math.imag(y), c, sign * s)


def cut(x: Any, axis: int, start: int, stop: int | None, step: int = 1) -> Any:
    """Items `start` to `stop` (exclusive; None: the end) along `axis`."""
    return getitem(x, (*[slice(None)] * axis, slice(start, stop, step)))


def _flip(x: Any, axis: int) -> Any:
    return raw.ReverseV2(tensor=x, axis=integers(x, (axis,)))


def _concat(parts: list[Any], axis: int) -> Any:
    return raw.ConcatV2(values=parts, axis=integers(parts[0], axis))


def _interleave(a: Any, b: Any, axis: int) -> Any:
    n = a.shape[axis] + b.shape[axis]
    if b.shape[axis] < a.shape[axis]:
        b = _concat([b, tf.zeros_like(cut(a, axis, 0, 1))], axis)
    sizes = sizes_of(a)
    pairs = reshape(raw.Pack(values=[a, b], axis=axis + 1), (*sizes[:axis], 2 * sizes[axis], *sizes[axis + 1 :]))
    return pairs if pairs.shape[axis] == n else cut(pairs, axis, 0, n)


def shuffle(x: Any, axis: int, negate: bool) -> Any:
    """Values 0, 2, 4, … and then …, 5, 3, 1 (Makhoul 1980); with these negated, a sine transform read backwards."""
    odd = _flip(cut(x, axis, 1, None, 2), axis) if x.shape[axis] > 1 else cut(x, axis, 0, 0)
    return _concat([cut(x, axis, 0, None, 2), -odd if negate else odd], axis)


def unshuffle(v: Any, axis: int, negate: bool) -> Any:
    """The inverse of `shuffle`."""
    h = (v.shape[axis] + 1) // 2
    odd = _flip(cut(v, axis, h, None), axis)
    return _interleave(cut(v, axis, 0, h), -odd if negate else odd, axis)


def negate_index(x: Any, axis: int, zero_first: bool = False) -> Any:
    """Values 0, n − 1, n − 2, … 1; with `zero_first` the first of them is 0."""
    first = cut(x, axis, 0, 1)
    rest = _flip(cut(x, axis, 1, None), axis)
    return _concat([tf.zeros_like(first) if zero_first else first, rest], axis)


def rotation(like: Any, axis: int, n: int, count: int, offset: float = 0) -> tuple[np.ndarray, np.ndarray]:
    """cos and −sin of π (k + offset) / 2n, k < count, along `axis`."""
    angle = np.pi / (2 * n) * (np.arange(count) + offset)
    return _along(np.cos(angle), like, axis), _along(-np.sin(angle), like, axis)


def _along(values: np.ndarray, like: Any, axis: int) -> np.ndarray:
    return values.astype(like.dtype.as_numpy_dtype).reshape([-1 if a == axis else 1 for a in range(len(like.shape))])


def rotate(real: Any, imag: Any, c: Any, s: Any) -> tuple[Any, Any]:
    """Real and imaginary part of (real + i imag) (c + i s)."""
    return real * c - imag * s, imag * c + real * s
