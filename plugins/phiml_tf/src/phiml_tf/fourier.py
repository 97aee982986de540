"""Fourier transforms of TensorFlow tensors along any axes: TensorFlow itself has them along the last axes only."""

from typing import Any

import tensorflow as tf

from .internals import is_recorded
from .layout import transpose
from .tensors import sizes_of

__all__ = ["complex_type", "fftn", "irfftn", "rfftn"]

raw = tf.raw_ops


def complex_type(dtype: Any) -> Any:
    """The complex type of the same precision."""
    return tf.complex128 if dtype in (tf.float64, tf.complex128) else tf.complex64


def _last(x: Any, axes: tuple[int, ...]) -> tuple[Any, Any]:
    """The axes moved to the end, and what moves them back."""
    rank = len(sizes_of(x))
    order = tuple([a for a in range(rank) if a not in axes]) + tuple(axes)
    if order == tuple(range(rank)):
        return x, lambda y: y
    back = tuple(order.index(a) for a in range(rank))
    return transpose(x, order), lambda y: transpose(y, back)


def fftn(x: Any, axes: tuple[int, ...], inverse: bool = False) -> Any:
    """Complex transform along axes; the inverse is normalised."""
    names = ("IFFT", "IFFT2D", "IFFT3D") if inverse else ("FFT", "FFT2D", "FFT3D")
    while axes:
        some, axes = tuple(axes[-3:]), tuple(axes[:-3])
        y, back = _last(x, some)
        x = back(getattr(raw, names[len(some) - 1])(input=y))
    return x


def rfftn(x: Any, axes: tuple[int, ...]) -> Any:
    """Transform of a real tensor along axes; along the last of them only half of the spectrum."""
    count = 3 if len(axes) == 3 and not is_recorded([x]) else 2  # TensorFlow does not differentiate RFFT3D
    some, rest = tuple(axes[-count:]), tuple(axes[:-count])
    y, back = _last(x, some)
    sizes = tf.constant([sizes_of(x)[a] for a in some], tf.int32)
    operation = (raw.RFFT, raw.RFFT2D, raw.RFFT3D)[len(some) - 1]
    return fftn(back(operation(input=y, fft_length=sizes, Tcomplex=complex_type(x.dtype))), rest)


def irfftn(x: Any, sizes: list[int], axes: tuple[int, ...]) -> Any:
    """The inverse of `rfftn`; `sizes` are those of the result along the axes."""
    count = 3 if len(axes) == 3 and not is_recorded([x]) else 2
    some, rest = tuple(axes[-count:]), tuple(axes[:-count])
    y, back = _last(fftn(x, rest, inverse=True), some)
    operation = (raw.IRFFT, raw.IRFFT2D, raw.IRFFT3D)[len(some) - 1]
    length = tf.constant(sizes[-len(some) :], tf.int32)
    return back(operation(input=y, fft_length=length, Treal=tf.float64 if x.dtype == tf.complex128 else tf.float32))
