"""Random bits for JAX, equal bit for bit to those of NumPy.

The order of the words and the recipes for numbers from bits stand in `phiml_core.backend.numpy.random`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.random import threefry_2x32

__all__ = ["random_bits"]


def random_bits(place: Any, key: tuple[Any, Any], count: int) -> jax.Array:
    """`count` random words.

    Args:
        place: not used; a backend.
        key: two words, Python ints or arrays (traced or not) of equal shape: one stream of bits for each element.
        count: number of words, at least 0 and at most 2³³, even or odd.

    Returns:
        uint32, shape of the key's arrays + (count,).

    Raises:
        ValueError: count out of range.
    """
    if not 0 <= count <= 2**33:
        raise ValueError(f"Cannot draw {count} random words, expected a count from 0 to 2**33. Draw with several keys.")
    return _streams(_word(key[0]), _word(key[1]), count)


@partial(jax.jit, static_argnames="count", inline=True)
def _streams(k0: jax.Array, k1: jax.Array, count: int) -> jax.Array:
    keys = jnp.stack(jnp.broadcast_arrays(k0, k1), -1)
    blocks = (count + 1) // 2
    counter = jnp.arange(blocks, dtype=jnp.uint32)
    counter = jnp.concatenate([counter, jnp.zeros_like(counter)])

    def stream(pair: jax.Array) -> jax.Array:
        return threefry_2x32(pair, counter).reshape(2, blocks).T.reshape(-1)[:count]

    streams = jax.vmap(stream)(keys.reshape(-1, 2)) if keys.ndim > 1 else stream(keys)
    return streams.reshape(*keys.shape[:-1], count)


def _word(key: Any) -> Any:
    return np.uint32(key & 0xFFFFFFFF) if isinstance(key, int) else key.astype(np.uint32)
