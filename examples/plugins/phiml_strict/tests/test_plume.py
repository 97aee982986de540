"""The closed smoke plume runs on arrays of array_api_strict, and gives what it gives on NumPy."""

import numpy as np
import pytest
from phiml_core import math

physics = pytest.importorskip("phiml_physics", reason="phiml-physics is not installed")

STEPS, RESOLUTION, DT = 20, {"x": 24, "y": 32}, 0.8


def plume(name, with_obstacle):
    """Density, velocity at the centers, and the largest divergence of each step."""
    from phiml_core.extrapolation import ZERO_GRADIENT
    from phiml_core.field import resample
    from phiml_physics import advect, fluid
    from phiml_physics.geom import Box, Sphere
    from phiml_physics.grid import CenteredGrid, StaggeredGrid
    from phiml_physics.operators import divergence

    with math.backend(name), math.precision(64):
        bounds = Box(x=48, y=64)
        smoke = CenteredGrid(0.0, ZERO_GRADIENT, bounds=bounds, **RESOLUTION)
        velocity = StaggeredGrid(0.0, 0.0, bounds=bounds, **RESOLUTION)
        inflow = resample(Sphere(x=24, y=10, radius=6), to=smoke, soft=True)
        obstacles = [Box(x=(16, 30), y=(26, 33))] if with_obstacle else ()
        left = []
        for _ in range(STEPS):
            smoke = advect.mac_cormack(smoke, velocity, DT) + 0.2 * DT * inflow
            buoyancy = resample(smoke * math.vec(x=0.0, y=0.3), to=velocity)
            velocity = advect.semi_lagrangian(velocity, velocity, DT) + buoyancy * DT
            velocity, _ = fluid.make_incompressible(velocity, obstacles)
            left.append(float(math.max_(abs(divergence(velocity).values))))
        return smoke.values, velocity.at_centers().values, left


@pytest.mark.parametrize("with_obstacle", [False, True], ids=["free", "obstacle"])
def test_same_plume(with_obstacle):
    smoke, velocity, left = plume("array_api_strict", with_obstacle)
    assert (smoke.backend.name, velocity.backend.name) == ("array_api_strict", "array_api_strict")
    assert smoke.dtype.name == "float64"
    expected_smoke, expected_velocity, _ = plume("numpy", with_obstacle)
    assert velocity.vector["y"].numpy("x,y").max() > 1  # it rises
    for found, expected in ((smoke, expected_smoke), (velocity, expected_velocity)):
        order = found.shape.names
        np.testing.assert_allclose(found.numpy(order), expected.numpy(order), rtol=0, atol=1e-10)
    assert max(left) < 1e-9
