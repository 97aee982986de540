"""Random numbers are pure functions of keys: equal to NumPy's, eager and compiled, in any order."""

import numpy as np
import pytest

from phiml_core import math
from phiml_core.backend import backend_named, primitive
from phiml_core.math import batch, instance, spatial
from phiml_core.ops.random import ImplicitRandomness

NUMPY = backend_named("numpy")
KEYS = ((0, 0), (1, 2), (0xFFFFFFFF, 0x80000001))


def on_numpy(function):
    with math.backend(NUMPY):
        return function()


@pytest.mark.parametrize("count", [0, 1, 2, 7, 20000])
def test_bits_equal_those_of_numpy(count, place):
    for key in KEYS:
        bits = place.to_numpy(primitive.random_bits(place, key, count))
        assert bits.dtype == np.uint32
        np.testing.assert_array_equal(bits, primitive.random_bits(NUMPY, key, count))
    words = tuple(np.array(k, np.uint32) for k in zip(*KEYS))
    streams = primitive.random_bits(place, tuple(place.as_array(w) for w in words), min(count, 9))
    np.testing.assert_array_equal(place.to_numpy(streams), primitive.random_bits(NUMPY, words, min(count, 9)))


def test_known_numbers(place):
    """Of the published algorithm (Salmon et al. 2011): Threefry-2x32-20 of the counter (0, 0) with the key (0, 0)."""
    assert place.to_numpy(primitive.random_bits(place, (0, 0), 2)).tolist() == [0x6B200159, 0x99BA4EFE]


def draws(key):
    a, b, c = math.split(key, 3)
    return {
        "uniform": math.random_uniform(spatial(x=7, y=3), key=a),
        "range": math.random_uniform(spatial(x=7), low=-2, high=5, key=b),
        "int": math.random_uniform(spatial(x=50), low=-3, high=9, dtype=int, key=b),
        "permutation": math.random_permutation(instance(p=20), key=c),
        "normal": math.random_normal(spatial(x=9), key=math.fold_in(a, 5)),
        "batch": math.random_uniform(spatial(x=4), key=math.split(key, batch(k=3))),
    }


def test_numbers_equal_those_of_numpy(place, bits):
    """Uniform numbers to the last bit, since they are exact; normal ones up to the rounding of their functions."""
    found, expected = draws(math.random_key(3)), on_numpy(lambda: draws(math.random_key(3)))
    for name, t in found.items():
        e = expected[name]
        assert t.shape == e.shape and t.dtype is e.dtype and t.backend is place, name
        a, b = t.numpy(e.shape.names), e.numpy(e.shape.names)
        if name in ("normal", "range"):
            np.testing.assert_allclose(a, b, rtol=0, atol=64 * np.finfo(b.dtype).eps)
        else:
            np.testing.assert_array_equal(a, b, err_msg=name)


def test_compiled_equals_eager(place, bits):
    compiled = math.jit_compile(draws)
    key = math.random_key(11)
    for name, t in compiled(key).items():
        e = draws(key)[name]
        exact = name not in ("normal", "range")
        tolerance = 0 if exact else 64 * float(np.finfo(e.numpy(e.shape.names).dtype).eps)
        np.testing.assert_allclose(t.numpy(e.shape.names), e.numpy(e.shape.names), rtol=0, atol=tolerance, err_msg=name)
    assert any((compiled(math.random_key(12))["uniform"] != draws(key)["uniform"]).numpy("x,y").ravel())


def test_a_longer_draw_begins_with_the_shorter_one(place):
    key = math.random_key(5)
    long, short = (math.random_uniform(spatial(x=n), key=key).numpy("x") for n in (101, 7))
    np.testing.assert_array_equal(long[:7], short)


def test_without_key(place):
    def draw():
        math.seed(4)
        return [math.random_uniform(spatial(x=3)).numpy("x") for _ in range(2)]

    first, second = draw()
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal([first, second], draw())
    np.testing.assert_array_equal([first, second], on_numpy(draw))
    if place.can_jit:
        with pytest.raises(ImplicitRandomness):
            math.jit_compile(lambda x: x + math.random_uniform(x.shape))(math.zeros(spatial(x=2)))


def test_moments(place):
    """Of 20 000 numbers: mean and variance within four standard errors."""
    u = math.random_uniform(spatial(x=20000), key=math.random_key(1)).numpy("x")
    n = math.random_normal(spatial(x=20000), key=math.random_key(2)).numpy("x")
    assert abs(u.mean() - 0.5) < 4 * (1 / 12 / 20000) ** 0.5 and 0 <= u.min() and u.max() < 1
    assert abs(n.mean()) < 4 / 20000**0.5 and abs(n.var() - 1) < 4 * (2 / 20000) ** 0.5
