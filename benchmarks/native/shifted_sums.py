"""Stencils as one writes them by hand in each library: a padded array, sums of its windows, compiled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["LIBRARIES", "Library", "face_weights", "shifted_sum"]

WINDOWS = (np.s_[:-2, 1:-1], np.s_[2:, 1:-1], np.s_[1:-1, :-2], np.s_[1:-1, 2:])


class Library:
    """What a program needs of a library.

    Attributes:
        array: from NumPy.
        wide: (array, mode) to the array with one more cell beyond each side; mode is 'constant', 'wrap' or 'symmetric'.
        compiled: from a function to one that is compiled.
        wait: for a result.
    """

    array: Callable[[np.ndarray], Any]
    wide: Callable[[Any, str], Any]
    compiled: Callable[[Any], Any]
    wait: Callable[[Any], Any]


class Jax(Library):
    def __init__(self) -> None:
        import jax
        import jax.numpy as jnp

        self.array, self.compiled, self.wait = jnp.asarray, jax.jit, jax.block_until_ready
        self.wide = lambda x, mode: jnp.pad(x, 1, mode)


class Torch(Library):
    def __init__(self) -> None:
        import torch
        from torch.nn.functional import pad

        torch.set_num_threads(1)
        modes = {"constant": "constant", "wrap": "circular", "symmetric": "replicate"}  # one cell mirrored is repeated
        self.array, self.compiled, self.wait = torch.from_numpy, torch.compile, lambda x: x
        self.wide = lambda x, mode: pad(x[None, None], (1, 1, 1, 1), modes[mode])[0, 0]


class TensorFlow(Library):
    def __init__(self) -> None:
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(1)
        self.array, self.wait = tf.constant, lambda x: x.numpy()
        self.compiled = lambda f: tf.function(f, jit_compile=True)

        def wide(x: Any, mode: str) -> Any:
            if mode != "wrap":
                return tf.pad(x, [[1, 1], [1, 1]], mode)
            for axis in (0, 1):
                last, first = tf.split(x, [x.shape[axis] - 1, 1], axis)[1], tf.split(x, [1, x.shape[axis] - 1], axis)[0]
                x = tf.concat([last, x, first], axis)
            return x

        self.wide = wide


LIBRARIES = {"jax": Jax, "torch": Torch, "tensorflow": TensorFlow}


def shifted_sum(library: Library, mode: str, center: Any, sides: Any) -> Any:
    """center · x + sides · (the sum of the four neighbours), compiled."""

    def program(x: Any) -> Any:
        wide = library.wide(x, mode)
        up, down, left, right = (wide[w] for w in WINDOWS)
        return center * x + sides * (up + down + left + right)

    return library.compiled(program)


def face_weights(library: Library, wx: Any, wy: Any) -> Any:
    """∇ · (w ∇x) with weights on inner faces, compiled."""

    def program(x: Any) -> Any:
        flux_x = library.wide(wx * (x[1:] - x[:-1]), "constant")[:, 1:-1]
        flux_y = library.wide(wy * (x[:, 1:] - x[:, :-1]), "constant")[1:-1]
        return flux_x[1:] - flux_x[:-1] + flux_y[:, 1:] - flux_y[:, :-1]

    return library.compiled(program)
