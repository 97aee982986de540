"""Transforms agree with those of NumPy, eager and compiled, in both precisions; their derivatives with their matrices."""

import itertools

import numpy as np
import pytest
import tensorflow as tf
from phiml_core.backend.numpy import spectral as reference
from phiml_core.backend.spectral_kinds import FFT, TRIG_KINDS, matrix
from phiml_tf import spectral

RNG = np.random.default_rng(0)
SIZES = {"short": (5, 4), "parity": (66, 37), "fft": (170, 200), "volume": (6, 5, 7), "odd fft": (3, 261)}
EPS = {np.float32: 3e-6, np.float64: 1e-13}


def same(found, expected, dtype):
    found = np.asarray(found)
    assert found.dtype == np.asarray(expected).astype(np.result_type(found.dtype)).dtype
    scale = np.abs(expected).max() or 1
    np.testing.assert_allclose(found, expected, rtol=0, atol=EPS[dtype] * scale * 4)


def cases(sizes):
    axes = tuple(range(len(sizes)))
    for kind in TRIG_KINDS:
        yield axes[-1:], (kind,)
    yield axes, ("dct2",) * len(axes)
    yield axes, tuple(itertools.islice(itertools.cycle(("dst2", "dct4", "dct2")), len(axes)))
    yield axes[:1], ("dst3",)


@pytest.mark.parametrize("dtype", EPS)
@pytest.mark.parametrize("name", SIZES)
def test_transforms(name, dtype):
    sizes = SIZES[name]
    x = RNG.normal(size=sizes).astype(dtype)
    for (axes, kinds), inverse in itertools.product(cases(sizes), (False, True)):
        expected = reference.trig(x.astype(np.float64), axes, kinds, inverse)
        found = spectral.trig(tf.constant(x), axes, kinds, inverse)
        assert found.dtype == dtype
        same(found, expected, dtype)
    z = (x + 1j * x[::-1]).astype(np.complex64 if dtype is np.float32 else np.complex128)
    axes = tuple(range(len(sizes)))
    for values, some in ((z, axes), (x, axes[:1]), (x, axes[-1:]), (x, ())):
        found = spectral.fft(tf.constant(values), some)
        assert found.dtype.real_dtype == dtype
        same(found, np.fft.fftn(values, axes=some) if some else values, dtype)
        same(spectral.ifft(found, some), values, dtype)


def scales(sizes):
    """Kinds and factors; the periodic ones are even in the frequency, as real results need."""
    axes = tuple(range(len(sizes)))
    even = [
        np.cos(2 * np.pi * np.arange(n) / n).reshape([-1 if a == b else 1 for b in axes]) for a, n in zip(axes, sizes)
    ]
    yield axes, (FFT,) * len(axes), sum(even) + 3
    yield axes[-1:], ("dct2",), RNG.uniform(0.5, 2, sizes)
    yield axes, ("dct2",) * len(axes), RNG.uniform(0.5, 2, sizes)
    yield axes, ("dst2",) * (len(axes) - 1) + ("dct4",), RNG.uniform(0.5, 2, sizes)
    yield axes, (FFT,) + ("dct2",) * (len(axes) - 1), even[0] + RNG.uniform(0.5, 2, (1, *sizes[1:]))
    yield axes, ("dct1",) * len(axes), RNG.uniform(0.5, 2, sizes)


@pytest.mark.parametrize("dtype", EPS)
@pytest.mark.parametrize("name", SIZES)
def test_multiplication_in_the_spectrum(name, dtype):
    sizes = SIZES[name]
    x = RNG.normal(size=sizes).astype(dtype)
    for axes, kinds, scale in scales(sizes):
        expected = reference.spectral_scale(x.astype(np.float64), axes, kinds, scale)
        for s in (scale, tf.constant(scale)):
            found = spectral.spectral_scale(tf.constant(x), axes, kinds, s)
            assert found.dtype == dtype
            same(found, expected, dtype)


def test_compiled():
    x = {n: RNG.normal(size=s).astype(np.float32) for n, s in SIZES.items() if n != "fft"}

    @tf.function(jit_compile=True, autograph=False)
    def everything(x):
        return [
            [spectral.spectral_scale(v, a, k, s) for a, k, s in jobs[n]] + [spectral.trig(v, a, k, False) for a, k in cases(v.shape)]
            for n, v in x.items()
        ]  # fmt: skip

    jobs = {n: list(scales(v.shape)) for n, v in x.items()}
    for (n, v), found in zip(x.items(), everything({n: tf.constant(v) for n, v in x.items()}), strict=True):
        wide = v.astype(np.float64)
        expected = [reference.spectral_scale(wide, *job) for job in jobs[n]]
        expected += [reference.trig(wide, a, k, False) for a, k in cases(v.shape)]
        for f, e in zip(found, expected, strict=True):
            same(f, e, np.float32)


@pytest.mark.parametrize("kind", TRIG_KINDS)
@pytest.mark.parametrize("n", [6, 70, 261])
def test_derivative_of_a_transform_is_its_transpose(kind, n):
    x, g = RNG.normal(size=(2, n))
    with tf.GradientTape() as tape:
        tape.watch(v := tf.constant(x))
        y = tf.reduce_sum(spectral.trig(v, (0,), (kind,), False) * g)
    np.testing.assert_allclose(tape.gradient(y, v), matrix(kind, n).T @ g, atol=1e-11 * n)


@pytest.mark.parametrize("name", ["short", "volume"])
@pytest.mark.parametrize("compiled", [False, True])
def test_derivatives_of_multiplication(name, compiled):
    """⟨A v, w⟩ = ⟨v, Aᵀ w⟩ for symmetric and other kinds, and the derivative of that along a direction."""
    sizes = SIZES[name]
    x, w = RNG.normal(size=(2, *sizes))
    jobs = [(a, k, s) for a, k, s in scales(sizes) if not (len(sizes) == 3 and "dct1" in k)]

    def derivatives(v, w):
        found = []
        for axes, kinds, scale in jobs:
            with tf.GradientTape() as outer:
                outer.watch(v)
                with tf.GradientTape() as inner:
                    inner.watch(v)
                    y = tf.reduce_sum(spectral.spectral_scale(v, axes, kinds, scale) ** 2 * w)
                first = inner.gradient(y, v)
                along = tf.reduce_sum(first * w)
            found.append((first, outer.gradient(along, v)))
        return found

    run = tf.function(derivatives, jit_compile=True, autograph=False) if compiled else derivatives
    for (axes, kinds, scale), (first, second) in zip(jobs, run(tf.constant(x), tf.constant(w)), strict=True):
        unit = np.eye(x.size).reshape(x.size, *sizes)
        full = np.stack([reference.spectral_scale(e, axes, kinds, scale).ravel() for e in unit], 1)
        ax = full @ x.ravel()
        np.testing.assert_allclose(np.ravel(first), full.T @ (2 * ax * w.ravel()), atol=1e-9)
        hessian = full.T @ (2 * w.ravel()[:, None] * full)
        np.testing.assert_allclose(np.ravel(second), hessian @ w.ravel(), atol=1e-9)


def test_empty_arrays_and_errors():
    assert spectral.trig(tf.zeros((0, 4)), (1,), ("dct2",), False).shape == (0, 4)
    assert spectral.spectral_scale(tf.zeros((0, 4)), (1,), ("dct2",), np.ones((1, 4))).shape == (0, 4)
    with pytest.raises(ValueError, match="dct1 along axis 0 needs at least 2 values"):
        spectral.trig(tf.ones((1, 4)), (0,), ("dct1",), False)
    with pytest.raises(ValueError, match="Unknown kind of transform 'fourier'"):
        spectral.spectral_scale(tf.ones((1, 4)), (0,), ("fourier",), np.ones((1, 1)))
