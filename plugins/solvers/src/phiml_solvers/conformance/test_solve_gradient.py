"""Implicit derivatives of solutions against differences of NumPy's, eager, compiled and batched; second order."""

from dataclasses import replace

import numpy as np
import pytest
from phiml_core import math
from phiml_core.conformance.bounds import SLOPE_ERROR
from phiml_core.conformance.claims import capability, claimed
from phiml_core.math import LinearProblem, batch, solve, spatial

from .grids import METHODS, NOISE, TIGHT, masked, operator, rhs, tensor

XY = spatial("x,y")
STEP = 1e-5


def total(t):
    return math.sum_(t, t.shape)


def value_on_numpy(loss, array, dims):
    with math.backend("numpy"), math.precision(64):
        return float(total(loss(tensor(array, *dims))))


def check(loss, array, dims, place, seed=1, outside=False):
    """Eager and compiled (`outside`: also of the compiled loss), in a random direction, against differences of NumPy's values."""
    array = np.asarray(array, float)
    along = np.random.default_rng(seed).uniform(-1, 1, array.shape)
    plus, minus = (value_on_numpy(loss, array + h * along, dims) for h in (STEP, -STEP))
    expected = (plus - minus) / (2 * STEP)
    names = ",".join(n for d in dims for n in d.names)
    derivative = math.gradient(loss, get_output=False)
    runs = [derivative]
    if not place.inability("compiled gradient", "solve"):
        runs += [math.jit_compile(derivative)]
        runs += [math.gradient(math.jit_compile(loss), get_output=False)] if outside else []
    for run in runs:
        terms = run(tensor(array, *dims)).numpy(names or None) * along
        size = np.abs(terms).sum() + abs(expected)
        assert abs(terms.sum() - expected) <= 10 * SLOPE_ERROR * max(size, 1.0)


@capability("gradient", "compiled gradient")
@pytest.mark.parametrize("sides", ["closed", "mixed"])
@pytest.mark.parametrize("method", METHODS)
def test_by_right_hand_side(method, sides, place, double):
    def loss(y):
        x, _ = solve(LinearProblem(operator(sides), y), TIGHT.with_(method=method))
        return total(x * x * tensor(NOISE[1], XY))

    with claimed(place, "gradient", "solve"):
        check(loss, rhs(lambda: operator(sides)), [XY], place)


@capability("gradient", "compiled gradient")
@pytest.mark.parametrize("method", METHODS)
def test_by_coefficients(method, place, double):
    def loss(c):
        box = operator(scale=c.c[0], shift=c.c[1])
        return total(
            solve(LinearProblem(box, tensor(NOISE[0], XY)), TIGHT.with_(method=method))[0] * tensor(NOISE[1], XY)
        )

    with claimed(place, "gradient", "solve"):
        check(loss, [-0.7, 1.3], [batch("c")], place, outside=True)


@capability("gradient", "compiled gradient")
def test_by_open_faces(place, double):
    """Around an obstacle, where conjugate gradients iterate."""

    def loss(w):
        around = masked("mixed")
        changed = replace(around, weights=(around.weights[0] * w, around.weights[1]))
        x, _ = solve(LinearProblem(changed, tensor(rhs(lambda: masked("mixed")), XY)), TIGHT)
        return total(x * x)

    with math.backend("numpy"):
        sizes = masked("mixed").weights[0].shape.sizes
    with claimed(place, "gradient", "solve"):
        check(loss, np.random.default_rng(2).uniform(0.5, 1, sizes), [XY], place)


@capability("gradient")
def test_batch(place, double):
    """Each example has its own gradient; what they share gathers all of them."""
    y = tensor(NOISE, batch("b"), XY)

    def loss(y, shift):
        x, _ = solve(LinearProblem(operator("open", shift=shift), y), TIGHT)
        return math.sum_(x * x)

    with claimed(place, "gradient", "solve"):
        by_y, by_shift = math.gradient(loss, "y,shift", get_output=False)(y, tensor(-0.3))
        together = 0.0
        for i in range(3):
            one, shift = math.gradient(loss, "y,shift", get_output=False)(y.b[i], tensor(-0.3))
            np.testing.assert_allclose(by_y.b[i].numpy("x,y"), one.numpy("x,y"), atol=1e-9)
            together += float(shift)
        assert abs(float(by_shift) - together) <= 1e-8 * abs(together)


@capability("second gradient")
@pytest.mark.parametrize("method", METHODS)
def test_second_order(method, place, double):
    """The derivative of the gradient along a direction, against differences of the gradient."""

    def loss(y):
        x, _ = solve(LinearProblem(operator("open"), y), TIGHT.with_(method=method))
        return total(x * x * x * tensor(NOISE[1], XY))

    def along(y):
        return total(math.gradient(loss, get_output=False)(y) * tensor(NOISE[2], XY))

    with claimed(place, "second gradient", "solve"):
        y, w = NOISE[0], np.random.default_rng(4).uniform(-1, 1, (6, 5))
        terms = math.gradient(along, get_output=False)(tensor(y, XY)).numpy("x,y") * w
        plus, minus = (float(along(tensor(y + h * w, XY))) for h in (STEP, -STEP))
        expected = (plus - minus) / (2 * STEP)
        assert abs(terms.sum() - expected) <= 10 * SLOPE_ERROR * max(np.abs(terms).sum() + abs(expected), 1.0)
