"""The smoke plume: a closed box, an inflow, buoyancy, a moving body of air, with and without an obstacle."""

import functools

import numpy as np
from phiml_core import math
from phiml_core.extrapolation import ZERO_GRADIENT
from phiml_core.field import resample
from phiml_core.tree import tree_map

from .. import advect, fluid
from ..geom import Box, Sphere
from ..grid import CenteredGrid, StaggeredGrid

__all__ = ["TOLERANCE", "Plume", "State", "on_numpy", "run"]

TOLERANCE = {32: 1e-4, 64: 1e-10}


class State:
    """Smoke and velocity."""

    __value_attrs__ = ("smoke", "velocity")

    def __init__(self, smoke, velocity):
        self.smoke, self.velocity = smoke, velocity

    def arrays(self):
        """All values as NumPy arrays, dims in order of name."""
        values = [self.smoke.values, *self.velocity.components]
        return [v.numpy(",".join(sorted(v.shape.names))) for v in values]


class Plume:
    """A plume in a box of 10 cells across, 12 high; with an obstacle, in 3D (constant along z), or in a batch."""

    def __init__(self, obstacle=False, depth=0):
        self.sizes = {"x": 10, "y": 12} | ({"z": depth} if depth else {})
        self.bounds = Box(x=20, y=24, **({"z": 2 * depth} if depth else {}))
        source = Box(x=(6, 13), y=(2, 6), **({"z": (-9, 99)} if depth else {}))
        self.boundary = {"x": 0, "y": 0, "z": "periodic"} if depth else 0
        self.inflow = resample(source, to=CenteredGrid(0.0, ZERO_GRADIENT, bounds=self.bounds, **self.sizes), soft=True)
        self.lift = math.vec(**{d: 0.3 if d == "y" else 0.0 for d in self.sizes})
        self.obstacles = (Sphere(x=11, y=15, radius=3.1),) if obstacle else ()

    def start(self, rate=0.0):
        smoke = CenteredGrid(
            lambda *x: 0.2 * math.sin(0.3 * x[0]) ** 2 + rate, ZERO_GRADIENT, bounds=self.bounds, **self.sizes
        )

        def swirl(*x):
            slow = math.sin(0.157 * x[0]) * math.sin(0.131 * x[1])
            return (slow, -0.7 * slow, *(0 * slow for _ in x[2:]))

        velocity = StaggeredGrid(swirl, self.boundary, bounds=self.bounds, **self.sizes)
        return State(*tree_map(math.store, (smoke, velocity)))

    def step(self, state, rate, dt):
        smoke = advect.mac_cormack(state.smoke, state.velocity, dt) + rate * dt * self.inflow
        push = resample(smoke * self.lift, to=state.velocity)
        velocity = advect.semi_lagrangian(state.velocity, state.velocity, dt) + push * dt
        velocity, _ = fluid.make_incompressible(
            velocity, self.obstacles, fluid.Solve(abs_tol=TOLERANCE[math.get_precision()] * 1e-2)
        )
        return State(smoke, velocity)


def run(plume, rate, steps=20, compiled=False, dt=0.9):
    """The state after some steps."""
    step = math.jit_compile(plume.step) if compiled else plume.step
    state = plume.start()
    for _ in range(steps):
        state = step(state, rate, dt)
    if compiled:
        assert step.traces <= 2  # the first step may store what was constant
    return state


@functools.cache
def on_numpy(obstacle=False, rate=0.5, bits=64):
    """The arrays after 20 steps on NumPy."""
    with math.backend("numpy"), math.precision(bits):
        return run(Plume(obstacle), rate).arrays()


def farthest(found, expected):
    """The largest difference, relative to the largest value."""
    return max(np.abs(a - b).max() / np.abs(b).max() for a, b in zip(found, expected, strict=True))
