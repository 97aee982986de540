"""Reshaping and transposing, which transforms need too."""

from typing import Any

import tensorflow as tf

from .tensors import integers

__all__ = ["reshape", "transpose"]


def reshape(x: Any, sizes: Any) -> Any:
    """The same values with other sizes."""
    return tf.raw_ops.Reshape(tensor=x, shape=integers(x, tuple(sizes)))


def transpose(x: Any, axes: Any) -> Any:
    """The axes in another order."""
    return tf.raw_ops.Transpose(x=x, perm=integers(x, tuple(axes)))
