"""Random numbers: pure functions of a key, the same everywhere, with the right distribution."""

import threading

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import (
    batch,
    channel,
    fold_in,
    random_key,
    random_normal,
    random_permutation,
    random_uniform,
    seed,
    spatial,
    split,
    tensor,
    wrap,
)
from phiml_core.ops.random import ImplicitRandomness
from phiml_core.shape import ShapeError


def draws():
    key = random_key(2**40 + 17)
    return [
        random_uniform(spatial(x=5, y=3), key=key),
        random_normal(spatial(x=5, y=3), key=key),
        random_normal(spatial(x=4), dtype=complex, key=key),
        random_uniform(spatial(x=9), low=-3, high=4, dtype=int, key=key),
        random_permutation(batch(b=2) & spatial(x=7), key=key),
        random_normal(spatial(x=3), key=split(key, batch(b=2))),
        random_uniform(spatial(x=3), low=wrap([0, 10], channel("c")), high=20, key=fold_in(key, 5)),
    ]


def test_the_same_on_every_backend(place, bits):
    """Integers exactly, floats up to the rounding of logarithms and sines."""
    found = draws()
    with math.backend("numpy"):
        expected = draws()
    for a, b in zip(found, expected, strict=True):
        assert a.shape == b.shape and a.dtype is b.dtype and a.backend.name == place
        if a.dtype.kind is int:
            assert np.array_equal(a.numpy(a.shape), b.numpy(a.shape))
        else:
            math.assert_close(
                a, b, rel_tolerance={32: 1e-5, 64: 1e-13}[bits], abs_tolerance={32: 1e-6, 64: 1e-15}[bits]
            )
    assert np.array_equal(found[0].numpy("x,y"), expected[0].numpy("x,y"))  # uniform numbers are exact


def test_known_words():
    """Threefry-2x32-20 of key and counter 0: the test vector of Salmon et al. (2011)."""
    from phiml_core.backend import primitive

    numpy = tensor(0).backend if tensor(0).backend.name == "numpy" else math.wrap(0).backend
    words = primitive.random_bits(numpy, (0, 0), 2)
    assert [hex(w) for w in words] == ["0x6b200159", "0x99ba4efe"]


def test_distributions(place):
    n = 200_000
    seed(1)
    u, z = random_uniform(spatial(x=n)).numpy(), random_normal(spatial(x=n)).numpy()
    assert 0 <= u.min() and u.max() < 1
    # five standard errors of mean and variance
    assert abs(u.mean() - 0.5) < 5 * np.sqrt(1 / 12 / n) and abs(u.var() - 1 / 12) < 5 * np.sqrt(1 / 180 / n)
    assert abs(z.mean()) < 5 / np.sqrt(n) and abs(z.var() - 1) < 5 * np.sqrt(2 / n)
    assert abs((abs(z) < 1).mean() - 0.682689) < 5 * np.sqrt(0.2166 / n)
    assert abs(np.corrcoef(z[::2], z[1::2])[0, 1]) < 5 / np.sqrt(n / 2)
    whole = random_uniform(spatial(x=n), low=-2, high=3, dtype=int).numpy()
    counts = np.bincount(whole + 2, minlength=5)
    assert len(counts) == 5 and abs(counts / n - 0.2).max() < 5 * np.sqrt(0.16 / n)


def test_seed_starts_anew(place):
    seed(3)
    first = [random_normal(spatial(x=4)), random_normal(spatial(x=4))]
    seed(3)
    again = [random_normal(spatial(x=4)), random_normal(spatial(x=4))]
    assert all((a == b).all for a, b in zip(first, again, strict=True)) and not (first[0] == first[1]).all
    seed(4)
    assert not (random_normal(spatial(x=4)) == first[0]).all


def test_keys(place):
    key = random_key(0)
    a, b, c = split(key, 3)
    numbers = [random_normal(spatial(x=4), key=k) for k in (key, a, b, c, fold_in(key, 7), fold_in(key, 8))]
    assert len({tuple(n.numpy().tolist()) for n in numbers}) == 6
    assert (random_normal(spatial(x=4), key=a) == numbers[1]).all
    many = split(key, batch(b=3))
    streams = random_normal(spatial(x=4), key=many)
    assert streams.shape == batch(b=3) & spatial(x=4) and (streams.b[2] == numbers[3]).all
    paired = random_normal(batch(b=3) & spatial(x=4), key=many)  # the batch of the key is that of the shape
    assert math.all_((paired == streams).all, batch)
    assert (fold_in(key, wrap([7, 8], batch("i"))).i[1] == fold_in(key, 8)).all


def test_a_longer_draw_begins_with_the_shorter(place, bits):
    key = random_key(5)
    assert (random_uniform(spatial(x=100), key=key).x[:7] == random_uniform(spatial(x=7), key=key)).all


def test_permutations(place):
    p = random_permutation(batch(b=5) & spatial(x=50), key=random_key(0)).numpy("b,x")
    assert (np.sort(p, 1) == np.arange(50)).all() and len({tuple(r) for r in p.tolist()}) == 5
    assert random_permutation(spatial(x=1)).numpy().tolist() == [0]


def test_precision(place):
    for bits in (16, 32, 64):
        with math.precision(bits):
            assert random_normal(spatial(x=2)).dtype.bits == random_uniform(spatial(x=2)).dtype.bits == bits
    assert random_uniform(spatial(x=2), dtype="float64").dtype.name == "float64"


def test_compiled_functions_need_a_key():
    pytest.importorskip("phiml_jax")
    with math.backend("jax"):
        x = tensor([1.0, 2.0], spatial("x"))
        for function in (random_normal, random_uniform, random_permutation):
            with pytest.raises(ImplicitRandomness, match=rf"{function.__name__}\(\) without key inside a compiled"):
                math.jit_compile(lambda x, function=function: x + function(x.shape))(x)
        noisy = math.jit_compile(lambda x, key, step: x + random_normal(x.shape, key=fold_in(key, step)))
        found = [noisy(x, random_key(1), i) for i in range(3)]
        assert noisy.traces == 1 and not (found[0] == found[1]).all
        math.assert_close(found[2], x + random_normal(x.shape, key=fold_in(random_key(1), 2)), rel_tolerance=1e-5)
        grad = math.gradient(lambda x: (x * random_normal(x.shape)).sum, get_output=False)  # not compiled: drawn anew
        assert not (grad(x) == grad(x)).all


def test_threads_never_draw_the_same():
    seed(0)
    found = [[] for _ in range(4)]

    def work(mine):
        for _ in range(50):
            mine.append(random_uniform(spatial(x=2)).numpy()[0])

    threads = [threading.Thread(target=work, args=(mine,)) for mine in found]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len({v for mine in found for v in mine}) == 200


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: random_normal(spatial("x")), ShapeError, r"need dims with fixed sizes"),
        (
            lambda: random_normal(spatial(x=2), key=3),
            TypeError,
            r"two words along the dim 'key', but 3 was given.  Make one",
        ),
        (lambda: random_normal(spatial(x=2), key=wrap([1, 2])), TypeError, r"two words along the dim 'key'"),
        (lambda: random_normal(spatial(x=2), dtype=int), TypeError, r"draws floats or complex numbers, not int"),
        (lambda: random_uniform(spatial(x=2), dtype=complex), TypeError, r"draws floats or integers, not complex"),
        (lambda: random_permutation(spatial(x=2, y=2)), ShapeError, r"permutes along one dim"),
        (lambda: split(random_key(0), batch("b")), ShapeError, r"one dim with a size"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
