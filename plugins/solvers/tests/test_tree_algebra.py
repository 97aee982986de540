"""Operators on trees compose block by block; operators refuse what they do not fit."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import channel, precision, spatial, tensor
from phiml_core.shape import ShapeError
from phiml_solvers.operator import Diagonal, Identity, inverse
from phiml_solvers.trace import structured

X = spatial(x=5)


@pytest.fixture(autouse=True)
def double():
    with precision(64):
        yield


def random(seed, dims=X):
    return tensor(np.random.default_rng(seed).normal(size=dims.sizes), dims.with_sizes((None,) * dims.rank))


def wave(u, v):
    return v, math.laplace(u, padding=0) - 0.5 * u


def same(found, expected):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a.numpy("x"), b.numpy("x"), atol=1e-12)


def test_algebra_of_operators_on_tuples():
    A, _ = math.matrix_from_function(wave, math.zeros(X), math.zeros(X))
    x = random(0), random(1)
    y = wave(*x)
    same(A(x), y)
    same((A + A)(x), [2 * p for p in y])
    same((2 * A)(x), [2 * p for p in y])
    same((-A / 4)(x), [-p / 4 for p in y])
    same((A @ A)(x), wave(*y))
    same((Identity() - 0.1 * A)(x), [p - 0.1 * q for p, q in zip(x, y, strict=True)])
    same((A - Diagonal(2.0))(x), [q - 2 * p for p, q in zip(x, y, strict=True)])
    z = random(2), random(3)
    left = sum(float(math.sum(p * q, "x")) for p, q in zip((A @ A + A)(x), z, strict=True))
    right = sum(float(math.sum(p * q, "x")) for p, q in zip(x, (A @ A + A).T(z), strict=True))
    assert abs(left - right) < 1e-12


def test_algebra_of_operators_on_dictionaries():
    def turned(s):
        return {"u": s["v"], "v": 3 * s["u"]}

    zero = {"u": math.zeros(X), "v": math.zeros(X)}
    A, _ = math.matrix_from_function(turned, zero)
    x = {"v": random(0), "u": random(1)}
    found = (A + 2 * A)(x)
    same((found["u"], found["v"]), (3 * x["v"], 9 * x["u"]))
    twice = inverse(A) @ A + A  # a sum of classes without a method of their own
    found = twice(x)
    same((found["u"], found["v"]), (x["u"] + x["v"], x["v"] + 3 * x["u"]))


def test_trees_of_other_sizes():
    A, _ = math.matrix_from_function(wave, math.zeros(X), math.zeros(X))
    with pytest.raises(TypeError, match="acts on trees of 2 tensors, not of 1"):
        A(random(0))
    to_three, _ = math.matrix_from_function(lambda u, v: (u, v, u), math.zeros(X), math.zeros(X))
    assert len((to_three @ A)((random(0), random(1)))) == 3


FUNCTIONS = {
    "TracedOperator": math.spatial_gradient,
    "SparseMatrix": lambda x: x.x[::2],
    "DenseMatrix": lambda x: math.cumulative_sum(x, "x"),
    "BoxLaplace": math.laplace,
    "Stencil": lambda x: x + math.roll(x, {"x": 1}),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_tensors_of_other_sizes(name):
    A = structured(FUNCTIONS[name], math.zeros(X))
    assert type(A).__name__ == name
    for size in (4, 6):
        with pytest.raises(ShapeError, match=rf"acts on tensors along \(xˢ=5\), not \(xˢ={size}, cᶜ=2\)"):
            A @ math.ones(spatial(x=size), channel(c=2))
    other = structured(math.laplace, math.zeros(spatial(x=6)))
    with pytest.raises(
        ShapeError, match=rf"{name} @ BoxLaplace: the first acts on \(xˢ=5\), the results of the second have \(xˢ=6\)"
    ):
        A @ other
    with pytest.raises(TypeError, match="is applied to tensors, whose dims have names, not to a float"):
        A @ 2.0
