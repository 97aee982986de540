"""Random bits are those of NumPy in every mode, which TensorFlow's own normal numbers are not."""

import numpy as np
import pytest
import tensorflow as tf
from phiml_core import math
from phiml_core.backend import backend
from phiml_core.backend.numpy.random import random_bits as reference
from phiml_core.math import spatial
from phiml_tf.random import random_bits

MODES = {
    "eager": lambda f: f,
    "graph": lambda f: tf.function(f, autograph=False),
    "xla": lambda f: tf.function(f, autograph=False, jit_compile=True),
}


@pytest.mark.parametrize("mode", MODES)
def test_bits(mode):
    for key in ((0, 0), (1, 2**32 - 1), (np.uint32(7), 2**40 + 3)):
        for count in (0, 1, 5, 64):
            found = MODES[mode](lambda key=key, count=count: random_bits(None, key, count))()
            assert found.dtype == tf.uint32
            assert np.array_equal(found, reference(None, key, count))
    k0, k1 = np.arange(6, dtype=np.uint32).reshape(2, 3), np.full((2, 3), 9, np.uint32)
    found = MODES[mode](lambda a, b: random_bits(None, (a, b), 7))(tf.constant(k0), tf.constant(k1))
    assert np.array_equal(found, reference(None, (k0, k1), 7))
    with pytest.raises(ValueError, match="Cannot draw -1 random words"):
        random_bits(None, (0, 0), -1)


@pytest.mark.parametrize("bits", [32, 64])
def test_the_same_numbers_eager_and_compiled(bits):
    """tf.random.stateless_normal gives other numbers under XLA than without it, and says nothing."""

    def draw(key):
        return math.random_normal(spatial(x=100), key=key), math.random_uniform(spatial(x=100), key=key)

    with math.precision(bits):
        key = math.random_key(3)
        eager, compiled = draw(key), math.jit_compile(draw)(key)
        with backend("numpy"):
            expected = draw(key)
    for e, c, n in zip(eager, compiled, expected, strict=True):
        eps = np.finfo(f"float{bits}").eps
        np.testing.assert_allclose(e.numpy(), n.numpy(), rtol=0, atol=16 * eps)
        np.testing.assert_allclose(c.numpy(), n.numpy(), rtol=0, atol=16 * eps)
    assert np.array_equal(eager[1].numpy(), compiled[1].numpy())  # exact arithmetic
