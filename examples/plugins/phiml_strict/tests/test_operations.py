"""Every operation of core gives on arrays of array_api_strict what it gives on NumPy, and stays there."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.backend import MixedBackends, NoGradient, backend_named
from phiml_core.math import batch, channel, instance, spatial, wrap
from phiml_core.tree import tree_leaves

RANDOM = np.random.default_rng(1)
S = wrap(RANDOM.uniform(0.1, 0.9, (4, 5)), spatial("x,y"))
T = wrap(RANDOM.uniform(0.1, 0.9, (5, 4, 2)), spatial("y,x"), channel(vector="x,y"))
B = wrap(RANDOM.uniform(-1, 1, (3, 4)), batch("b"), spatial("x"))
N = wrap(RANDOM.integers(-3, 4, (4, 5)), spatial("x,y"))
M = wrap(S.numpy("x,y") > 0.5, spatial("x,y"))
Z = wrap(RANDOM.uniform(-1, 1, (4, 5)) + 1j, spatial("x,y"))
CONSTANT = wrap([1.0, 2.0], channel(vector="x,y"))  # stays a NumPy constant, which joins any backend

OPERATIONS = {}


def operation(function):
    OPERATIONS[function.__name__] = function
    return function


@operation
def arithmetic(s, t, b, n, m, z):
    return [s + t, s - b, 2 * t, t / s, s // 0.2, s % 0.3, -s, abs(b), s**2, s**b, 2**b, n**2]


@operation
def integers(s, t, b, n, m, z):
    return [n + 1, n * n, n // 2, n % 3, n / 2, n & 1, n | 4, n ^ 1, ~n, abs(n) << 2, n >> 1, n + s]


@operation
def masks(s, t, b, n, m, z):
    return [m & ~m, m | (s < 0.2), m ^ True, m + m, m * s, m == (n > 0), math.cast(m, float), -m, m << 1]


@operation
def comparisons(s, t, b, n, m, z):
    return [s < t, s <= 0.5, s > b, n >= 0, n == 1, s != t, 0.5 < s]


@operation
def functions(s, t, b, n, m, z):
    names = (
        "sqrt exp log log1p log2 log10 sin cos tan arcsin arccos arctan sinh cosh tanh sigmoid erf floor ceil round_"
    )
    others = "sign is_finite is_nan is_inf real imag conjugate"
    return [getattr(math, name)(s) for name in f"{names} {others}".split()]


@operation
def complex_numbers(s, t, b, n, m, z):
    return [
        *(z * z, abs(z), z + s, z == z, math.real(z), math.imag(z), math.conjugate(z)),
        *(math.exp(z), math.sqrt(z), math.sum_(z)),
    ]


@operation
def two_operands(s, t, b, n, m, z):
    return [
        *(math.maximum(s, 0.5), math.minimum(s, t), math.maximum(n, 0), math.arctan(s, divide_by=t)),
        *(math.divide_no_nan(s, n), math.clip(s, 0.2, 0.4), math.clip(s, s * 0, 0.4), math.clip(n, 0, 1)),
    ]


@operation
def where(s, t, b, n, m, z):
    choices = [(s, 0.0), (0, n), (s, t), (1.0, 0.0), (n, s), (1, b), (True, False)]
    return [math.where(m, x, y) for x, y in choices]


@operation
def casts(s, t, b, n, m, z):
    kinds = [(n, float), (s, int), (n, bool), (s, complex), (z, bool)]
    return [*(math.cast(v, kind) for v, kind in kinds), math.to_int32(s), math.to_int64(n), math.to_float(n)]


@operation
def reductions(s, t, b, n, m, z):
    over = [math.sum_, math.mean, math.max_, math.min_, math.prod]
    return [
        *(f(v, dims) for f in over for v in (s, t, n) for dims in ("x", "x,y", spatial)),
        *(math.any_(m), math.all_(m, "x"), math.sum_(m), s.sum, t.mean, b.max, math.std(t), math.variance(s, "y")),
        *(math.sum_(math.expand(s, channel(c=3))), math.mean(s, weight=t), math.l2_loss(t), math.l1_loss([s, b])),
    ]


@operation
def along_one_dim(s, t, b, n, m, z):
    return [
        *(math.argmax(s, "x"), math.argmin(t, "y"), math.sort(t, "x")),
        *(math.cumulative_sum(s, "y"), math.cumulative_sum(n, "x")),
    ]


@operation
def slices(s, t, b, n, m, z):
    return [
        *(s.x[1], s.x[-1], s.x[1:3], s.y[::-2], s.x[1:99], s.x[3:1], s.x[[2, 0]], s[{"x": 0, "y": slice(2)}]),
        *(t.vector["x"], t.vector["y,x"], t["x"], s.y[:-1] - s.y[1:]),
    ]


@operation
def positions(s, t, b, n, m, z):
    points = wrap([[0, 1], [3, 4], [0, 1]], instance("p"), channel(vector="x,y"))
    mask = wrap([True, False, True, True], spatial("x"))
    updates = math.expand(wrap(1.0), points.shape.instance)
    return [
        *(math.gather(s, points), math.gather(t, points), math.gather(s, wrap([2, -1], instance("p")), "x")),
        *(math.boolean_mask(t, "x", mask), s.x[mask], s.x[wrap([1, 1], instance("p"))]),
        *(math.scatter(s, points, updates, mode) for mode in ("add", "update", "max", "min", "mean")),
    ]


@operation
def joining(s, t, b, n, m, z):
    return [
        *(math.stack([s, 2 * s], channel("c")), math.stack([s, n], batch("k")) * 2),
        *(math.stack([s.x[0], 1.0], channel("c"), expand_values=True), math.stack([s, s.x[0]], batch("k")).sum),
        *(math.stack([s.x[:2], s.x[:3]], batch("k")) + 1, *math.unstack(t, "vector")),
        *(math.concat([s, t.vector[0]], "x"), math.concat([s.x[:1], s, s.x[:2]], "x")),
    ]


@operation
def structure(s, t, b, n, m, z):
    return [
        *(math.rename_dims(s, "x", batch("q")), math.expand(s, batch(k=2)) * t, math.flip(s, "x")),
        *(math.roll(s, {"x": 1, "y": -2}), math.store(math.expand(s, channel(k=2)))),
        *(math.pack_dims(t, "x,y", instance("p")), math.unpack_dim(s, "x", spatial(u=2, v=2))),
        math.pack_dims(math.stack([s, s + 1], channel("c")), "x,c", instance("p")),
    ]


@operation
def padding(s, t, b, n, m, z):
    all_widths = [{"x": (1, 2)}, {"x": (0, 1), "y": (2, -1)}, 1]
    modes = [0, 1, "periodic", "zero-gradient", "symmetric"]
    return [
        *(math.pad(v, widths, mode) for v in (s, t, n, m) for widths in all_widths for mode in modes),
        *(math.pad(v, widths, mode) for v in (s, t) for widths in all_widths for mode in (2.5, "antisymmetric")),
        *(math.pad(s, {"x": (1, 1)}, {"x": ("zero-gradient", 1.0)}), math.pad(t, {"y": (1, 1)}, CONSTANT)),
    ]


@operation
def vectors(s, t, b, n, m, z):
    return [
        *(math.vec_squared(t), math.vec_length(t), math.vec_normalize(t), math.rotate_vector(t, 0.3), t * CONSTANT),
        *(math.dot(t, "vector", t, "vector"), math.dot(s, "y", t, "y"), math.dot(s, "x", n, "x")),
        *(math.cross_product(t, t + 1), math.dot(t, "vector", CONSTANT, "vector")),
    ]


@operation
def spectra(s, t, b, n, m, z):
    scale = wrap([1.0, 0.5, 0.25, 0.5], spatial("x"))
    return [
        *(math.fft(s), math.fft(t, "x"), math.fft(z), math.ifft(math.fft(s)), math.real(math.ifft(math.fft(n)))),
        *(f(s, "x", kind) for f in (math.dct, math.idct, math.dst, math.idst) for kind in (1, 2, 3, 4)),
        *(math.spectral_scale(t, {"x": kind, "y": "dct2"}, scale) for kind in ("fft", "dct2", "dst4")),
        *(math.fourier_laplace(s, 0.5), math.fourier_poisson(s, 0.5), math.fftfreq(s.shape) * s),
    ]


@operation
def interpolation(s, t, b, n, m, z):
    places = wrap([[0.3, 1.7], [-0.5, 3.0], [9.0, 2.2]], instance("p"), channel(vector="x,y"))
    rules = ["periodic", "zero-gradient", 0, 1.5, "symmetric", {"x": "periodic", "y": (0, "zero-gradient")}]
    return [*(math.grid_sample(v, places, rule) for v in (s, t) for rule in rules), math.grid_sample(s, s * t, 0)]


@operation
def random_numbers(s, t, b, n, m, z):
    key = math.random_key(7)
    return [
        *(s * 0 + math.random_uniform(s.shape, key=key), s * 0 + math.random_normal(s.shape, key=key)),
        *(n * 0 + math.random_uniform(n.shape, low=2, high=9, dtype=int, key=key),),
    ]


@operation
def creation(s, t, b, n, m, z):
    shape = spatial(x=4, y=5)
    return [
        *(math.zeros_like(t), math.ones_like(n), math.zeros(shape) + s, math.ones(shape, channel(vector="x,y")) * t),
        *(s * 0 + math.linspace(0, 1, spatial(x=4)), n * math.arange(spatial(x=4), 4), s + math.full(shape, 3)),
        *(math.meshgrid(x=4, y=5) + t, math.range_tensor(shape) + n, math.vec(x=s, y=n)),
    ]


def compared(value):
    """All leaves as (shape, element type, NumPy array)."""
    found = []
    for leaf in tree_leaves(value):
        parts = [leaf] if leaf.shape.is_uniform else [p for p in leaf.components]
        found += [(p.shape, p.dtype, p.numpy(p.shape)) for p in parts]
    return found


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_as_on_numpy(name, bits):
    inputs = (S, T, B, N, M, Z)
    inputs = tuple(math.cast(v, v.dtype.kind) for v in inputs)
    expected = compared(OPERATIONS[name](*inputs))
    with math.backend("array_api_strict"):
        results = OPERATIONS[name](*[math.convert(v) for v in inputs])
    assert {leaf.backend.name for leaf in tree_leaves(results)} <= {"array_api_strict"}
    found = compared(results)
    assert len(found) == len(expected)
    tolerance = 1e-5 if bits == 32 else 1e-12
    for i, (a, b) in enumerate(zip(found, expected, strict=True)):
        assert a[:2] == b[:2], f"{name} {i}"
        np.testing.assert_allclose(a[2], b[2], rtol=tolerance, atol=tolerance, err_msg=f"{name} {i}")


def test_use_loads_it():
    with math.backend("array_api_strict") as chosen:
        zeros = math.zeros(spatial(x=3))
    assert chosen is backend_named("array_api_strict")
    assert zeros.backend is chosen
    assert type(zeros.native()).__module__.startswith("array_api_strict")
    assert repr(zeros) == "(0.0, 0.0, 0.0) along (xˢ=3)"
    assert zeros.device == "CPU_DEVICE"


def test_native_arrays_are_recognised():
    import array_api_strict as xp

    value = wrap(xp.asarray([1.0, 2.0], dtype=xp.float32), spatial("x"))
    assert value.backend.name == "array_api_strict"
    assert (value + 1).numpy().tolist() == [2, 3]
    assert wrap([xp.asarray(1.0), xp.asarray(2.0)], spatial("x")).numpy().tolist() == [1, 2]


def test_convert_back():
    with math.backend("array_api_strict"):
        value = math.zeros(spatial(x=3)) + 1
    assert type(math.convert(value, "numpy").native()) is np.ndarray


def test_no_gradient():
    with (
        math.backend("array_api_strict"),
        pytest.raises(NoGradient, match=r"array_api_strict does not have.*use\('jax'\)"),
    ):
        math.gradient(lambda x: math.sum_(x**2))(math.ones(spatial(x=3)))


def test_compiled_functions_run_as_they_are():
    with math.backend("array_api_strict"):
        double = math.jit_compile(lambda x: 2 * x)
        result = double(math.ones(spatial(x=3)))
    assert result.backend.name == "array_api_strict"
    assert math.trace_count(double) == 0


def test_loops():
    with math.backend("array_api_strict"):
        result = math.while_loop(
            lambda i, x: i < 5, lambda i, x: (i + 1, x * 2), (math.wrap(0), math.ones(spatial(x=2)))
        )
        assert result[1].numpy().tolist() == [32, 32]


def test_no_other_framework_joins():
    jax = pytest.importorskip("phiml_jax")
    assert jax
    with math.backend("jax"):
        there = math.zeros(spatial(x=3))
    with math.backend("array_api_strict"):
        here = math.zeros(spatial(x=3))
    with pytest.raises(MixedBackends, match=r"convert\(t, 'jax'\)|convert\(t, 'array_api_strict'\)"):
        here + there


def test_no_half_precision():
    with math.backend("array_api_strict"), math.precision(16), pytest.raises(TypeError, match="no float16"):
        math.zeros(spatial(x=3))


def test_no_such_device():
    strict = backend_named("array_api_strict")
    with pytest.raises(ValueError, match="no device 'gpu'"):
        strict.to_device(strict.as_array(1.0), "gpu")
    assert strict.device(strict.to_device(strict.as_array(1.0), "device1")) == "device1"
