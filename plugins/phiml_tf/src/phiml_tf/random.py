"""Random bits for TensorFlow, equal bit for bit to those of NumPy, eager, in graphs and compiled by XLA.

TensorFlow's own stateless generator gives other normal numbers under XLA than without it.  The order of the words and
the recipes for numbers from bits stand in `phiml_core.backend.numpy.random`, whose Threefry this is.
"""

from typing import Any

import numpy as np
import tensorflow as tf
from phiml_core.backend.numpy.random import PARITY, ROTATIONS

from .tensors import EagerTensor, SymbolicTensor

__all__ = ["random_bits"]


def random_bits(place: Any, key: tuple[Any, Any], count: int) -> Any:
    """`count` random words.

    Args:
        place: not used; a backend.
        key: two words, Python ints or arrays (symbolic or not) of equal shape: one stream of bits for each element.
        count: number of words, at least 0 and at most 2³³, even or odd.

    Returns:
        uint32, shape of the key's arrays + (count,).

    Raises:
        ValueError: count out of range.
    """
    if not 0 <= count <= 2**33:
        raise ValueError(f"Cannot draw {count} random words, expected a count from 0 to 2**33. Draw with several keys.")
    k0, k1 = (tf.expand_dims(_word(k), -1) for k in key)
    blocks = (count + 1) // 2
    counter = tf.cast(tf.range(blocks, dtype=tf.int64), tf.uint32)
    x0, x1 = _threefry(k0, k1, counter)
    sizes = tuple(x0.shape[:-1])
    words = tf.reshape(tf.stack([x0, x1], -1), (*sizes, 2 * blocks))
    return words if count == 2 * blocks else words[..., :count]  # pyright: ignore[reportArgumentType]


def _threefry(k0: Any, k1: Any, counter: Any) -> tuple[Any, Any]:
    """Encrypts counters (counter, 0); sums of uint32 wrap around."""
    keys = (k0, k1, _xor(_xor(k0, k1), _constant(PARITY)))
    x0, x1 = counter + k0, tf.zeros_like(counter) + k1
    left, right = tf.bitwise.left_shift, tf.bitwise.right_shift
    for five in range(5):
        for r in ROTATIONS[five % 2]:
            x0 = x0 + x1
            x1 = _xor(tf.bitwise.bitwise_or(left(x1, _constant(r)), right(x1, _constant(32 - r))), x0)
        x0 = x0 + keys[(five + 1) % 3]
        x1 = x1 + keys[(five + 2) % 3] + _constant(five + 1)
    return x0, x1


_xor = tf.bitwise.bitwise_xor


def _constant(value: int) -> Any:
    return tf.constant(value, tf.uint32)


def _word(key: Any) -> Any:
    if isinstance(key, int):
        return _constant(key & 0xFFFFFFFF)
    return (
        tf.cast(key, tf.uint32)
        if isinstance(key, (EagerTensor, SymbolicTensor))
        else tf.constant(np.asarray(key).astype(np.uint32))
    )
