"""Functions of fields that scripts for PhiFlow call: other cells, sums and places, spectra, boundaries."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.backend import precision
from phiml_core.extrapolation import ANTISYMMETRIC, PERIODIC, ZERO_GRADIENT
from phiml_core.math import batch, dual, spatial
from phiml_physics import diffuse, field, fluid
from phiml_physics.fluid import Obstacle
from phiml_physics.geom import Box, Sphere
from phiml_physics.grid import CenteredGrid, GridError, StaggeredGrid

TAU = 2 * np.pi


def linear(x, y):
    return x + 2 * y


def test_pad_continues_by_the_boundary():
    f = CenteredGrid(linear, {"x": ZERO_GRADIENT, "y": 7}, x=4, y=3, bounds=Box(x=2, y=6))
    wide = field.pad(f, {"x": (1, 0), "y": 2})
    found = wide.values.numpy("x,y")
    assert found.shape == (5, 7) and (found[:, :2] == 7).all() and (found[:, -2:] == 7).all()
    assert (found[0, 2:-2] == found[1, 2:-2]).all() and (found[1:, 2:-2] == f.values.numpy("x,y")).all()
    assert wide.geometry.lower == (-0.5, -4) and wide.geometry.upper == (2, 10) and (wide.dx == f.dx).all
    v = StaggeredGrid((3, 5), {"x": 1, "y": PERIODIC}, x=4, y=3)
    assert [c.shape.sizes for c in field.pad(v, 1).components] == [(5, 5), (6, 5)]
    assert field.pad(v, 1).components[0].numpy("x,y")[:, 2].tolist() == [1, 3, 3, 3, 1]
    with pytest.raises(Exception, match="cannot be padded along z"):
        field.pad(f, {"z": 1})


def test_half_and_double_resolution(each_backend):
    f = CenteredGrid(linear, ZERO_GRADIENT, x=4, y=6, bounds=Box(x=2, y=6))
    coarse = field.downsample2x(f)
    assert np.allclose(
        coarse.values.numpy("x,y"), CenteredGrid(linear, 0, x=2, y=3, bounds=Box(x=2, y=6)).values.numpy("x,y")
    )
    fine = field.upsample2x(f).values.numpy("x,y")
    exact = CenteredGrid(linear, 0, x=8, y=12, bounds=Box(x=2, y=6)).values.numpy("x,y")
    assert np.allclose(fine[1:-1, 1:-1], exact[1:-1, 1:-1]) and coarse.boundary == f.boundary
    v = StaggeredGrid(lambda x, y: (x, y), ZERO_GRADIENT, x=4, y=6)
    halves = StaggeredGrid(lambda x, y: (x, y), ZERO_GRADIENT, x=2, y=3, bounds=Box(x=4, y=6))
    for a, b in zip(field.downsample2x(v).components, halves.components, strict=True):
        assert np.allclose(a.numpy("x,y"), b.numpy("x,y"))
    with pytest.raises(GridError, match="5 cells along 'x' cannot be joined in pairs"):
        field.downsample2x(CenteredGrid(0, 0, x=5))


def test_sums_and_places():
    f = CenteredGrid(Box(x=(2, 4), y=(1, 2)), 0, x=8, y=4, bounds=Box(x=8, y=4)) * math.wrap([1.0, 3.0], batch("b"))
    assert field.center_of_mass(f).numpy("b,vector").tolist() == [[3, 1.5]] * 2
    assert field.integrate(f).numpy("b").tolist() == [2, 6]
    assert field.integrate(f, Box(x=(0, 2.5), y=(0, 4))).numpy("b").tolist() == [0.5, 1.5]
    assert np.allclose(math.sum_(field.normalize(f, f.b[0] * 5).values, spatial).numpy("b"), 10)
    assert field.support(f.b[0]).numpy("nonzero,vector").tolist() == [[2.5, 1.5], [3.5, 1.5]]
    with pytest.raises(GridError, match="center of mass is that of a centered grid"):
        field.center_of_mass(StaggeredGrid(0, 0, x=4, y=4))


def test_neighbours():
    f = CenteredGrid(math.tensor([1.0, 4.0, 9.0], spatial("x")), {"x": (0, ZERO_GRADIENT)})
    low, high = field.shift(f, (-1, 1))
    assert [g.values.numpy("x,shift").ravel().tolist() for g in (low, high)] == [[0, 1, 4], [4, 9, 9]]
    for boundary, expected in (({"x": (0, ZERO_GRADIENT)}, [1, 4, 9]), (ZERO_GRADIENT, [0, 1, 4, 9]), (0, [1, 4])):
        found = field.stagger(f, math.minimum, boundary)
        assert found.components[0].numpy("x").tolist() == expected
    with pytest.raises(GridError, match="A centered grid can be shifted"):
        field.shift(StaggeredGrid(0, 0, x=3), (1,))


def test_boundaries_become_values():
    v = StaggeredGrid((2, 3), {"x": 1, "y": PERIODIC}, x=3, y=2)
    baked = field.bake_extrapolation(v)
    assert [c.shape.sizes for c in baked.components] == [(4, 2), (3, 3)]
    assert baked.components[0].numpy("x,y")[:, 0].tolist() == [1, 2, 2, 1]
    assert field.bake_extrapolation(CenteredGrid(2, 5, x=2)).values.numpy("x").tolist() == [5, 2, 2, 5]
    assert field.as_boundary({"x": 0, "y": (0, 1)}, v).component("y") == v.with_boundary({"x": 0, "y": (0, 1)}).boundary
    assert field.mask(CenteredGrid(3, 1, x=2)).boundary == field.as_boundary(0, v)


def test_spectra_of_waves(each_backend):
    with precision(64):
        f = CenteredGrid(lambda x, y: math.sin(2 * x) * math.cos(3 * y), PERIODIC, x=10, y=12, bounds=Box(x=TAU, y=TAU))
        assert np.allclose(field.fourier_laplace(f).values.numpy("x,y"), -13 * f.values.numpy("x,y"))
        assert np.allclose(field.fourier_poisson(f).values.numpy("x,y"), f.values.numpy("x,y") / -13)
        v = StaggeredGrid(lambda x, y: (math.sin(x), math.sin(y)), PERIODIC, x=8, y=8, bounds=Box(x=TAU, y=TAU))
        assert np.allclose(field.fourier_laplace(v).components[1].numpy("x,y"), -v.components[1].numpy("x,y"))
    with pytest.raises(GridError, match="belongs to a periodic grid"):
        field.fourier_poisson(CenteredGrid(0, 0, x=4))


@pytest.mark.parametrize(
    "wave, k, boundary", [("sin", 2, PERIODIC), ("cos", 1.5, ZERO_GRADIENT), ("sin", 2.5, ANTISYMMETRIC)]
)
def test_waves_decay_exactly(wave, k, boundary, each_backend):
    with precision(64):
        f = CenteredGrid(lambda x: getattr(math, wave)(k * x), boundary, x=16, bounds=Box(x=TAU))
        nu = math.wrap([0.1, 3.0], batch("nu"))
        found = diffuse.fourier(f, nu, 0.7).values.numpy("nu,x")
        assert np.allclose(found, np.exp(-np.array([0.1, 3.0])[:, None] * k**2 * 0.7) * f.values.numpy("x"))
    with pytest.raises(GridError, match=r"Use diffuse\.implicit"):
        diffuse.fourier(CenteredGrid(0, 1, x=4), 0.1, 1.0)


def test_rate_of_diffusion_as_a_term():
    f = CenteredGrid(linear, 0, x=5, y=4)
    step = f + 0.1 * diffuse.finite_difference(f, 0.3)
    assert np.allclose(step.values.numpy("x,y"), diffuse.explicit(f, 0.3, 0.1).values.numpy("x,y"))
    varying = diffuse.differential(f, CenteredGrid(0.3, ZERO_GRADIENT, x=5, y=4))
    assert np.allclose(varying.values.numpy("x,y"), diffuse.differential(f, 0.3).values.numpy("x,y"), atol=1e-5)
    with pytest.raises(GridError, match="of order 2, not 4"):
        diffuse.differential(f, f, order=4)


def test_obstacles_force_their_velocity(each_backend):
    wall = Obstacle(Box(x=(2, 4), y=(1, 3)), velocity=(0.5, 0))
    v = StaggeredGrid((1, 2), ZERO_GRADIENT, x=6, y=4)
    x, y = (c.numpy("x,y") for c in fluid.apply_boundary_conditions(v, wall).components)
    assert np.allclose(x[2:5, 1:3], 0.5) and np.allclose(x[[0, 1, 5, 6]], 1) and np.allclose(y[2:4, 2], 0)
    centers = fluid.apply_boundary_conditions(v.at_centers(), [wall]).values.numpy("x,y,vector")
    assert np.allclose(centers[2:4, 1:3, 0], 0.5) and np.allclose(centers[[0, 5]], (1, 2))
    assert fluid.apply_boundary_conditions(v, ()) is v
    with pytest.raises(GridError, match="upon a grid of vectors"):
        fluid.apply_boundary_conditions(CenteredGrid(0, 0, x=4, y=4), Sphere(x=2, y=2, radius=1))


def test_components_along_a_dual_dim():
    parts = {"x": math.full(spatial(x=3, y=2), 1.0), "y": math.full(spatial(x=4, y=1), 2.0)}
    found = StaggeredGrid(math.stack(parts, dual("vector")), 0, x=4, y=2)
    assert [c.numpy("x,y").max() for c in found.components] == [1, 2]


def test_values_at_positions():
    f = CenteredGrid(linear, ZERO_GRADIENT, x=4, y=3)
    assert float(f.sample(math.vec(x=2.0, y=1.5))) == 5
    assert f.sample(StaggeredGrid(0, 0, x=4, y=3).faces[0]).shape == spatial(x=3, y=3)
