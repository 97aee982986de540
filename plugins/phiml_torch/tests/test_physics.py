"""The smoke plume on PyTorch: as on NumPy, and its gradients as on JAX."""

import importlib.util

import numpy as np
import pytest
from phiml_core import math
from phiml_core.backend import backend
from phiml_core.math import precision, spatial

pytestmark = pytest.mark.skipif(not importlib.util.find_spec("phiml_physics"), reason="needs phiml-physics")
CASES = ("closed", "open", "obstacle")


def plume(place, sizes, case, bits):
    from phiml_physics import flow

    with backend(place), precision(bits):
        names = "xyz"[: len(sizes)]
        up = names[-1]
        grid = dict(zip(names, sizes, strict=True))
        bounds = flow.Box(**{n: float(s) for n, s in grid.items()})
        boundary = {**dict.fromkeys(names[:-1], 0), up: (0, flow.ZERO_GRADIENT)} if case == "open" else 0
        rng = np.random.default_rng(0)
        smoke = flow.CenteredGrid(
            math.tensor(rng.uniform(size=sizes).astype(f"float{bits}"), spatial(",".join(names))),
            flow.ZERO_GRADIENT, bounds, **grid,
        )  # fmt: skip
        velocity = flow.StaggeredGrid(0, boundary, bounds, **grid)
        obstacles = ()
        if case == "obstacle":
            obstacles = (flow.Obstacle(flow.Sphere(**{n: s / 2 for n, s in grid.items()}, radius=min(sizes) / 5)),)
        lift = math.wrap([0.1 if n == up else 0.0 for n in names], math.channel(vector=",".join(names)))

        def step(velocity, smoke, dt):
            smoke = flow.advect.mac_cormack(smoke, velocity, dt)
            velocity = flow.advect.semi_lagrangian(velocity, velocity, dt)
            velocity = velocity + flow.resample(smoke * lift, to=velocity) * dt
            return flow.fluid.make_incompressible(velocity, obstacles)[0], smoke

    return step, velocity, smoke


def arrays(velocity, smoke):
    names = ",".join(velocity.geometry.names)
    return [np.asarray(c.numpy(names)) for c in (*velocity.components, smoke.values)]


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("sizes", [(20, 16), (8, 10, 6)], ids=["2d", "3d"])
@pytest.mark.parametrize("case", CASES)
def test_twenty_steps(case, sizes, bits):
    results = []
    for place, compiled in (("numpy", False), ("torch", False), ("torch", True)):
        step, *state = plume(place, sizes, case, bits)
        with backend(place), precision(bits):
            step = math.jit_compile(step) if compiled else step
            for _ in range(20):
                state = step(*state, 1.0)
            results.append(arrays(*state))
    tolerance = 1e-4 if bits == 32 else 1e-10
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            assert a.dtype == b.dtype == f"float{bits}"
            np.testing.assert_allclose(a, b, atol=tolerance * np.abs(a).max())


@pytest.mark.parametrize(("sizes", "case"), [((12, 10), "obstacle"), ((6, 5, 6), "closed")])
def test_gradient_of_sixteen_steps(sizes, case):
    pytest.importorskip("phiml_jax")
    found = {}
    for place in ("jax", "torch"):
        step, velocity, smoke = plume(place, sizes, case, 64)

        def loss(smoke, velocity, dt, step=step):
            v, s = math.fori_loop(16, lambda i, v, s: step(v, s, dt), (velocity, smoke))
            return math.sum_(s.values**2) + sum(math.sum_(c**2) for c in v.components)

        with backend(place), precision(64):
            g, dt = math.jit_compile(math.gradient(loss, "smoke,dt", get_output=False))(smoke, velocity, 0.8)
            found[place] = g.values.numpy(g.values.shape), float(dt)
    np.testing.assert_allclose(found["torch"][0], found["jax"][0], atol=1e-8 * np.abs(found["jax"][0]).max())
    np.testing.assert_allclose(found["torch"][1], found["jax"][1], rtol=1e-8)


@pytest.mark.inductor
def test_machine_code_of_a_step():
    step, *state = plume("torch", (12, 10), "closed", 32)
    expected = step(*state, 1.0)
    found = math.jit_compile(step)(*state, 1.0)
    for a, b in zip(arrays(*expected), arrays(*found), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


@pytest.mark.inductor
@pytest.mark.parametrize("route", ["gradient of compiled", pytest.param("compiled gradient", marks=pytest.mark.long)])
def test_gradient_of_two_steps_in_machine_code(route):
    """Gradients of chained look-ups are where the compiler for CPUs, left alone, is wrong without an error."""
    step, *state = plume("torch", (16, 16), "closed", 64)
    with precision(64):
        for _ in range(3):
            state = step(*state, 1.0)

        def two_steps(velocity, smoke, dt):
            return step(*step(velocity, smoke, dt), dt)

        def loss(function):
            def call(velocity, smoke, dt):
                velocity, smoke = function(velocity, smoke, dt)
                return math.sum_(math.tanh(smoke.values) ** 2) + sum(math.sum_(c**2) for c in velocity.components)

            return math.gradient(call, "velocity,smoke,dt", get_output=False)

        if route == "compiled gradient":
            found = math.jit_compile(loss(two_steps))
        else:
            found = loss(math.jit_compile(two_steps))
        *expected, dt = loss(two_steps)(*state, 0.8)
        *got, own_dt = found(*state, 0.8)
        for a, b in zip(arrays(*expected), arrays(*got), strict=True):
            assert np.abs(a).max() > 0.01
            np.testing.assert_allclose(b, a, rtol=0, atol=1e-10 * np.abs(a).max())
        np.testing.assert_allclose(float(own_dt), float(dt), rtol=1e-10)
