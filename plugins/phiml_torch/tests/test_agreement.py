"""NumPy and PyTorch, eager and compiled, give the same results; derivatives agree with differences, also at edges."""

import functools

import numpy as np
import pytest
from phiml_core import math
from phiml_core.backend import backend
from phiml_core.extrapolation import PERIODIC, SYMMETRIC, ZERO_GRADIENT
from phiml_core.math import batch, channel, instance, spatial, tensor
from phiml_core.tree import tree_leaves

RNG = np.random.default_rng(0)
A = RNG.uniform(0.2, 0.9, (3, 4)).astype(np.float32)
S = RNG.uniform(-2, 2, (3, 4)).astype(np.float32)
N = RNG.integers(-5, 6, (3, 4)).astype(np.int32)
B = RNG.uniform(size=(3, 4)) > 0.5
Z = (RNG.normal(size=(3, 4)) + 1j * RNG.normal(size=(3, 4))).astype(np.complex64)
V = RNG.normal(size=(3, 2)).astype(np.float32)
XY = spatial("x,y")
VEC = (spatial("x"), channel(vector="x,y"))

ELEMENTWISE = (
    "abs_ sign sqrt exp log log1p log2 log10 sin cos tan arcsin arccos arctan sinh cosh tanh sigmoid erf".split()
)
SIGNED = "abs_ sign floor ceil round_ exp tanh sigmoid arctan is_finite".split()
COMPLEX = "abs_ real imag conjugate exp sqrt sin".split()
REDUCE = "sum_ mean max_ min_ prod variance std l1_loss l2_loss any_ all_".split()

CASES: dict[str, tuple] = {}


def over(name, dims):
    return lambda t: getattr(math, name)(t, dims)


for _n in ELEMENTWISE:
    CASES[_n] = (getattr(math, _n), (A, XY))
for _n in SIGNED:
    CASES[f"{_n} signed"] = (getattr(math, _n), (S, XY))
for _n in COMPLEX:
    CASES[f"{_n} complex"] = (getattr(math, _n), (Z, XY))
for _n in REDUCE:
    CASES[f"{_n} over x"] = (over(_n, "x"), (A, XY))
    CASES[f"{_n} of integers"] = (over(_n, "y"), (N, XY))
for _n in ("sum_", "mean", "max_", "any_"):
    CASES[f"{_n} of bools"] = (over(_n, "x,y"), (B, XY))
    CASES[f"{_n} constant dim"] = (lambda t, n=_n: over(n, "b,x")(math.expand(t, batch(b=3))), (A, XY))

CASES |= {
    "add": (lambda a, b: a + 2 * b.y[0] - 1, (A, XY), (S, XY)),
    "divide": (lambda a, b: b / a + 1 / a, (A, XY), (S, XY)),
    "divide integers": (lambda n: n / 3, (N, XY)),
    "floor and remainder": (lambda n: (n // 3, n % 3, n // -2, n % -2), (N, XY)),
    "floor and remainder of floats": (lambda s: (s // 0.7, s % 0.7), (S, XY)),
    "pow": (lambda a, b: (a**b, a**2, a**-1, a**0.5, 2**b, b**3), (A, XY), (S, XY)),
    "pow integers": (lambda n: (n**2, n**0), (N, XY)),
    "compare": (lambda a, b: (a > b, a >= b, a == b, a != b, a < 0.5, (a > b) & (a < 0.7), ~(a > b)), (A, XY), (S, XY)),
    "bits": (lambda n: (n & 3, n | 4, n ^ 1, ~n, abs(n) << 2, n >> 1), (N, XY)),
    "bool arithmetic": (lambda b: (b + b, b * 2, -b + 1, b | True), (B, XY)),
    "mixed types": (lambda a, n, b: (a + n, n + 0.5, b + n, a * b, n * True), (A, XY), (N, XY), (B, XY)),
    "maximum": (lambda a, b: (math.maximum(a, b), math.minimum(a, b), math.maximum(0.5, a)), (A, XY), (S, XY)),
    "clip": (lambda s: (math.clip(s), math.clip(s, -1, 1.5), math.clip(s, 0, abs(s) + 0.1)), (S, XY)),
    "where": (lambda a, b: (math.where(b > 0, a, b), math.where(b > 0, 1, 0), math.where(b.x[0] > 0, a, 0)), (A, XY), (S, XY)),
    "atan2": (lambda a, b: math.arctan(b, divide_by=a), (A, XY), (S, XY)),
    "cast": (lambda s: (math.cast(s, int), math.cast(s, bool), math.to_int64(s), math.to_complex(s)), (S, XY)),
    "slices": (lambda a: (a.x[1], a.x[-1], a.x[1:], a.x[::-1], a.y[::2], a.x[-2:].y[1], a[{"x": 0, "y": 1}]), (A, XY)),
    "slices by position": (lambda a: (a.x[[2, 0]], a.y[[3, 3, 1]]), (A, XY)),
    "slices by name": (lambda v: (v.vector["y"], v.vector["y,x"], v.vector[0]), (V, *VEC)),
    "stack": (lambda a, b: (math.stack([a, b], batch("b")), math.stack({"p": a, "q": b}, channel("c"))), (A, XY), (S, XY)),
    "stack and compute": (lambda a, b: math.stack([a, b.y[0]], channel("c")) * 2 + math.expand(a, batch(b=2)), (A, XY), (S, XY)),
    "concat": (lambda a, b: (math.concat([a, b], "x"), math.concat([a, b.y[:1]], "y")), (A, XY), (S, XY)),
    "pad": (
        lambda a: [math.pad(a, {"x": (1, 2), "y": (0, 1)}, m) for m in (0, 1.5, PERIODIC, ZERO_GRADIENT, SYMMETRIC, {"x": (0, PERIODIC), "y": 1})],
        (A, XY),
    ),
    "rename": (lambda a: (math.rename_dims(a, "x", batch("b")), math.rename_dims(a, "x,y", channel("u,v"))), (A, XY)),
    "flip and roll": (lambda a: (math.flip(a, "x"), math.flip(a, "x,y"), math.roll(a, {"x": 1}), math.roll(a, {"y": -2, "x": 1})), (A, XY)),
    "pack": (lambda a: (math.pack_dims(a, "x,y", instance("p")), math.pack_dims(a, "y,x", instance("p"))), (A, XY)),
    "unpack": (lambda a: math.unpack_dim(a, "y", spatial(u=2, v=2)), (A, XY)),
    "dot": (lambda a, b: (math.dot(a, "x", b, "x"), math.dot(a, "x,y", b, "x,y")), (A, XY), (S, XY)),
    "vectors": (
        lambda v: (math.vec_squared(v), math.vec_length(v), math.normalize(v), math.cross_product(v, 2 * v + 1), math.rotate_vector(v, 0.3)),
        (V, *VEC),
    ),
    "cumulative sum": (lambda a: math.cumulative_sum(a, "y"), (A, XY)),
    "sort and arg": (lambda a: (math.sort(a, "y"), math.argmax(a, "y"), math.argmin(a, "x")), (A, XY)),
    "divide_no_nan": (lambda a, n: (math.divide_no_nan(a, n), math.divide_no_nan(n, n)), (A, XY), (N, XY)),
    "creation": (lambda a: (a + math.zeros(a.shape), a * math.ones_like(a), math.linspace(0, 1, spatial(x=3)) * a), (A, XY)),
    "shapes": (lambda a: a * a.shape.volume + math.expand(a.x[0], spatial(x=3)), (A, XY)),
    "transposed": (lambda a, b: a + b, (A, XY), (np.ascontiguousarray(S.T), spatial("y,x"))),
}  # fmt: skip


@functools.cache
def inputs(name, on):
    with backend(on):
        return tuple(tensor(array, *dims) for array, *dims in CASES[name][1:])


def assert_equal(a, b):
    assert len(a) == len(b)
    for s, t in zip(a, b, strict=True):
        assert s.shape == t.shape and s.dtype is t.dtype, (s, t)
        kind = s.dtype.kind
        tol = {"rtol": 2e-5, "atol": 2e-6} if kind in (float, complex) else {"rtol": 0}
        np.testing.assert_allclose(s.numpy(s.shape), t.numpy(s.shape), **tol)


@pytest.mark.parametrize("name", CASES)
def test_results_agree(name):
    function = CASES[name][0]
    with backend("numpy"):
        expected = tree_leaves(function(*inputs(name, "numpy")))
    found = tree_leaves(function(*inputs(name, "torch")))
    assert all(t.backend.name == "torch" or not t.shape for t in found)
    assert_equal(expected, found)


def test_compiled_results_agree():
    """All in one program, since compiling each would take long."""
    names = [n for n in CASES if not any(w in n for w in ("any_", "all_"))]
    run = math.jit_compile(lambda args: [tree_leaves(CASES[n][0](*a)) for n, a in zip(names, args, strict=True)])
    compiled = run([inputs(n, "torch") for n in names])
    for name, found in zip(names, compiled, strict=True):
        with backend("numpy"):
            expected = tree_leaves(CASES[name][0](*inputs(name, "numpy")))
        assert_equal(expected, found)


STEPS = ("sign", "floor", "ceil", "round_", "is_finite", "any_", "all_", "of integers", "of bools", "complex", "compare", "bits",
         "integers", "cast", "bool", "mixed", "floor and remainder")  # fmt: skip
SMOOTH = [n for n in CASES if not any(w in n for w in STEPS)]


def test_gradients_agree_with_differences():
    """Weighted sums of all results, at points where the functions are smooth, in double precision."""
    with math.precision(64):
        args = {
            n: tuple(math.cast(t, float) if t.dtype.kind is float else t for t in inputs(n, "torch")) for n in SMOOTH
        }

        def loss(first):
            total = 0.0
            for n in SMOOTH:
                for i, t in enumerate(tree_leaves(CASES[n][0](first[n], *args[n][1:]))):
                    if t.dtype.kind is float:
                        total = total + (1.0 + 0.1 * i) * math.sum_(t * t + 0.3 * t, t.shape)
            return total

        first = {n: a[0] for n, a in args.items()}
        check = math.check_gradient(math.jit_compile(loss), "first", first, samples=150, rel_tolerance=1e-5)
    assert len(check.places) == 150


EDGES = {
    "vec_length at 0": (lambda v: math.vec_length(v), [[0.0, 0.0]], [[0.0, 0.0]]),
    "normalize at 0": (lambda v: math.sum_(math.normalize(v), "vector"), [[0.0, 0.0]], [[0.0, 0.0]]),
    "divide_no_nan by 0": (lambda v: math.divide_no_nan(3.0, v), [[0.0, 2.0]], [[0.0, -0.75]]),
    "where hides a root of 0": (
        lambda v: math.where(v > 0, math.sqrt(math.where(v > 0, v, 1.0)), 0.0), [[0.0, 4.0]], [[0.0, 0.25]],
    ),
    "sqrt of a square": (lambda v: math.vec_length(v, eps=1e-6), [[0.0, 0.0]], [[0.0, 0.0]]),
    "power 0": (lambda v: v**0, [[0.0, 2.0]], [[0.0, 0.0]]),
    "power 2": (lambda v: v**2, [[0.0, 2.0]], [[0.0, 4.0]]),
    "power 1": (lambda v: v**1, [[0.0, 2.0]], [[1.0, 1.0]]),
    "power 3": (lambda v: v**3, [[0.0, -2.0]], [[0.0, 12.0]]),
    "standard deviation of equal values": (lambda v: math.std(v, "vector"), [[2.0, 2.0]], [[0.0, 0.0]]),
    "clip inside": (lambda v: math.clip(v, 0, 1), [[0.5, 2.0]], [[1.0, 0.0]]),
}  # fmt: skip


@pytest.mark.parametrize("name", EDGES)
@pytest.mark.parametrize("compiled", [False, True])
def test_gradients_at_edges(name, compiled):
    function, at, expected = EDGES[name]
    g = math.gradient(lambda v: math.sum_(function(v)), get_output=False)
    g = math.jit_compile(g) if compiled else g
    found = g(tensor(np.array(at, np.float32), *VEC)).native("x,vector")
    np.testing.assert_allclose(found, expected, atol=1e-6)
