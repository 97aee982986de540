"""A plume in space that is constant along z is the plume in the plane: whole steps, with a picture in the way and an open top."""

import itertools

import numpy as np
import pytest
from phiml_physics.flow import (
    PERIODIC,
    ZERO_GRADIENT,
    Box,
    CenteredGrid,
    Obstacle,
    StaggeredGrid,
    fluid,
    image_geometry,
    jit_compile,
    resample,
)
from proof_plume import AGREE, PICTURE, arrays, remaining, step

STEPS = 10
CELLS = dict(x=24, y=30)
PLACE = Box(x=(27, 73), y=(45, 90))  # not aligned with the cells
DEPTH = 4


def start(along_z):
    """Velocity, smoke and pressure at rest, in the plane for None."""
    cells = {**CELLS, "bounds": Box(x=100, y=125)}
    walls, smoke = {"x": 0, "y": (0, ZERO_GRADIENT)}, {"x": ZERO_GRADIENT, "y": ZERO_GRADIENT}
    if along_z is not None:
        cells = {**CELLS, "z": DEPTH, "bounds": Box(x=100, y=125, z=100 / 24 * DEPTH)}
        ends = PERIODIC if along_z == "periodic" else None
        walls["z"], smoke["z"] = ends or 0, ends or ZERO_GRADIENT
    v = StaggeredGrid(0, walls, **cells)
    return v, CenteredGrid(0, smoke, **cells), fluid.make_incompressible(v)[1]


def source(smoke):
    """Smoke that flows in low and off the middle, whatever z is."""
    box = Box(x=(33, 55), y=(8, 21), **{n: None for n in smoke.geometry.names if n == "z"})
    return resample(box, to=smoke)


CASES = list(itertools.product(("numpy", "jax"), (32, 64), ("periodic", "closed"), ("none", "picture")))
SHORT = [c for c in CASES if c[0] == "numpy"] + [("jax", 64, "periodic", "picture")]


@pytest.mark.parametrize(
    "place, bits, along_z, obstacle",
    [pytest.param(*c, marks=[] if c in SHORT else [pytest.mark.long]) for c in CASES],
    indirect=["place", "bits"],
)
def test_constant_along_z(along_z, obstacle, place, bits):
    bodies = () if obstacle == "none" else (Obstacle(image_geometry(PICTURE, PLACE)),)
    flat, deep = start(None), start(along_z)
    one, other = jit_compile(step), jit_compile(step)
    pours = source(flat[1]), source(deep[1])
    for _ in range(STEPS):
        flat, deep = one(*flat, bodies, source=pours[0]), other(*deep, bodies, source=pours[1])
    assert remaining(deep[0]) < {32: 1e-5, 64: 1e-10}[bits]
    (u, v), (s, p) = arrays(flat[0]), arrays(*flat[1:])
    (u3, v3, w3), (s3, p3) = arrays(deep[0]), arrays(*deep[1:])
    speed = np.abs(v).max()
    assert speed > 0.3 and s.max() > 0.5
    for a, b, size in ((u, u3, speed), (v, v3, speed), (s, s3, s.max()), (p, p3, np.abs(p).max())):
        assert np.abs(b - a[..., None]).max() < AGREE[bits] * size
    assert np.abs(w3).max() < AGREE[bits] * speed
