"""Integrators of advection, and advection as a term of an equation."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.backend import backend, precision
from phiml_core.extrapolation import PERIODIC, SYMMETRIC, ZERO_GRADIENT
from phiml_core.math import check_gradient, jit_compile
from phiml_physics import advect
from phiml_physics.geom import Box
from phiml_physics.grid import CenteredGrid, GridError, StaggeredGrid

TAU = 2 * np.pi


def turning(x, y):
    """One turn in a time of 2π."""
    return 0.5 - y, x - 0.5


def blob(x, y):
    return math.exp(-60 * ((x - 0.5) ** 2 + (y - 0.7) ** 2))


@pytest.mark.parametrize("scheme", [advect.semi_lagrangian, advect.mac_cormack])
@pytest.mark.parametrize("kind", [CenteredGrid, StaggeredGrid, None])
def test_eight_steps_make_a_turn(scheme, kind):
    """With Euler's method the blob leaves the box on a spiral: 45 degrees in a step."""
    cells = dict(x=64, y=64, bounds=Box(x=1, y=1))
    wind = turning if kind is None else kind(turning, ZERO_GRADIENT, **cells)
    s = start = CenteredGrid(blob, 0, **cells)
    for _ in range(8):
        s = scheme(s, wind, TAU / 8, integrator=advect.rk4)
    assert float(abs(s - start).max) < 0.1
    assert float(abs(scheme(start, wind, TAU / 8) - scheme(start, wind, TAU / 8, integrator=advect.rk4)).max) > 0.3


def test_the_way_is_followed_to_fourth_order():
    """Of the position x = exp(t) of a particle in the flow v = x: the error of a step falls with dt⁵."""

    def error(dt):
        mean = advect.rk4(lambda x: x, math.vec(x=1.0), -dt, math.vec(x=1.0))
        return abs(float(math.sum_(1.0 - dt * mean, "vector")) - np.exp(-dt))

    with precision(64):
        assert np.log2(error(0.2) / error(0.1)) == pytest.approx(5, abs=0.2)


def test_finite_where_the_way_is_not():
    """The velocity is known near the start only."""
    x = math.tensor([0.0, 0.6], math.spatial("x"))
    places = math.stack([x], math.channel(vector="x"))

    def velocity(y):
        return math.where(y["x"] < 0.5, y, float("nan"))

    mean = advect.finite_rk4(velocity, places, 1.0, math.expand(1.0, places.shape))
    assert mean.vector["x"].numpy("x")[1] == 1 and np.isfinite(mean.numpy("x,vector")).all()


def test_integrators_agree_on_backends(each_backend):
    def move(amplitude):
        wind = StaggeredGrid(lambda x: math.sin(x), PERIODIC, x=6) * amplitude
        start = CenteredGrid(lambda x: math.cos(x), ZERO_GRADIENT, x=6)
        return advect.mac_cormack(start, wind, 1.7, integrator=advect.rk4).values

    with backend("numpy"):
        expected = move(1.0).numpy("x")
    assert np.allclose(jit_compile(move)(1.0).numpy("x"), expected, atol=1e-5)
    if each_backend != "numpy":
        check_gradient(lambda a: math.sum_(move(a) ** 2, "x"), math.tensor(0.6))


@pytest.mark.parametrize("order", [2, 4, 6])
def test_rate_of_a_travelling_wave(order, each_backend):
    def error(n):
        cells = dict(x=n, bounds=Box(x=TAU))
        u = CenteredGrid(lambda x: math.sin(x), PERIODIC, **cells)
        exact = CenteredGrid(lambda x: -2 * math.cos(x), PERIODIC, **cells)
        return float(abs(advect.differential(u, math.vec(x=2.0), order=order) - exact).max)

    with precision(64):
        assert np.log2(error(12) / error(24)) == pytest.approx(order, abs=0.25)


def test_upwind_looks_where_the_flow_comes_from():
    u = CenteredGrid(math.tensor([0.0, 1.0, 4.0], math.spatial("x")), ZERO_GRADIENT)
    for wind, rates in ((1.0, [0, -1, -3]), (-1.0, [1, 3, 0])):
        found = advect.differential(u, math.vec(x=wind), upwind=True)
        assert found.values.numpy("x").tolist() == rates


def test_rates_keep_faces_and_fixed_values():
    v = StaggeredGrid(lambda x, y: (math.sin(y), math.cos(x)), {"x": 1, "y": SYMMETRIC}, x=6, y=5)
    rate = advect.finite_difference(v, v)
    assert rate.faces == v.faces and (v + 0.1 * rate).boundary == v.boundary


def test_unknown_order():
    with pytest.raises(GridError, match="order 2, 4, 6, not 3"):
        advect.differential(CenteredGrid(0, 0, x=4), math.vec(x=1.0), order=3)
