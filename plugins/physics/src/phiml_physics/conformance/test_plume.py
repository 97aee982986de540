"""Twenty steps of the plume equal NumPy's, eager, compiled and batched; no divergence is left; space equals the plane."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.math import batch

from ..operators import divergence
from .plume import TOLERANCE, Plume, farthest, on_numpy, run

HOW = pytest.mark.parametrize("compiled", [False, True], ids=["eager", "compiled"])
OBSTACLE = pytest.mark.parametrize("obstacle", [False, True], ids=["free", "obstacle"])


@OBSTACLE
@HOW
def test_equals_numpy(obstacle, compiled, place, bits):
    state = run(Plume(obstacle), 0.5, compiled=compiled)
    assert state.smoke.values.backend is place and state.smoke.values.dtype.name == f"float{bits}"
    assert np.abs(state.velocity.vector["y"].values.numpy("x,y")).max() > 0.5  # it rises
    assert farthest(state.arrays(), on_numpy(obstacle)) <= TOLERANCE[bits]


@OBSTACLE
def test_no_divergence_is_left(obstacle, place, bits):
    velocity = run(Plume(obstacle), 0.5, steps=3).velocity
    fastest = max(float(math.max_(abs(c), c.shape)) for c in velocity.components)
    left = float(math.max_(abs(divergence(velocity).values), "x,y")) * min(velocity.geometry.spacing) / fastest
    assert left <= {32: 1e-5, 64: 1e-10}[bits]


@OBSTACLE
@HOW
def test_batch_equals_one_by_one(obstacle, compiled, place, double):
    rates = [0.5, 0.2]
    together = run(Plume(obstacle), math.tensor(rates, batch("b")), compiled=compiled)
    for i, rate in enumerate(rates):
        found = [v.b[i] for v in (together.smoke.values, *together.velocity.components)]
        arrays = [v.numpy(",".join(sorted(v.shape.names))) for v in found]
        assert farthest(arrays, on_numpy(obstacle, rate)) <= TOLERANCE[64]


@HOW
def test_space_equals_the_plane(compiled, place, double):
    """What is constant along z stays so, and equals the plume in the plane."""
    state = run(Plume(depth=2), 0.5, compiled=compiled)
    smoke, x, y, z = state.arrays()
    assert np.abs(z).max() <= 1e-10
    for a, b in zip((smoke, x, y), on_numpy(), strict=True):
        np.testing.assert_allclose(a[..., 0], a[..., 1], atol=1e-10)
        np.testing.assert_allclose(a[..., 0], b, atol=1e-10 * np.abs(b).max())


def test_iterate_equals_steps(place, double):
    plume = Plume()
    step = math.jit_compile(lambda state, rate, dt: plume.step(state, rate, dt))
    state = math.iterate(step, 20, plume.start(), f_kwargs={"rate": 0.5, "dt": 0.9})
    assert farthest(state.arrays(), on_numpy()) <= TOLERANCE[64]
