"""JAX: every formulation against NumPy's answer, compiled, differentiated, vectorised, in both precisions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from phiml_core.backend.numpy import spectral as reference
from phiml_core.backend.spectral_kinds import FFT, TRIG_KINDS, matrix, second_difference
from phiml_jax import spectral, spectral_axis
from phiml_jax.spectral import fft, ifft, spectral_scale, trig

EPS = {np.float32: 1e-5, np.float64: 1e-12}
BOTH = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@pytest.fixture
def by_fft(monkeypatch):
    """Sizes at which FFTs take over are large; this makes small arrays take that way, too."""
    for name in ("LARGEST_ODD_TYPE4", "LARGEST_TYPE1"):
        monkeypatch.setattr(spectral_axis, name, 0)
    for name in ("SMALL", "LARGEST_DENSE", "LARGEST_PARITY"):
        monkeypatch.setattr(spectral_axis, name, {1: 0, 2: 0, 3: 0})
    yield from fresh_caches()


@pytest.fixture
def by_parity(monkeypatch):
    monkeypatch.setattr(spectral_axis, "SMALL", {1: 0, 2: 0, 3: 0})
    yield from fresh_caches()


def fresh_caches():
    clear_caches()
    yield
    clear_caches()


def clear_caches():
    spectral._plan.cache_clear()
    for function in (spectral._scale_real, spectral._scale_complex, spectral._trig):
        function.clear_cache()


def scale_for(shape, axes, kinds, seed=1, batch=False):
    scale = np.random.default_rng(seed).uniform(0.5, 1, [n if a in axes or batch else 1 for a, n in enumerate(shape)])
    mirrored = scale
    for a, k in zip(axes, kinds):
        if k == FFT:
            mirrored = np.take(mirrored, -np.arange(shape[a]), a)
    return (scale + mirrored) / 2


def same(actual, expected, dtype):
    assert actual.shape == expected.shape
    assert np.abs(np.asarray(actual) - expected).max(initial=0) <= EPS[dtype] * max(1, np.abs(expected).max(initial=0))


def check_trig(shape, dtype):
    x = np.random.default_rng(0).standard_normal(shape)
    cases = [
        (tuple(a for a, n in enumerate(shape) if n > 1 or kind != "dct1"), kind, inverse)
        for kind in TRIG_KINDS
        for inverse in (False, True)
    ]
    with jax.enable_x64(dtype == np.float64):  # one program, as compiling is what takes the time
        together = jax.jit(lambda v: [trig(v, axes, (kind,) * len(axes), inverse) for axes, kind, inverse in cases])
        results = together(jnp.asarray(x, dtype))
    for y, (axes, kind, inverse) in zip(results, cases):
        assert y.dtype == dtype
        same(y, reference.trig(x, axes, (kind,) * len(axes), inverse), dtype)


SHAPES = [(2,), (4, 1, 9), (3, 6, 2)]


@BOTH
@pytest.mark.parametrize("shape", [(1,), (40, 33), (200,), (75, 4, 64), (3, 4, 5, 6)])
def test_trig(shape, dtype):
    check_trig(shape, dtype)


@pytest.mark.parametrize("shape", SHAPES)
def test_trig_by_fft(shape, by_fft):
    check_trig(shape, np.float64)


@pytest.mark.parametrize("shape", SHAPES)
def test_trig_by_parity(shape, by_parity):
    check_trig(shape, np.float64)


CASES = [
    ((9,), (0,), ("dst4",)),
    ((8,), (0,), (FFT,)),
    ((6, 8), (0, 1), ("dct2", FFT)),
    ((6, 9), (1, 0), (FFT, "dst2")),
    ((7, 9), (0, 1), (FFT, FFT)),
    ((10, 8), (0, 1), ("dct2", "dct2")),
    ((9, 7), (0, 1), ("dst2", "dct2")),
    ((6, 8), (0, 1), ("dct2", "dst2")),
    ((6, 8), (0, 1), ("dct4", "dst4")),
    ((2, 8, 2, 9), (1, 3), ("dct1", "dst3")),
    ((8, 3, 9), (0, 2), (FFT, "dct3")),
    ((6, 5, 4), (0, 1, 2), (FFT, "dst2", FFT)),
    ((6, 5, 4), (0, 1, 2), ("dst2", "dct2", "dct4")),
    ((5, 4, 3, 6, 2), (4, 3, 2, 1, 0), (FFT, "dct2", "dst2", FFT, "dct4")),
    ((7, 1, 9), (0, 1, 2), ("dst2", FFT, "dct2")),
    ((5, 4, 3), (), ()),
    ((0, 8, 9), (1, 2), ("dct2", FFT)),
    ((6, 0), (0,), ("dst2",)),
    ((4, 5, 6, 3), (0, 1, 2, 3), (FFT,) * 4),
    ((1, 2), (0, 1), ("dct2", "dst2")),
]


def check_scale(shape, axes, kinds, dtype):
    rng = np.random.default_rng(0)
    x = rng.standard_normal(shape)
    scale, full = scale_for(shape, axes, kinds), scale_for(shape, axes, kinds, batch=True)
    expected = reference.spectral_scale(x, axes, kinds, scale)
    with jax.enable_x64(dtype == np.float64):
        native = jnp.asarray(x, dtype)

        @jax.jit
        def together(v, s, f):
            apply = lambda v, s: spectral_scale(v, axes, kinds, s)
            return apply(v, scale), apply(v, s), apply(v, f), apply(v + 1j * v[::-1], scale)

        constant, traced, per_batch, of_complex = together(native, scale.astype(dtype), full.astype(dtype))
    assert constant.dtype == traced.dtype == dtype
    same(constant, expected, dtype)
    same(traced, expected, dtype)
    same(per_batch, reference.spectral_scale(x, axes, kinds, full), dtype)
    same(of_complex, reference.spectral_scale(x + 1j * x[::-1], axes, kinds, scale), dtype)


@BOTH
@pytest.mark.parametrize(
    "shape, axes, kinds",
    [
        ((64, 100), (0, 1), ("dct2", "dst4")),
        ((180, 200), (0, 1), ("dct2", "dst2")),
        ((34, 3, 65), (0, 2), ("dst2", "dct2")),
        ((33, 40, 80), (0, 1, 2), ("dct2",) * 3),
        ((5, 4, 3, 6, 2), (4, 3, 2, 1, 0), (FFT, "dct2", "dst2", FFT, "dct4")),
    ],
)
def test_spectral_scale(shape, axes, kinds, dtype):
    check_scale(shape, axes, kinds, dtype)


@pytest.mark.parametrize("shape, axes, kinds", CASES)
def test_spectral_scale_by_fft(shape, axes, kinds, by_fft):
    check_scale(shape, axes, kinds, np.float64)


@pytest.mark.parametrize("shape, axes, kinds", CASES[1::3])
def test_spectral_scale_by_parity(shape, axes, kinds, by_parity):
    check_scale(shape, axes, kinds, np.float64)


def test_eager_calls_take_numpy_and_jax_scales():
    x, scale = np.random.default_rng(0).standard_normal((6, 40)).astype(np.float32), np.linspace(0, 1, 40)[None]
    expected = reference.spectral_scale(x, (1,), ("dct2",), scale)
    for s in (scale, scale.astype(np.float32), jnp.asarray(scale)):
        same(spectral_scale(jnp.asarray(x), (1,), ("dct2",), s), expected, np.float32)


def check_derivatives(kinds, shape=(6, 5)):
    rng = np.random.default_rng(0)
    axes = tuple(range(len(shape)))
    x, direction, batch = rng.standard_normal(shape), rng.standard_normal(shape), rng.standard_normal((2, *shape))
    constant, change = scale_for(shape, axes, kinds), scale_for(shape, axes, kinds, seed=2)
    step = 1e-5

    @jax.jit
    def together(x, scale, direction, batch):
        results = []
        for s in (constant, scale):
            operator = lambda v, s=s: spectral_scale(v, axes, kinds, s)
            slope = jax.grad(lambda v, operator=operator: (operator(jnp.sin(v)) ** 3).sum())
            results.append(
                (
                    operator(x),
                    jax.jacrev(operator)(x),
                    jax.jvp(operator, (x,), (direction,))[1],
                    (slope(x + step * direction) - slope(x - step * direction)) / (2 * step),
                    jax.grad(lambda v, slope=slope: (slope(v) * direction).sum())(x),
                    jax.jvp(slope, (x,), (direction,))[1],
                    jax.vmap(operator)(batch),
                    jax.vmap(slope)(batch),
                    slope(batch[1]),
                )
            )
        weighted = lambda s: (spectral_scale(x, axes, kinds, s) * direction).sum()
        return results, weighted(scale + change) - weighted(scale), jax.grad(weighted)(scale)

    with jax.enable_x64(True):
        results, difference, gradient = jax.tree.map(np.asarray, together(x, constant, direction, batch))
    expected = [reference.spectral_scale(b, axes, kinds, constant) for b in batch]
    np.testing.assert_allclose((gradient * change).sum(), difference, atol=1e-10)  # the operator is linear in the scale
    for value, jacobian, tangent, slope, reverse, forward, mapped, mapped_slope, one_slope in results:
        jacobian = np.reshape(jacobian, (x.size, x.size))
        np.testing.assert_allclose(jacobian @ x.ravel(), np.ravel(value), atol=1e-12)
        np.testing.assert_allclose(jacobian @ direction.ravel(), np.ravel(tangent), atol=1e-12)
        np.testing.assert_allclose(reverse, slope, atol=1e-6 * abs(slope).max())
        np.testing.assert_allclose(forward, slope, atol=1e-6 * abs(slope).max())
        np.testing.assert_allclose(mapped, expected, atol=1e-12)
        np.testing.assert_allclose(mapped_slope[1], one_slope, atol=1e-11)


@pytest.mark.parametrize("kinds", [("dct1", "dst3"), ("dct2", "dct2"), (FFT, "dst4")])
def test_derivatives(kinds):
    check_derivatives(kinds)


@pytest.mark.parametrize("kinds", [("dct1", "dst3"), ("dct2", "dst2"), (FFT, "dct2"), ("dct4", "dst4")])
def test_derivatives_by_fft(kinds, by_fft):
    check_derivatives(kinds)


def test_derivatives_by_parity(by_parity):
    check_derivatives(("dct2", "dst2"))


@pytest.mark.parametrize("kind", TRIG_KINDS)
def test_derivative_of_trig_is_its_matrix(kind):
    with jax.enable_x64(True):
        x = jnp.arange(6.0)
        np.testing.assert_allclose(jax.jacrev(lambda v: trig(v, (0,), (kind,), False))(x), matrix(kind, 6), atol=1e-12)


def test_float32_gradient_at_a_size_of_the_fft_route():
    x = np.random.default_rng(0).standard_normal((192, 200)).astype(np.float32)
    scale = scale_for(x.shape, (0, 1), ("dct2", "dst2"))
    gradient = jax.grad(lambda v: (spectral_scale(v, (0, 1), ("dct2", "dst2"), scale) * x[::-1]).sum())(x)
    same(gradient, reference.spectral_scale(x[::-1].astype(float), (0, 1), ("dct2", "dst2"), scale), np.float32)


def test_solves_by_fft_leave_the_residual_of_scipy():
    """In float32; errors that are not errors of one mode would leave ten times more."""
    kinds, eigenvalues = (
        ("dct2", "dct2"),
        sum(np.meshgrid(*[second_difference("dct2", n) for n in (256, 250)], indexing="ij")),
    )
    inverse = np.divide(1, eigenvalues, where=eigenvalues != 0, out=np.zeros_like(eigenvalues)).astype(np.float32)
    y = np.random.default_rng(0).standard_normal(inverse.shape).astype(np.float32)
    y -= y.mean()
    left = [
        np.linalg.norm(y - reference.spectral_scale(x, (0, 1), kinds, eigenvalues))
        for x in (
            np.asarray(spectral_scale(jnp.asarray(y), (0, 1), kinds, inverse), float),
            reference.spectral_scale(y, (0, 1), kinds, inverse).astype(float),
        )
    ]
    assert left[0] < 2 * left[1]


def test_complex_scale():
    x, k = np.random.default_rng(0).standard_normal((7, 9)), np.fft.fftfreq(9, 1 / 9)
    with jax.enable_x64(True):
        derivative = spectral_scale(jnp.asarray(x), (1,), (FFT,), 2j * np.pi * k[None])
        assert derivative.dtype == np.float64
        np.testing.assert_allclose(derivative, np.fft.ifft(np.fft.fft(x) * 2j * np.pi * k).real, atol=1e-12)
        y = spectral_scale(jnp.asarray(x), (1,), ("dct2",), np.full((1, 9), 2 + 1j))
        np.testing.assert_allclose(y, x * (2 + 1j), atol=1e-14)


@BOTH
def test_fft(dtype):
    x = np.random.default_rng(0).standard_normal((4, 3, 2, 5))
    with jax.enable_x64(dtype == np.float64):
        native = jnp.asarray(x, dtype)
        for axes in ((), (1,), (0, 3), (0, 1, 2, 3)):
            y = fft(native, axes)
            same(y, reference.fft(x, axes), dtype)
            same(ifft(y, axes), x.astype(complex), dtype)
    assert fft(jnp.zeros((0, 4)), (1,)).shape == (0, 4)


def test_process_wide_state_is_untouched():
    x = jnp.ones((8, 8))
    spectral_scale(x, (0, 1), ("dct2", "dct2"), np.ones((8, 8)))
    assert not jax.config.jax_enable_x64 and jnp.ones(1).dtype == jnp.float32


def test_errors_name_the_remedy():
    with pytest.raises(ValueError, match="or use dct2"):
        trig(jnp.ones((1, 4)), (0,), ("dct1",), False)
    with pytest.raises(ValueError, match="Unknown kind of transform 'fourier'"):
        spectral_scale(jnp.ones((1, 4)), (0,), ("fourier",), np.ones((1, 1)))
