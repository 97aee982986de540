"""Words that users of PhiML know, against NumPy, on every backend, eager and compiled, with derivatives."""

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
import scipy.special
from phiml_core import math
from phiml_core.backend import precision
from phiml_core.math import batch, channel, dual, instance, jit_compile, spatial, tensor, vec, wrap
from phiml_core.shape import ShapeError

NAN, INF = float("nan"), float("inf")
VALUES = np.array([[0.3, -1.2, 2.0, 0.7], [1.5, 0.1, -0.4, 3.0], [0.2, 0.9, -2.1, 0.5]])
STRANGE = np.array([1.0, NAN, 3.0, INF])


@pytest.fixture(params=["eager", "compiled"])
def run(request):
    return jit_compile if request.param == "compiled" else lambda f: f


@pytest.fixture(autouse=True)
def double():
    with precision(64):
        yield


def grid():
    return tensor(VALUES, spatial("x,y"))


def softmax(a):
    grown = np.exp(a - a.max(0))
    return grown / grown.sum(0)


ELEMENTWISE = {
    "arcsinh": (math.arcsinh, np.arcsinh(VALUES)),
    "arccosh": (lambda x: math.arccosh(x + 4), np.arccosh(VALUES + 4)),
    "arctanh": (lambda x: math.arctanh(x / 4), np.arctanh(VALUES / 4)),
    "soft_plus": (lambda x: math.soft_plus(100 * x), np.logaddexp(0, 100 * VALUES)),
    "softmax": (lambda x: math.softmax(1000 * x, "x"), softmax(1000 * VALUES)),
    "log_gamma": (math.log_gamma, scipy.special.gammaln(VALUES)),
    "factorial": (lambda x: math.factorial(x + 3), scipy.special.gamma(VALUES + 4)),
    "radians": (math.degrees_to_radians, np.radians(VALUES)),
    "degrees": (math.radians_to_degrees, np.degrees(VALUES)),
    "abs_square": (lambda x: math.abs_square(x * (1 + 2j)), 5 * VALUES**2),
    "angle": (lambda x: math.angle(x * 1j + 1), np.arctan(VALUES)),
    "safe_mul": (lambda x: math.safe_mul(math.maximum(x, 0), 2 * x), 2 * VALUES * np.maximum(VALUES, 0)),
    "neighbor_sum": (lambda x: math.neighbor_sum(x, "x"), VALUES[1:] + VALUES[:-1]),
    "clip_length": (
        lambda x: math.clip_length(x, 1, 2, "x"),
        VALUES * np.clip(np.linalg.norm(VALUES, axis=0), 1, 2) / np.linalg.norm(VALUES, axis=0),
    ),
    "normalize_to": (lambda x: math.normalize_to(x, 7.0), VALUES * 7 / VALUES.sum()),
}


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise(everywhere, name):
    function, expected = ELEMENTWISE[name]
    np.testing.assert_allclose(function(grid()).numpy("x,y"), expected, rtol=1e-12, atol=1e-12)


def test_large_arguments_of_log_gamma(everywhere):
    x = np.array([1e-8, 0.5, 1.0, 2.0, 30.0, 1e5, -0.5, -10.3])
    np.testing.assert_allclose(
        math.log_gamma(tensor(x, batch("b"))).numpy("b"), scipy.special.gammaln(x), rtol=1e-13, atol=1e-14
    )


def test_factorials_of_integers(everywhere):
    assert math.factorial(tensor([0, 1, 5, 12])).numpy().tolist() == [1, 1, 120, 479001600]
    assert math.factorial(wrap(20)).item() == 2432902008176640000
    with precision(32), pytest.raises(OverflowError, match="13! does not fit into int32"):
        math.factorial(tensor(13))


def test_derivatives(framework, run):
    for name, (function, _) in ELEMENTWISE.items():
        weights = tensor(np.linspace(1, 2, 12).reshape(3, 4), spatial("x,y"))
        scale = 0.01 if name in ("soft_plus", "softmax") else 1.0  # else they are flat

        def loss(x, function=function, weights=weights, scale=scale, size=2 if name == "neighbor_sum" else 3):
            return math.sum_(math.real(function(scale * x)) * weights.x[:size])

        math.check_gradient(loss, None, grid())
    slope = math.gradient(lambda x: math.safe_mul(x, INF), get_output=False)
    assert float(run(slope)(tensor(0.0))) == 0


FINITE = {"max": 3, "min": 1, "mean": 2, "sum": 4, "std": 1}


@pytest.mark.parametrize("name", FINITE)
def test_finite_values(everywhere, run, name):
    function = getattr(math, f"finite_{name}")
    x = math.stack([tensor(STRANGE, spatial("x")), tensor([NAN, INF, -INF, NAN], spatial("x"))], batch("b"))
    found = run(lambda x: function(x, "x", default=-9))(x)
    assert found.numpy("b").tolist() == [FINITE[name], -9] and np.isnan(function(x, "x").numpy("b")).tolist() == [
        False,
        True,
    ]
    assert math.nan_to_0(x.b[0]).numpy("x").tolist() == [1, 0, 3, INF]


def test_derivatives_of_finite_values(framework):
    x = tensor([1.0, 4.0, NAN], spatial("x"))
    for name, expected in {"mean": [0.5, 0.5, 0], "sum": [1, 1, 0], "max": [0, 1, 0], "std": [-0.5, 0.5, 0]}.items():
        slope = math.gradient(lambda x, name=name: getattr(math, f"finite_{name}")(x, "x"), get_output=False)(x)
        np.testing.assert_allclose(slope.numpy("x"), expected, atol=1e-12)


def test_values_at_the_largest(everywhere, run):
    x, key = grid(), tensor([1.0, 5.0, 2.0], spatial("x"))
    at, below = run(lambda x, k: (math.at_max({"a": x, "b": [x * 2]}, k, "x"), math.at_min(x, k, "x")))(x, key)
    assert np.array_equal(at["a"].numpy("y"), VALUES[1]) and np.array_equal(at["b"][0].numpy("y"), 2 * VALUES[1])
    assert np.array_equal(below.numpy("y"), VALUES[0]) and math.at_max(x, x).item() == 3
    points = tensor([[0.0, 0.0], [1.0, 2.0], [4.0, 1.0]], instance("p"), channel(vector="x,y"))
    queries = tensor([[0.9, 2.0], [3.0, 1.0]], batch("q"), channel(vector="x,y"))
    assert run(math.find_closest)(points, queries).numpy("q").tolist() == [1, 2]
    apart = math.pairwise_differences(points)
    assert apart.shape == instance(p=3) & dual(p=3) & channel(vector="x,y") and apart.p[0].p[2].vector["x"].item() == 4


def test_what_occurs(everywhere, run):
    numbers = tensor([3, 1, 3], instance("p"))
    assert run(math.count_occurrences)(numbers, 3).item() == 2 and not math.contains(numbers, 7).item()
    assert math.contains(numbers, tensor([1, 9], instance("p"))).numpy("p").tolist() == [True, False]
    vectors = tensor([[1, 2], [3, 4]], instance("p"), channel(vector="x,y"))
    assert math.contains(vectors, vec(x=3, y=4)).item() and not math.contains(vectors, vec(x=3, y=2)).item()
    assert math.contains(tensor([1, 2], channel("c")), 2).item()


KERNEL = np.array([[1.0, 2.0, 0.5], [3.0, -1.0, 2.0]])


@pytest.mark.parametrize("size", ["same", "valid", "full"])
def test_convolution(everywhere, run, size):
    wide = {"same": np.pad(VALUES, ((1, 0), (1, 1))), "valid": VALUES, "full": np.pad(VALUES, ((1, 1), (2, 2)))}[size]
    windows = np.lib.stride_tricks.sliding_window_view(wide, KERNEL.shape)
    kernel = tensor(KERNEL, spatial("x,y"))
    found = run(lambda v, k: math.convolve(v, k, size))(math.stack([grid(), 2 * grid()], batch("b")), kernel)
    expected = np.einsum("xyij,ij->xy", windows, KERNEL)
    np.testing.assert_allclose(found.numpy("b,x,y"), [expected, 2 * expected], rtol=1e-12)


def test_convolution_of_channels_and_boundaries(everywhere):
    signal = tensor([[1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 6.0, 8.0]], channel("c"), spatial("x"))
    kernel = tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], dual("c"), spatial("x"))
    assert math.convolve(signal, kernel).numpy("x").tolist() == [42, 78, 114, 75]
    line, weights = signal.c[0], tensor([1.0, 2.0, 3.0], spatial("x"))
    assert math.convolve(line, weights, extrapolation="periodic").numpy("x").tolist() == [12, 14, 20, 14]
    assert math.convolve(line, weights, extrapolation=None).numpy("x").tolist() == [14, 20]
    with pytest.raises(ShapeError, match="no dim in common"):
        math.convolve(line, tensor([1.0], spatial("y")))
    with pytest.raises(ShapeError, match="does not fit"):
        math.convolve(line, tensor([1.0] * 5, spatial("x")), "valid")
    with pytest.raises(ValueError, match=r"Unknown size.*'some'"):
        math.convolve(line, weights, "some")


def test_derivatives_of_convolution(framework, run):
    def loss(v, k):
        return math.l2_loss(math.convolve(v, k, extrapolation="zero-gradient"))

    math.check_gradient(run(loss), "v,k", grid(), tensor(KERNEL, spatial("x,y")))


def test_resolution(everywhere, run):
    line = tensor([1.0, 2.0, 3.0, 4.0], spatial("x"))
    assert run(math.downsample2x)(line).numpy("x").tolist() == [1.5, 3.5]
    assert math.downsample2x(line.x[:3]).numpy("x").tolist() == [1.5, 3]
    assert run(math.upsample2x)(line).numpy("x").tolist() == [1, 1.25, 1.75, 2.25, 2.75, 3.25, 3.75, 4]
    assert math.upsample2x(line, 0).numpy("x").tolist() == [0.75, 1.25, 1.75, 2.25, 2.75, 3.25, 3.75, 3]
    twice = math.upsample2x(grid())
    assert twice.shape == spatial(x=6, y=8) and math.downsample2x(grid(), dims="y").shape == spatial(x=3, y=2)
    part = run(lambda g: math.sample_subgrid(g, vec(x=0.5, y=1.0), spatial(x=2, y=2)))(grid())
    np.testing.assert_allclose(part.numpy("x,y"), (VALUES[:2, 1:3] + VALUES[1:, 1:3]) / 2, rtol=1e-12)


def test_frequency_loss(everywhere):
    spectrum = np.fft.fft2(VALUES)
    k = np.hypot(np.fft.fftfreq(3)[:, None], np.fft.fftfreq(4))
    weighted = abs(spectrum * np.exp(-0.5 * (3 * k) ** 2))
    assert math.frequency_loss(grid(), 3).item() == pytest.approx(0.5 * (weighted**2).sum(), rel=1e-10)
    assert math.frequency_loss([grid()], 3, ignore_mean=True, n=1).item() == pytest.approx(
        weighted.sum() - weighted[0, 0]
    )


def test_rearranging(everywhere):
    x = grid()
    assert (
        math.squeeze(math.expand(x, batch(b=1)), batch).shape == x.shape and math.squeeze(x, spatial).shape == x.shape
    )
    assert math.flatten([x])[0].shape == channel(flat=12) and math.flatten(tensor([1, 2], batch("b"))).shape == batch(
        b=2
    )
    assert math.replace_dims({"a": x, "b": wrap(1)}, "x", batch("z"))["a"].shape == batch(z=3) & spatial(y=4)
    assert np.array_equal(math.slice_off(x, {"x": 0}, {"y": slice(2, None)}).numpy("x,y"), VALUES[1:, :2])
    assert math.slice_off(x, {"x": -1}).shape.get_size("x") == 2
    with pytest.raises(ShapeError, match="in the middle"):
        math.slice_off(x, {"x": 1})
    shifted = math.index_shift(tensor([1, 2, 3], spatial("x")), [{"x": 1}, {"x": -1}], 0)
    assert [s.numpy().tolist() for s in shifted] == [[2, 3, 0], [0, 1, 2]]
    uneven = math.stack([tensor([1.0, 2.0], instance("p")), tensor([3.0], instance("p"))], batch("b"))
    assert math.pad_to_uniform(uneven, pad_value=-1).numpy("b,p").tolist() == [[1, 2], [3, -1]]
    assert math.pad_to_uniform(tensor([1], instance("p")), instance(p=3)).numpy().tolist() == [1, 0, 0]
    assert math.dim_mask(spatial("x,y"), "y").numpy().tolist() == [False, True]
    assert math.const_vec(3, spatial("x,y")).shape == channel(vector="x,y")
    at = math.unravel_index(tensor([6, 3], instance("p")), spatial(x=3, y=4))
    assert at.numpy("p,index").tolist() == [[1, 2], [0, 3]]
    assert math.ravel_index(at, spatial(x=3, y=4)).numpy("p").tolist() == [6, 3]


def test_forms_for_types_of_dims(everywhere):
    v, x = tensor([1.0, 2.0], channel(vector="x,y")), grid()
    assert math.c2b(v).shape == batch(vector="x,y") and math.c2d(v).shape == dual(vector="x,y") == math.p2d(v).shape
    assert math.d2i(math.c2d(v)).shape == instance(vector="x,y") and math.d2s(math.c2d(v)).shape == spatial(
        vector="x,y"
    )
    assert math.s2b(x).shape == batch(x=3, y=4) and math.b2i(math.s2b(x)).shape == instance(x=3, y=4)
    assert math.i2b({"a": tensor([1], instance("p")), "b": 3})["a"].shape == batch(p=1)
    assert math.si2d(x).shape == dual(x=3, y=4) and math.dpack(math.si2d(x), "w").shape == dual(w=12)
    assert math.spack(x, "w").shape == spatial(w=12) and math.cpack(v, instance("p")).shape == instance(p=2)
    assert math.ipack(tensor([1, 2], instance("p")), "q").shape == instance(q=2)
    assert math.crange(2, x=4).numpy().tolist() == [2, 3] and math.brange(b=2).shape == batch(b=2)
    assert (
        math.irange(p=1).shape == instance(p=1)
        and math.srange(x=2).shape == spatial(x=2)
        and math.drange(z=2).shape == dual(z=2)
    )
    assert (math.csize(v), math.ssize(x), math.isize(x.shape), math.dsize(math.c2d(v))) == (2, 12, 1, 2)
    assert math.tcat([v, 3.0], channel).numpy().tolist() == [1, 2, 3]
    with pytest.raises(TypeError, match="A range runs along one dim"):
        math.srange(x=2, y=3)
    assert (
        math.arange(spatial(x="a,b")).shape.get_item_names("x") == ("a", "b")
        and math.arange(spatial(x=3)).sum.item() == 3
    )
    doubled = math.map_s2b(lambda t: math.sum_(t), dims="x")
    assert doubled(x).shape == spatial(x=3)


def test_dims_as_text(everywhere):
    x = tensor([[1.0, 2.0], [3.0, 4.0]], "x:s,vector:c=(u,v)")
    assert x.shape == spatial(x=2) & channel(vector="u,v") and math.zeros("a:b=3", spatial(x=2)).shape == batch(
        a=3
    ) & spatial(x=2)
    assert wrap([1, 2], "~y:d").shape == dual(y=2)
    for wrong in ("x", "x:q", "x:s;y:s", "x:s=(a"):
        with pytest.raises(TypeError, match="Dims are given as shapes"):
            tensor([1.0], wrong)


def test_comparing(everywhere):
    x = grid()
    assert math.equal(x, grid()) and math.equal([1, x, "a"], [1, x, "a"]) and math.equal({"k": x}, {"k": x + 0})
    assert (
        not math.equal(x, x + 1e-9)
        and not math.equal([x], (x,))
        and not math.equal(x, x.x[0])
        and not math.equal(x, "a")
    )
    assert not math.equal("a", "b") and not math.equal({"k": 1}, {"l": 1}) and not math.equal(tensor(NAN), tensor(NAN))
    assert math.equal(tensor(NAN), tensor(NAN), equal_nan=True)
    assert math.always_close(x, x + 1e-12) and not math.always_close(x, x + 1)


def test_what_is_unknown_is_not_always_close(framework):
    seen = []
    jit_compile(lambda x: seen.extend([math.always_close(x, x + 0), math.always_close(x, x), math.all_available(x)]))(
        grid()
    )
    assert seen == [False, True, False]


def test_asking_and_exchanging(everywhere):
    x = grid()
    assert math.all_available(x, [1]) and math.is_none(None) and math.is_numeric(x) and not math.is_numeric("a")
    assert math.dtype(x).name == "float64" and math.choose_backend(x, 1.0).name == everywhere
    assert math.numpy(tensor([1.0])).tolist() == [1] and math.native(3) == 3
    assert math.to_device(x, "CPU").numpy("x,y").shape == (3, 4) and math.perf_counter(x).item() > 0
    if everywhere != "tensorflow":  # whose tensors do not change
        assert math.copy({"a": x})["a"].native("x,y") is not x.native("x,y")
    assert math.equal(math.copy(x), x) and math.identity(x) is x


def test_native_functions(everywhere, run):
    x = math.stack([grid(), 2 * grid()], batch("b"))
    v = math.stack({"u": x, "w": -x}, channel("vector"))
    first, last = run(
        lambda x, v: (math.native_call(lambda a: a * 2, x), math.native_call(lambda a: a + 1, v, channels_last=True))
    )(x, v)
    assert np.allclose(first.numpy("b,x,y"), [2 * VALUES, 4 * VALUES]) and first.shape.rank == 3
    assert last.shape.get_size("vector") == 2 and np.allclose(last.vector[1].b[0].numpy("x,y"), 1 - VALUES)
    sums = math.native_call(
        lambda a: a.sum(-1)[..., None] if everywhere != "tensorflow" else a[..., :1], v, channels_last=True
    )
    assert sums.shape.rank == 3
    split = math.native_call(lambda a: a, v, channels_last=False, channel_dim=channel("c"))
    assert split.shape.get_size("c") == 2
    with pytest.raises(ValueError, match="4 axes were expected"):
        math.native_call(lambda a: a[0], x)


def test_files(everywhere, tmp_path):
    uneven = math.stack([tensor([1.0, 2.0], instance("p")), tensor([3.0], instance("p"))], batch("b"))
    constant = math.expand(vec(x=1, y=2), batch(b=3))
    tree = {
        "grid": grid(),
        "list": [1, 2.5, None, "text", (True,)],
        "uneven": uneven,
        "constant": constant,
        "z": tensor([1 + 2j]),
    }
    path = tmp_path / "new" / "state.npz"
    math.save(path, tree)
    found = math.load(path)
    assert (
        math.equal(found, tree) and found["grid"].backend.name == "numpy" and found["constant"].shape == constant.shape
    )
    with pytest.raises(TypeError, match="not a set"):
        math.save(path, {1, 2})
    np.savez(tmp_path / "other.npz", a=1)
    with pytest.raises(ValueError, match=r"was not written by save\(\)"):
        math.load(tmp_path / "other.npz")


def test_plain_data(everywhere):
    for value in (vec(x=1, y=2), grid(), wrap(3)):
        assert math.equal(math.from_dict(json.loads(json.dumps(math.to_dict(value)))), value)
    assert math.from_dict(math.to_dict(grid().shape)) == grid().shape
    assert math.from_dict(math.to_dict(grid()), convert=True).backend.name == everywhere


@dataclasses.dataclass(frozen=True)
class Ball:
    position: Any
    radius: Any = 1


def test_replace():
    assert math.replace(Ball(1), radius=3) == Ball(1, 3)
    with pytest.raises(TypeError, match="Ball has no attribute size"):
        math.replace(Ball(1), size=3)


def test_print(capsys):
    math.print({"a": wrap([1, 2], spatial("x"))}, "values")
    assert capsys.readouterr().out == "values\n1  2 along (xˢ=2)\n"


def test_tapes_that_record_residuals():
    pytest.importorskip("phiml_solvers")
    y = tensor([1.0, 2.0, 3.0, 4.0], spatial("x"))
    system = lambda x: 3 * x - math.laplace(x, padding=0)
    with math.SolveTape(record_trajectories=True) as tape:
        math.solve_linear(system, y, math.Solve("CG"))
    with math.SolveTape() as other:
        math.solve_linear(system, y, math.Solve("CG"))
    assert tape[0].history is not None and other[0].history is None
