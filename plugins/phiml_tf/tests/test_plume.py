"""The smoke plume: 20 steps as on NumPy, in closed and open boxes, around obstacles, in 2D and 3D, and its derivative."""

import numpy as np
import pytest

pytest.importorskip("phiml_physics", reason="phiml-physics is not installed")

from phiml_core import math
from phiml_core.backend import backend
from phiml_physics import flow

STEPS = 20
TOLERANCE = {32: 1e-4, 64: 1e-10}


class Plume:
    """A closed box with a ball of smoke and a swirl; `open` has no lid, `obstacle` a sphere in the way."""

    def __init__(self, name, **sizes):
        up = list(sizes)[-1]
        bounds = flow.Box(**{n: float(s) for n, s in sizes.items()})
        boundary = {**dict.fromkeys(list(sizes)[:-1], 0), up: (0, flow.ZERO_GRADIENT)} if name == "open" else 0
        center = {n: s / 2 for n, s in sizes.items()} | {up: sizes[up] / 4}
        self.smoke = flow.CenteredGrid(flow.Sphere(**center, radius=3), flow.ZERO_GRADIENT, bounds, **sizes)
        velocity = flow.StaggeredGrid(lambda x: 0.7 * math.sin(x), boundary, bounds, **sizes)
        around = flow.Sphere(**{n: s / 2 + 0.3 for n, s in sizes.items()}, radius=2.2)
        self.obstacles = (flow.Obstacle(around),) if name == "obstacle" else ()
        self.velocity = flow.fluid.make_incompressible(velocity, self.obstacles)[0]
        self.lift = math.vec(**{n: 0.1 * (n == up) for n in sizes})

    def step(self, velocity, smoke):
        smoke = flow.advect.mac_cormack(smoke, velocity, 1.0)
        lift = flow.resample(smoke * self.lift, to=velocity)
        velocity = flow.advect.semi_lagrangian(velocity, velocity, 1.0) + lift
        return flow.fluid.make_incompressible(velocity, self.obstacles)[0], smoke

    def run(self, steps=STEPS, compiled=False):
        step = math.jit_compile(self.step) if compiled else self.step
        return arrays(*flow.iterate(step, steps, self.velocity, self.smoke, **({"chunk": steps} if compiled else {})))

    def loss(self, velocity, smoke, steps):
        velocity, smoke = math.fori_loop(steps, lambda i, v, s: self.step(v, s), (velocity, smoke))
        return math.l2_loss(smoke.values) + sum(math.l2_loss(c) for c in velocity.components)


def arrays(velocity, smoke):
    return [c.numpy(c.shape) for c in (*velocity.components, smoke.values)]


def assert_close(found, expected, rel):
    for f, e in zip(found, expected, strict=True):
        assert f.dtype == e.dtype
        np.testing.assert_allclose(f, e, rtol=0, atol=rel * np.abs(e).max())


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("name", ["closed", "open", "obstacle", "volume"])
def test_steps_agree_with_numpy(name, bits):
    sizes = {"x": 10, "y": 9, "z": 11} if name == "volume" else {"x": 16, "y": 18}
    with math.precision(bits):
        with backend("numpy"):
            expected = Plume(name, **sizes).run()
        assert_close(Plume(name, **sizes).run(), expected, TOLERANCE[bits])


def test_compiled_steps_agree_with_numpy():
    with math.precision(64):
        with backend("numpy"):
            expected = Plume("closed", x=16, y=18).run()
        assert_close(Plume("closed", x=16, y=18).run(compiled=True), expected, TOLERANCE[64])


def test_the_derivative_agrees_with_differences():
    with math.precision(64):
        plume = Plume("open", x=8, y=9)
        check = math.check_gradient(
            plume.loss, "velocity", plume.velocity, plume.smoke, 3, samples=6, rel_tolerance=1e-5
        )
    assert check.max_error < 1e-5
