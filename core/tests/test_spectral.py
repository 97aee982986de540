"""Transforms along named dims, against NumPy and SciPy (their native kernels have tests of their own)."""

import numpy as np
import pytest
import scipy.fft
from phiml_core import math
from phiml_core.math import batch, channel, spatial, tensor
from phiml_core.shape import ShapeError, UnknownDim


@pytest.fixture
def array(bits, rng):
    return rng.normal(size=(2, 8, 6)).astype(f"float{bits}")


@pytest.fixture
def x(place, array):
    return tensor(array, batch("b"), spatial("x,y"))


def same(value, expected, tolerance, order="b,x,y"):
    assert np.allclose(value.numpy(order), expected, tolerance, 20 * tolerance)


def test_fourier(x, array, bits, tolerance):
    found = math.fft(x)
    assert found.shape == x.shape and found.dtype.kind is complex and found.dtype.bits == 2 * bits
    same(found, np.fft.fftn(array, axes=(1, 2)), tolerance)
    same(math.fft(x, "y"), np.fft.fft(array, axis=2), tolerance)
    same(math.ifft(found), array, tolerance)
    same(math.ifft(x, "x"), np.fft.ifft(array, axis=1), tolerance)
    same(math.fft(x, ""), array, tolerance)


@pytest.mark.parametrize("type", [1, 2, 3, 4])
def test_cosines_and_sines(x, array, tolerance, type):
    same(math.dct(x, type=type), scipy.fft.dctn(array, type, axes=(1, 2)), tolerance)
    same(math.dst(x, "y", type), scipy.fft.dst(array, type, axis=2), tolerance)
    same(math.idct(math.dct(x, "x", type), "x", type), array, tolerance)
    same(math.idst(math.dst(x, "x,y", type), "x,y", type), array, tolerance)


def test_layouts(x, tolerance):
    v = math.stack([x, 2 * x], channel(vector="x,y"))
    math.assert_close(math.fft(v).vector["y"], math.fft(2 * x), abs_tolerance=20 * tolerance)
    constant = math.expand(x.y[0], spatial(y=6))
    math.assert_close(math.dct(constant), math.dct(math.store(constant)), abs_tolerance=20 * tolerance)
    assert math.fft({"a": x})["a"].shape == x.shape
    assert math.dct(tensor([1, 2, 3], spatial("x"))).dtype.kind is float


@pytest.mark.parametrize("kinds", [{"x": "fft", "y": "fft"}, {"x": "dct2", "y": "fft"}, {"y": "dst1"}], ids=str)
def test_multiplication_in_the_spectrum(x, array, tolerance, rng, kinds):
    """The same as transform, product, inverse, for a scale that varies along some of the dims."""
    k = rng.uniform(0.5, 2, 6)
    k[1:] += k[1:][::-1].copy()  # frequencies of opposite sign have equal factors
    if "fft" not in kinds.values():
        k = rng.uniform(0.5, 2, 6)
    found = math.spectral_scale(x, kinds, tensor(k, spatial("y")))
    expected = array
    for axis, name in ((1, "x"), (2, "y")):
        kind = kinds.get(name)
        expected = expected if kind is None else _forward(expected, axis, kind)
    expected = expected * k
    for axis, name in ((1, "x"), (2, "y")):
        kind = kinds.get(name)
        expected = expected if kind is None else _backward(expected, axis, kind)
    same(found, np.real(expected), tolerance)
    assert found.dtype is x.dtype


def _forward(a, axis, kind):
    return np.fft.fft(a, axis=axis) if kind == "fft" else getattr(scipy.fft, kind[:3])(a, int(kind[3]), axis=axis)


def _backward(a, axis, kind):
    if kind == "fft":
        return np.fft.ifft(a, axis=axis)
    return getattr(scipy.fft, f"i{kind[:3]}")(a, int(kind[3]), axis=axis)


def test_scales_with_batch_dims(x, tolerance):
    scale = tensor([1.0, 2.0], channel("c"))
    found = math.spectral_scale(x, {"x": "dct2"}, scale)
    assert found.shape == x.shape & channel(c=2)
    math.assert_close(found.c[1], 2 * x, rel_tolerance=50 * tolerance, abs_tolerance=20 * tolerance)
    v = math.stack([x, 2 * x], channel(vector="x,y"))
    half = math.spectral_scale(v, {"x": "fft"}, 0.5)
    math.assert_close(half.vector["y"], x, rel_tolerance=50 * tolerance, abs_tolerance=20 * tolerance)


def test_frequencies(place, bits):
    k = math.fftfreq(spatial(x=4, y=3), math.vec(x=0.5, y=2.0))
    assert k.shape == spatial(x=4, y=3) & channel(vector="x,y") and k.dtype.bits == bits
    assert np.allclose(k.vector["x"].y[0].numpy(), np.fft.fftfreq(4, 0.5))
    assert np.allclose(k.vector["y"].x[0].numpy(), np.fft.fftfreq(3, 2))


def test_laplace_and_poisson_of_waves(place):
    """Δ sin(3x) cos(2y) = -13 sin(3x) cos(2y), exactly."""
    with math.precision(64):
        n = 16
        points = math.meshgrid(spatial(x=n, y=n)) * (2 * np.pi / n)
        u = math.sin(3 * points.vector["x"]) * math.cos(2 * points.vector["y"])
        math.assert_close(math.fourier_laplace(u, 2 * np.pi / n), -13 * u, abs_tolerance=1e-12)
        math.assert_close(math.fourier_poisson(u, 2 * np.pi / n), u / -13, abs_tolerance=1e-14)
        math.assert_close(math.fourier_laplace(u, 2 * np.pi / n, times=2), 169 * u, abs_tolerance=1e-10)


def test_gradients():
    pytest.importorskip("phiml_jax")
    with math.backend("jax"), math.precision(64):
        x = tensor(np.random.default_rng(0).normal(size=(5, 4)), spatial("x,y"))
        scale = tensor(np.random.default_rng(1).uniform(1, 2, 5), spatial("x"))

        def f(x, scale):
            y = math.spectral_scale(x, {"x": "dct2", "y": "dst1"}, scale)
            return (y**3).sum + (abs(math.fft(x)) ** 2).sum

        math.check_gradient(f, "x,scale", x, scale)


X = math.zeros(spatial(x=4, y=3))


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda: math.fft(X, "z"), UnknownDim, r"No dim 'z'"),
        (lambda: math.dct(X, "x", 5), ValueError, r"no transform 'dct5': the types .* are 1, 2, 3 and 4"),
        (lambda: math.spectral_scale(X, {"x": "wavelet"}, 1.0), ValueError, r"Unknown kind of transform 'wavelet'"),
        (lambda: math.spectral_scale(X, {"z": "fft"}, 1.0), UnknownDim, r"No dim 'z'"),
        (lambda: math.fftfreq(spatial("x")), ShapeError, r"needs dims with sizes"),
    ],
)
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()
