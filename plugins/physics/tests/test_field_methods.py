"""What fields offer as methods and operators, as PhiFlow has them."""

import numpy as np
import pytest
from phiml_physics.flow import (
    PERIODIC,
    ZERO_GRADIENT,
    Box,
    CenteredGrid,
    Sphere,
    StaggeredGrid,
    advect,
    curl,
    divergence,
    laplace,
    math,
    resample,
    spatial_gradient,
)
from phiml_physics.grid.errors import GridError

CELLS = {"x": 8, "y": 6, "bounds": Box(x=4, y=3)}


def same(a, b):
    assert type(a) is type(b) and a.boundary == b.boundary
    for x, y in zip(getattr(a, "components", [a.values]), getattr(b, "components", [b.values]), strict=True):
        np.testing.assert_array_equal(x.numpy("x,y"), y.numpy("x,y"))


def test_resampling_operator(each_backend):
    smoke = CenteredGrid(lambda x, y: x * y, ZERO_GRADIENT, **CELLS)
    velocity = StaggeredGrid(0, 0, **CELLS)
    same(smoke * (0, 0.5) @ velocity, resample(smoke * (0, 0.5), to=velocity))
    same(smoke.at(velocity), resample(smoke, to=velocity))
    same(Sphere(x=2, y=1, radius=1) @ smoke, resample(Sphere(x=2, y=1, radius=1), to=smoke))
    same((1, 2) @ velocity, resample((1, 2), to=velocity))
    with pytest.raises(TypeError, match="@"):
        smoke @ 3


def test_differential_operators_as_methods(each_backend):
    smoke = CenteredGrid(lambda x, y: math.sin(x) * y, PERIODIC, **CELLS)
    velocity = StaggeredGrid(lambda x, y: math.stack({"x": y, "y": x * x}, math.channel("vector")), 0, **CELLS)
    same(smoke.laplace(), laplace(smoke))
    same(smoke.laplace("x"), laplace(smoke, "x"))
    for found, wanted in ((smoke.gradient(), spatial_gradient(smoke)), (velocity.curl(), curl(velocity))):
        assert math.close(found.values, wanted.values) and found.boundary == wanted.boundary
    same(velocity.divergence(), divergence(velocity))


def test_components_by_name(each_backend):
    velocity = StaggeredGrid((1, 2), ZERO_GRADIENT, **CELLS)
    assert velocity["y"].values.numpy("x,y").tolist() == velocity.vector["y"].values.numpy("x,y").tolist()
    with pytest.raises(TypeError, match="names of dims"):
        velocity[0]


def test_choices_and_limits(each_backend):
    grid = CenteredGrid(lambda x, y: x - 2, 3.0, **CELLS)
    values = grid.numpy("x,y")
    for condition in (grid > 0, grid.values > 0):
        chosen = math.where(condition, grid, -grid)
        np.testing.assert_array_equal(chosen.numpy("x,y"), np.abs(values))
        assert chosen.boundary == grid.boundary
    limited = math.clip(grid, -1, 1)
    np.testing.assert_array_equal(limited.numpy("x,y"), values.clip(-1, 1))
    assert limited.boundary == 1.0 * (grid.boundary * 0 + 1)
    faces = StaggeredGrid(lambda x, y: math.stack({"x": x, "y": y}, math.channel("vector")), 0, **CELLS)
    larger = math.where(faces > 1, faces, 1)
    assert float(math.min(larger.vector["x"].values)) == 1 and type(larger) is StaggeredGrid
    with pytest.raises(GridError, match="same places"):
        math.where(grid > 0, faces, faces)
    with pytest.raises(TypeError, match="where is not defined"):
        math.where(grid.values > 0, object(), 1)


def test_a_scalar_is_no_velocity():
    grid = CenteredGrid(1, 0, **CELLS)
    with pytest.raises(GridError, match="one component for each of the axes x, y"):
        advect.semi_lagrangian(grid, grid, 1.0)
    line = CenteredGrid(1, PERIODIC, x=8)
    assert advect.semi_lagrangian(line, line, 1.0).values.mean == 1
