"""Functions of tensors at the edges: no dims, no items, one item, items of different sizes, values at kinks and poles."""

from typing import Any

import numpy as np
import pytest

from phiml_core import math
from phiml_core.backend import backend_named
from phiml_core.math import batch, channel, instance, spatial

from ..bounds import EPS, K, check_close
from ..claims import capability, claimed
from .operation import leaves

NUMPY = backend_named("numpy")
SHAPES = {"no dims": (), "nothing": (0, 2), "one": (1, 1), "nothing inside": (2, 0)}
FUNCTIONS = "abs_ sqrt exp log1p sin tanh sigmoid erf floor sign is_finite to_int32".split()


def data(sizes):
    return np.linspace(0.2, 0.8, int(np.prod(sizes))).reshape(sizes).astype(np.float32)


def on(place, function, *sizes):
    """The same on the backend and in double precision on NumPy."""
    found = []
    for backend, bits in ((place, 32), (NUMPY, 64)):
        with math.backend(backend), math.precision(bits):
            dims = spatial("x,y") if len(sizes) == 2 else math.EMPTY
            value = math.tensor(data(sizes).astype(f"f{bits // 8}"), dims) if sizes else math.tensor(0.25)
            found.append(function(value))
    return found


def compare(found, expected, what):
    a, b = leaves(found), leaves(expected)
    assert len(a) == len(b), what
    for t, e in zip(a, b):
        assert t.shape == e.shape and t.dtype.kind is e.dtype.kind, (
            f"{what}: {t.shape} of {t.dtype}, not {e.shape} of {e.dtype}"
        )
        size = float(np.max(np.abs(e.numpy(e.shape.names)), initial=0))
        check_close(t.numpy(e.shape.names), e.numpy(e.shape.names), K * EPS[32] * size, what)


@pytest.mark.parametrize("shape", SHAPES)
def test_element_by_element(shape, place):
    for name in FUNCTIONS:
        compare(*on(place, getattr(math, name), *SHAPES[shape]), name)
    compare(
        *on(place, lambda x: [x + 1, 2 / (x + 1), x**2, x > 0.5, math.where(x > 0.5, x, 0), -x], *SHAPES[shape]),
        "operators",
    )
    compare(
        *on(place, lambda x: [math.clip(x, 0.3, 0.5), math.cast(x, int), math.cast(x > 0.5, float)], *SHAPES[shape]),
        "casts",
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_reductions(shape, place):
    def all_dims(x):
        totals = [math.sum_(x, x.shape), math.prod(x, x.shape), math.any_(x > 0.5, x.shape), math.all_(x > 0, x.shape)]
        return (
            totals
            if x.shape.volume == 0
            else [*totals, *(f(x, x.shape) for f in (math.mean, math.max_, math.min_, math.std))]
        )

    compare(*on(place, all_dims, *SHAPES[shape]), "all dims")
    if SHAPES[shape]:
        compare(
            *on(place, lambda x: [math.sum_(x, "x"), math.sum_(x, "y"), math.cumulative_sum(x, "x")], *SHAPES[shape]),
            "one dim",
        )
        compare(*on(place, lambda x: math.sort(x, "y"), *SHAPES[shape]), "sorted")


def test_nothing_has_no_largest_value(place):
    for f in (math.max_, math.min_, math.mean):
        with pytest.raises(ValueError, match="no values"):
            f(math.zeros(spatial(x=0)), "x")


@pytest.mark.parametrize("sizes", [(0, 2), (1, 1)])
def test_structure(sizes, place):
    def rearranged(x):
        return [
            *(
                math.pack_dims(x, "x,y", instance("p")),
                math.concat([x, x], "x"),
                math.stack([x, x], batch("b")) + 1,
                math.flip(x, "x"),
            ),
            *(
                math.expand(x, batch(b=2)) * 2,
                math.rename_dims(x, "x", channel("c")),
                x.x[:0],
                math.roll(x, {"y": 1}),
                math.dot(x, "x", x, "x"),
            ),
        ]

    compare(*on(place, rearranged, *sizes), "structure")


def test_one_item(place):
    def neighbors(x):
        rules = ("periodic", "zero-gradient", 0, "symmetric")
        return [
            *(math.pad(x, {"x": (2, 1)}, rule) for rule in rules),
            *(math.grid_sample(x, math.vec(x=0.3, y=-0.6), rule) for rule in rules),
            *(math.fft(x), math.dct(x), math.laplace(x), math.gather(x, math.vec(x=0, y=0))),
        ]

    compare(*on(place, neighbors, 1, 1), "neighbors")


def test_different_sizes(place):
    """Tensors whose items differ in size are computed item by item."""

    def ragged(x):
        v = math.stack([x.x[:1], x.x[:3]], channel(vector="a,b"))
        assert not v.shape.is_uniform
        return [
            *(
                v + 1,
                v * v,
                math.sqrt(v),
                math.sum_(v, "x"),
                math.sum_(v, "vector,x,y"),
                math.max_(v, "x"),
                v.vector["b"],
            ),
            *(math.cast(v, int), math.where(v > 0.5, v, 0), math.mean(v, "x,y"), v.y[0], math.pad(v, {"x": (1, 0)}, 0)),
        ]

    compare(*on(place, ragged, 3, 2), "ragged")
    with math.backend(place):
        value = math.tensor(data((3, 2)), spatial("x,y"))
        compiled = math.jit_compile(ragged)(value)
    compare(compiled, on(NUMPY, ragged, 3, 2)[1], "ragged, compiled")


KINKS: dict[str, Any] = {
    "length of zero": (lambda v: math.vec_length(v), [0.0, 0.0], [0.0, 0.0]),
    "direction of zero": (lambda v: math.sum_(math.normalize(v), "vector"), [0.0, 0.0], [0.0, 0.0]),
    "quotient by zero": (lambda v: math.divide_no_nan(3.0, v), [0.0, 2.0], [0.0, -0.75]),
    "hidden root of zero": (lambda v: math.where(v > 0, math.sqrt(math.where(v > 0, v, 1.0)), 0.0), [0.0, 4.0], [0.0, 0.25]),
    "power 0": (lambda v: v**0, [0.0, 2.0], [0.0, 0.0]),
    "power 1": (lambda v: v**1, [0.0, 2.0], [1.0, 1.0]),
    "power 2": (lambda v: v**2, [0.0, 2.0], [0.0, 4.0]),
    "power 3": (lambda v: v**3, [0.0, -2.0], [0.0, 12.0]),
    "deviation of equal values": (lambda v: math.std(v, "vector"), [2.0, 2.0], [0.0, 0.0]),
    "clip": (lambda v: math.clip(v, 0, 1), [0.5, 2.0], [1.0, 0.0]),
}  # fmt: skip


@capability("gradient")
@pytest.mark.parametrize("name", KINKS)
def test_derivatives_at_kinks(name, place):
    function, at, expected = KINKS[name]
    with claimed(place, "gradient"):
        derivative = math.gradient(lambda v: math.sum_(function(v)), get_output=False)
        v = math.tensor(np.array(at, np.float32), channel(vector="x,y"))
        np.testing.assert_allclose(derivative(v).numpy("vector"), expected, atol=1e-6)
        np.testing.assert_allclose(math.jit_compile(derivative)(v).numpy("vector"), expected, atol=1e-6)
