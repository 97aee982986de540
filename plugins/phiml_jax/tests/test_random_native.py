"""JAX: the same random bits as NumPy, eager, compiled, vectorised."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from phiml_core.backend.numpy.random import random_bits as reference
from phiml_jax.random import random_bits


@pytest.mark.parametrize("count", [0, 1, 2, 7, 1000, 40001])
@pytest.mark.parametrize("key", [(0, 0), (3, 2**32 - 1), (-1, 5)])
def test_equal_to_numpy_bit_for_bit(key, count):
    expected = reference(None, key, count)
    bits = random_bits(None, key, count)
    assert bits.dtype == np.uint32 and np.array_equal(bits, expected)
    with jax.enable_x64(True):
        assert np.array_equal(random_bits(None, key, count), expected)
    words = [np.uint32(k & 0xFFFFFFFF) for k in key]
    assert np.array_equal(jax.jit(lambda a, b: random_bits(None, (a, b), count))(*words), expected)


def test_streams_of_several_keys():
    k0, k1 = np.arange(6, dtype=np.uint32).reshape(2, 3), np.full((2, 3), 9, np.uint32)
    expected = reference(None, (k0, k1), 5)
    assert expected.shape == (2, 3, 5)
    assert np.array_equal(random_bits(None, (jnp.asarray(k0), jnp.asarray(k1)), 5), expected)
    mapped = jax.vmap(jax.vmap(lambda a, b: random_bits(None, (a, b), 5)))(k0, k1)
    assert np.array_equal(mapped, expected)


def test_count_out_of_range():
    with pytest.raises(ValueError, match="from 0 to"):
        random_bits(None, (0, 0), -1)
