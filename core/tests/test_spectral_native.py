"""NumPy: transforms against SciPy and dense matrices; the matrices against their definitions."""

import numpy as np
import pytest
import scipy.fft
from phiml_core.backend import spectral_kinds as kinds_
from phiml_core.backend.numpy.random import random_bits
from phiml_core.backend.numpy.spectral import fft, ifft, spectral_scale, trig
from phiml_core.backend.spectral_kinds import FFT, SYMMETRIC_KINDS, TRIG_KINDS

EPS = {np.float32: 1e-5, np.float64: 1e-13}


def reference(x, axes, kinds, scale):
    """T⁻¹ (scale · T x) in float64, axis by axis, by matrices."""
    y = x.astype(complex)
    sizes = [x.shape[a] for a in axes]
    matrices = [scipy.fft.fft(np.eye(n)) if k == FFT else kinds_.matrix(k, n) for n, k in zip(sizes, kinds)]
    for a, m in zip(axes, matrices):
        y = np.moveaxis(np.tensordot(m, y, (1, a)), 0, a)
    y = y * scale
    for a, m in zip(axes, matrices):
        y = np.moveaxis(np.tensordot(np.linalg.inv(m), y, (1, a)), 0, a)
    return y if np.iscomplexobj(x) else y.real


def symmetric_scale(shape, axes, kinds, rng, batch=False):
    scale = rng.uniform(0.5, 1, [n if a in axes or batch else 1 for a, n in enumerate(shape)])
    mirrored = scale
    for a, k in zip(axes, kinds):
        if k == FFT:
            mirrored = np.take(mirrored, -np.arange(shape[a]), a)
    return (scale + mirrored) / 2


def same(actual, expected, dtype):
    assert actual.shape == expected.shape
    assert np.abs(actual - expected).max(initial=0) <= EPS[dtype] * max(1, np.abs(expected).max(initial=0))


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 32, 65, 130])
@pytest.mark.parametrize("kind", TRIG_KINDS)
def test_matrices_are_scipys_transforms(kind, n):
    if kind == "dct1" and n == 1:
        with pytest.raises(ValueError, match="dct1 along axis 0 needs at least 2"):
            trig(np.ones(1), (0,), (kind,), False)
        return
    transform = getattr(scipy.fft, kind[:3])
    np.testing.assert_allclose(kinds_.matrix(kind, n), transform(np.eye(n), int(kind[3]), axis=0), atol=1e-13 * n)
    ortho = kinds_.orthonormal(kind, n)
    np.testing.assert_allclose(ortho, transform(np.eye(n), int(kind[3]), axis=0, norm="ortho"), atol=1e-13)
    np.testing.assert_allclose(ortho @ ortho.T, np.eye(n), atol=1e-13)
    np.testing.assert_allclose(kinds_.inverse_matrix(kind, n) @ kinds_.matrix(kind, n), np.eye(n), atol=1e-13)
    assert not kinds_.matrix(kind, n).flags.writeable


@pytest.mark.parametrize("n", [2, 3, 8, 9])
@pytest.mark.parametrize("kind", ["dct1", "dct2", "dst1", "dst2"])
def test_parity_blocks(kind, n):
    x = np.random.default_rng(0).standard_normal(n)
    h, full = n // 2, kinds_.matrix(kind, n) @ x
    even, odd = kinds_.parity_blocks(kind, n)
    a, b = x[:h], x[::-1][:h]
    np.testing.assert_allclose(even @ np.concatenate([a + b, x[h : n - h]]), full[0::2], atol=1e-12)
    np.testing.assert_allclose(odd @ (a - b), full[1::2], atol=1e-12)
    even, odd = kinds_.inverse_parity_blocks(kind, n)
    e, o = even @ full[0::2], odd @ full[1::2]
    np.testing.assert_allclose(np.concatenate([e[:h] + o, e[h:], (e[:h] - o)[::-1]]), x, atol=1e-12)


def ghosts(kind, x):
    """The two values beyond the ends that the boundary of `kind` implies."""
    return {
        "dct1": (x[1], x[-2]),
        "dct2": (x[0], x[-1]),
        "dct3": (x[1], 0),
        "dct4": (x[0], -x[-1]),
        FFT: (x[-1], x[0]),
        "dst1": (0, 0),
        "dst2": (-x[0], -x[-1]),
        "dst3": (0, x[-2]),
        "dst4": (-x[0], x[-1]),
    }[kind]


@pytest.mark.parametrize("kind", (FFT, *TRIG_KINDS))
@pytest.mark.parametrize("n", [5, 8])
def test_symbol_diagonalises_the_second_difference(kind, n):
    x = np.random.default_rng(1).standard_normal(n)
    left, right = ghosts(kind, x)
    padded = np.concatenate([[left], x, [right]])
    expected = padded[:-2] - 2 * x + padded[2:]
    actual = spectral_scale(x, (0,), (kind,), kinds_.second_difference(kind, n))
    np.testing.assert_allclose(actual, expected, atol=1e-13)


def test_laplace_symbol_is_the_sum_over_axes():
    symbol = kinds_.laplace_symbol(("dct2", FFT), (4, 6), (0.5, 2.0))
    expected = kinds_.second_difference("dct2", 4)[:, None] / 0.25 + kinds_.second_difference(FFT, 6) / 4
    np.testing.assert_allclose(symbol, expected)


SHAPES = [
    (5,),
    (256,),
    (1000,),
    (16, 16),
    (7, 33),
    (64, 64),
    (61, 67),
    (100, 130),
    (8, 1, 9),
    (12, 32, 32),
    (64, 32, 48),
    (4, 5, 6, 7),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("inverse", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_trig_on_all_axes(shape, inverse, dtype):
    x = np.random.default_rng(0).standard_normal(shape).astype(dtype)
    axes = tuple(range(len(shape)))
    for kinds in [("dct2",) * 4, ("dst2", "dct4", "dst4", "dst3"), ("dct3", "dst1", "dct3", "dct2")]:
        y = trig(x, axes, kinds[: len(axes)], inverse)
        expected = x.astype(float)
        for a, k in zip(axes, kinds):
            expected = getattr(scipy.fft, "i" * inverse + k[:3])(expected, int(k[3]), axis=a)
        assert y.dtype == dtype
        same(y, expected, dtype)


CASES = [
    ((9,), (0,), ("dst4",)),
    ((40,), (0,), (FFT,)),
    ((6, 8), (0, 1), ("dct2", FFT)),
    ((6, 9), (1, 0), (FFT, "dst2")),
    ((7, 9), (0, 1), (FFT, FFT)),
    ((64, 64), (0, 1), ("dct2", "dct2")),
    ((100, 66), (0, 1), ("dct4", "dst4")),
    ((3, 8, 2, 9), (1, 3), ("dct1", "dst3")),
    ((8, 3, 9), (0, 2), (FFT, "dct3")),
    ((6, 5, 4), (0, 1, 2), (FFT, "dst1", FFT)),
    ((5, 4, 3, 6, 2), (4, 3, 2, 1, 0), (FFT, "dct2", "dst2", FFT, "dct4")),
    ((70, 1, 90), (0, 1, 2), ("dst2", FFT, "dct2")),
    ((5, 4, 3), (), ()),
    ((0, 8, 9), (1, 2), ("dct2", FFT)),
    ((6, 0), (0,), ("dst2",)),
    ((40, 30, 50), (0, 1, 2), ("dct2",) * 3),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch", [False, True])
@pytest.mark.parametrize("shape, axes, kinds", CASES)
def test_spectral_scale(shape, axes, kinds, batch, dtype):
    rng = np.random.default_rng(0)
    x = rng.standard_normal(shape).astype(dtype)
    kept = x.copy()
    scale = symmetric_scale(shape, axes, kinds, rng, batch)
    y = spectral_scale(x, axes, kinds, scale.astype(dtype))
    assert y.dtype == dtype
    same(y, reference(x, axes, kinds, scale), dtype)
    z = spectral_scale(x + 1j * x[::-1], axes, kinds, scale)
    same(z, reference(x + 1j * x[::-1], axes, kinds, scale), dtype)
    assert np.array_equal(x, kept)


@pytest.mark.parametrize("kind", (FFT, *TRIG_KINDS))
def test_which_operators_are_symmetric(kind):
    scale = symmetric_scale((6,), (0,), (kind,), np.random.default_rng(0))
    matrix = spectral_scale(np.eye(6), (0,), (kind,), scale[:, None])
    assert np.allclose(matrix, matrix.T) == (kind in SYMMETRIC_KINDS)


def test_complex_scale():
    x, k = np.random.default_rng(0).standard_normal((7, 9)), np.fft.fftfreq(9, 1 / 9)
    derivative = spectral_scale(x, (1,), (FFT,), 2j * np.pi * k[None])
    assert derivative.dtype == np.float64
    np.testing.assert_allclose(derivative, np.fft.ifft(np.fft.fft(x) * 2j * np.pi * k).real, atol=1e-12)
    y = spectral_scale(x, (1,), ("dct2",), np.full((1, 9), 2 + 1j))
    np.testing.assert_allclose(y, x * (2 + 1j), atol=1e-14)


def test_fft_keeps_precision():
    x = np.random.default_rng(0).standard_normal((4, 5, 6)).astype(np.float32)
    assert fft(x, (0, 2)).dtype == np.complex64 and fft(x, ()).dtype == np.complex64
    np.testing.assert_allclose(fft(x, (0, 2)), np.fft.fftn(x.astype(float), axes=(0, 2)), atol=1e-5)
    np.testing.assert_allclose(ifft(fft(x.astype(float), (1,)), (1,)), x, atol=1e-14)
    assert fft(np.zeros((0, 4)), (1,)).shape == (0, 4)


@pytest.mark.parametrize(
    "axes, kinds, message",
    [
        ((0,), ("dct5",), "Unknown kind of transform 'dct5'"),
        ((0,), (FFT,), "Unknown kind of transform 'fft'"),
        ((0, 1), ("dct2",), "one kind per axis"),
        ((-1,), ("dct2",), "Count negative axes"),
        ((1, 1), ("dct2", "dct2"), "distinct"),
    ],
)
def test_errors_name_the_remedy(axes, kinds, message):
    with pytest.raises(ValueError, match=message):
        trig(np.ones((4, 4)), axes, kinds, False)


def test_threefry_known_answers():
    """Salmon et al. 2011, Random123 known-answer tests: zeros, ones, digits of π."""
    from phiml_core.backend.numpy.random import threefry

    for k0, k1, c0, c1, e0, e1 in [
        (0, 0, 0, 0, 0x6B200159, 0x99BA4EFE),
        (0xFFFFFFFF,) * 4 + (0x1CB996FC, 0xBB002BE7),
        (0x13198A2E, 0x03707344, 0x243F6A88, 0x85A308D3, 0xC4923A9C, 0x483DF7A0),
    ]:
        x0, x1 = threefry(*(np.array([v], np.uint32) for v in (k0, k1, c0, c1)))
        assert (x0[0], x1[0]) == (e0, e1)


def test_random_bits_prefix_and_keys():
    bits = random_bits(None, (3, 2**32 - 1), 40001)
    assert bits.dtype == np.uint32 and bits.shape == (40001,)
    assert np.array_equal(random_bits(None, (3, -1), 7), bits[:7])
    streams = random_bits(None, (np.array([3, 4], np.uint32), np.uint32([2**32 - 1, 0])), 8)
    assert np.array_equal(streams[0], bits[:8]) and not np.array_equal(streams[1], bits[:8])
    assert random_bits(None, (0, 0), 0).shape == (0,)
    assert abs((bits >> 8).mean() / 2**24 - 0.5) < 5 / np.sqrt(12 * 40001)  # five standard deviations
    with pytest.raises(ValueError, match="count of 0 or more"):
        random_bits(None, (0, 0), -1)
