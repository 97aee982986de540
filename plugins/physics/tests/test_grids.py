"""Grids: making, sampling, resampling, arithmetic, slicing."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.backend import backend
from phiml_core.extrapolation import ONE, PERIODIC, SYMMETRIC, ZERO_GRADIENT, UnknownBoundary
from phiml_core.field import resample, sample
from phiml_core.math import batch, channel, spatial
from phiml_core.transform import gradient
from phiml_physics.geom import Box, GeometryError, Sphere
from phiml_physics.grid import CenteredGrid, GridError, Noise, ResolutionMismatch, StaggeredGrid

BOUNDARIES = [0, 1.5, ZERO_GRADIENT, PERIODIC, {"x": PERIODIC, "y": (0, ZERO_GRADIENT)}]


def test_values_from_everything(each_backend):
    size = dict(x=4, y=3)
    assert CenteredGrid(2, 0, **size).values.numpy("x,y").tolist() == [[2.0] * 3] * 4
    assert CenteredGrid(lambda x, y: x, 0, **size).values.numpy("x,y")[:, 0].tolist() == [0.5, 1.5, 2.5, 3.5]
    assert CenteredGrid(lambda p: p.vector["y"], 0, **size).values.numpy("x,y")[0].tolist() == [0.5, 1.5, 2.5]
    assert CenteredGrid(Box(x=2, y=9), 0, **size).values.numpy("x,y")[:, 0].tolist() == [1, 1, 0, 0]
    assert CenteredGrid((1, 2), 0, **size).values.vector["y"].numpy("x,y").tolist() == [[2.0] * 3] * 4
    assert CenteredGrid(math.ones(spatial(**size)), 0).resolution == spatial(**size)
    assert CenteredGrid(lambda x: x * 2, 0, x=3).values.numpy("x").tolist() == [1, 3, 5]
    assert CenteredGrid(0, x=4).values.backend.name == each_backend


def test_values_are_stored_along_space():
    grid = CenteredGrid(1, 0, x=4, y=3)
    assert grid.values.spec.stored == spatial(x=4, y=3)
    assert (grid * 2).values.spec is grid.values.spec


@pytest.mark.parametrize(
    "boundary, x_faces, y_faces",
    [
        (0, (3, 3), (4, 2)),
        (ZERO_GRADIENT, (5, 3), (4, 4)),
        (PERIODIC, (4, 3), (4, 3)),
        (SYMMETRIC, (5, 3), (4, 4)),
        ({"x": PERIODIC, "y": 0}, (4, 3), (4, 2)),
        ({"x": (0, ZERO_GRADIENT), "y": 0}, (4, 3), (4, 2)),
    ],
)
def test_faces_stored_by_boundary(boundary, x_faces, y_faces):
    v = StaggeredGrid(1, boundary, x=4, y=3)
    assert [tuple(c.shape.only("x,y").sizes) for c in v.components] == [x_faces, y_faces]


def test_staggered_values_sit_on_faces(each_backend):
    v = StaggeredGrid(lambda x, y: (x, 10 * y), ZERO_GRADIENT, x=4, y=3)
    assert v.vector["x"].values.numpy("x,y")[:, 0].tolist() == [0, 1, 2, 3, 4]
    assert v.vector["y"].values.numpy("x,y")[0].tolist() == [0, 10, 20, 30]
    assert np.allclose(v.at_centers().values.numpy("x,y,vector")[1, 1], [1.5, 15])
    assert v.shape == spatial(x=4, y=3) & channel(vector="x,y")


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_linear_functions_survive_resampling_inside(boundary):
    def f(x, y):
        return 3 * x - 2 * y + 1

    s = CenteredGrid(f, boundary, x=8, y=6, bounds=Box(x=4, y=6))
    v = resample(s, to=StaggeredGrid(0, boundary, x=8, y=6, bounds=Box(x=4, y=6)))
    exact = StaggeredGrid(lambda x, y: (f(x, y), f(x, y)), boundary, x=8, y=6, bounds=Box(x=4, y=6))
    for a, b in zip(v.components, exact.components, strict=True):
        inner = {"x": slice(1, -1), "y": slice(1, -1)}
        assert np.allclose(a[inner].numpy("x,y"), b[inner].numpy("x,y"), atol=1e-4)
    fine = resample(s, to=CenteredGrid(0, 0, x=7, y=5, bounds=Box(x=(1, 3), y=(1, 5))))
    assert np.allclose(
        fine.values.numpy("x,y"), CenteredGrid(f, 0, x=7, y=5, bounds=fine.bounds).values.numpy("x,y"), atol=1e-4
    )


def test_faces_at_the_boundary_see_it():
    s = CenteredGrid(4, {"x": (2, ZERO_GRADIENT), "y": PERIODIC}, x=3, y=2)
    v = resample(s, to=StaggeredGrid(0, ZERO_GRADIENT, x=3, y=2))
    assert v.vector["x"].values.numpy("x,y")[:, 0].tolist() == [3, 4, 4, 4]


def test_positions_are_looked_up_as_cells_are(each_backend):
    rng = np.random.default_rng(0)
    values = math.tensor(rng.normal(size=(5, 4)), spatial("x,y"))
    s = CenteredGrid(values, {"x": PERIODIC, "y": 0}, bounds=Box(x=5, y=4))
    to = CenteredGrid(0, 0, x=7, y=9, bounds=Box(x=(-2, 8), y=(-3, 7)))
    by_axis = resample(s, to=to).values.numpy("x,y")
    by_position = sample(s, math.pack_dims(to.points, spatial, math.instance("p"))).numpy("p").reshape(7, 9)
    assert np.allclose(by_axis, by_position, atol=1e-5)
    on_grid = sample(s, to.points)
    assert np.allclose(on_grid.numpy("x,y"), by_axis, atol=1e-5)


def test_soft_geometry():
    s = CenteredGrid(0, 0, x=4, y=3)
    soft = resample(Sphere(x=2, y=1.5, radius=1.2), to=s, soft=True).values
    assert float(soft.x[1].y[1]) == 1 and 0 < float(soft.x[1].y[0]) < 1
    hard = resample(Sphere(x=2, y=1.5, radius=1.2), to=s).values
    assert set(hard.numpy("x,y").ravel()) == {0.0, 1.0}


@pytest.mark.parametrize("vector", [(0, 0.5), math.wrap([0, 0.5], channel(vector="x,y"))], ids=["tuple", "tensor"])
def test_vector_times_constant_leaves_zeros_free(vector):
    s = CenteredGrid(lambda x, y: x, 1, x=4, y=3)
    lift = s * vector
    assert not lift.values.components[0].spec.stored
    assert lift.boundary.value.numpy().tolist() == [0, 0.5]
    v = resample(lift, to=StaggeredGrid(0, 0, x=4, y=3))
    assert v.vector["y"].values.numpy("x,y")[:, 0].tolist() == [0.25, 0.75, 1.25, 1.75]
    assert not v.vector["x"].values.numpy("x,y").any()


def test_scalar_times_differentiated_vector():
    """Also by a component that is zero there is a derivative."""
    pytest.importorskip("jax")
    with backend("jax"):
        s = CenteredGrid(lambda x, y: x, 1, x=4, y=3)
        at = math.tensor([0.0, 0.5], channel(vector="x,y"))
        slope = gradient(lambda a: math.sum_((s * a).values, "x,y,vector"), get_output=False)(at)
    assert slope.numpy("vector").tolist() == [24, 24]


def test_arithmetic_joins_boundaries(each_backend):
    a, b = CenteredGrid(2, 1, x=4), CenteredGrid(3, 5, x=4)
    assert (a * b + 1).boundary == 6 * ONE
    assert (a - b).values.numpy("x").tolist() == [-1] * 4
    assert (1 / a).values.numpy("x").tolist() == [0.5] * 4 and (a**2).boundary == ONE
    assert math.maximum(a, 2.5).values.numpy("x").tolist() == [2.5] * 4
    assert (CenteredGrid(2, ZERO_GRADIENT, x=4) + 0.2 * a).boundary == ZERO_GRADIENT
    v = StaggeredGrid((1, 2), 0, x=4, y=3)
    w = v + CenteredGrid((3, 4), ZERO_GRADIENT, x=4, y=3)
    assert w.vector["y"].values.numpy("x,y").tolist() == [[6.0, 6.0]] * 4
    assert (math.wrap([10.0, 20], channel(vector="x,y")) * v).vector["y"].mean == 40
    assert float(math.sqrt(CenteredGrid(4, 4, x=3)).boundary.value) == 2
    assert float(CenteredGrid(4, 4, x=3).sum) == 12 and float(math.sum_(v)) == 9 + 2 * 8


def test_batches_of_values_and_boundaries():
    s = CenteredGrid(math.wrap([1.0, 2], batch("b")), math.wrap([0.0, 7], batch("b")), x=3)
    v = resample(s, to=StaggeredGrid(0, ZERO_GRADIENT, x=3))
    assert v.vector["x"].values.numpy("b,x").tolist() == [[0.5, 1, 1, 0.5], [4.5, 2, 2, 4.5]]
    assert s[{"b": 1}].boundary.value.item() == 7
    stacked = math.stack([CenteredGrid(1, 0, x=3), CenteredGrid(2, 0, x=3)], batch("b"))
    assert isinstance(stacked, CenteredGrid) and stacked.mean.numpy("b").tolist() == [1, 2]


def test_slicing():
    s = CenteredGrid(lambda x, y: (x, y), (1, 2), x=4, y=3, bounds=Box(x=8, y=3))
    assert s.vector["y"].boundary.value.item() == 2
    part = s.x[1:3]
    assert part.geometry.lower == (2, 0) and part.geometry.upper == (6, 3)
    row = s.y[0]
    assert row.resolution == spatial(x=4)
    v = StaggeredGrid(lambda x, y: (x, y), 0, x=4, y=3)
    u = v.vector["x"]
    assert isinstance(u, CenteredGrid) and u.bounds.lower.numpy().tolist() == [0.5, 0]


def test_with_boundary_adds_and_drops_faces():
    v = StaggeredGrid(lambda x, y: (x + 1, y), 0, x=4, y=3)
    opened = v.with_boundary(ZERO_GRADIENT)
    assert opened.vector["x"].values.numpy("x,y")[:, 0].tolist() == [0, 2, 3, 4, 0]
    again = opened.with_boundary(0)
    assert np.allclose(again.vector["x"].values.numpy("x,y"), v.vector["x"].values.numpy("x,y"))
    assert v.staggered_tensor().shape.only("x,y") == spatial(x=5, y=4)


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: CenteredGrid(0, 0), GridError, "number of cells"),
        (lambda: CenteredGrid(0, 0, x=4.5), GridError, "counted by an int"),
        (lambda: CenteredGrid(0, "nothing", x=4), UnknownBoundary, "periodic"),
        (lambda: CenteredGrid(0, None, x=4), UnknownBoundary, "no boundary"),
        (lambda: CenteredGrid(math.ones(spatial(x=3)), 0, x=4), ResolutionMismatch, "x"),
        (lambda: CenteredGrid(math.vec(y=1, x=2), 0, x=4, y=4), GeometryError, "Reorder"),
        (lambda: CenteredGrid(0, 0, x=4, bounds=3), GeometryError, "Box"),
        (lambda: CenteredGrid("smoke", 0, x=4), GridError, "no values in space"),
        (lambda: StaggeredGrid(math.vec(y=1, x=2), 0, x=4, y=4), GridError, "Reorder"),
        (
            lambda: StaggeredGrid(math.ones(spatial(x=4, y=4), channel(vector="x,y")), 0, x=4, y=4),
            ResolutionMismatch,
            "faces",
        ),
        (lambda: StaggeredGrid(0, 0, x=4, y=4).vector["z"], GridError, "x, y"),
        (lambda: StaggeredGrid(0, 0, x=4, y=4).x[0], GridError, "at_centers"),
        (lambda: CenteredGrid(0, 0, x=4) + CenteredGrid(0, 0, x=5), ResolutionMismatch, "resample"),
        (lambda: CenteredGrid(0, 0, x=4) + math.ones(spatial(x=5)), ResolutionMismatch, "size 4 and 5"),
        (lambda: CenteredGrid(0, 0, x=4, y=4) * math.vec(y=1, x=2), GridError, "Reorder"),
        (lambda: CenteredGrid(0, 0, x=4, y=4) * (1, 2, 3), GeometryError, "3 components"),
        (lambda: resample(CenteredGrid(0, 0, x=4), to=CenteredGrid(0, 0, y=4)), ResolutionMismatch, "axes"),
        (lambda: CenteredGrid(0, 0, x=4).x[::2], GridError, "neighbouring"),
        (lambda: CenteredGrid(0, 0, x=4).nothing, AttributeError, "nothing"),
    ],
)
def test_errors(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_noise():
    key = math.random_key(1)
    grid = CenteredGrid(Noise(batch(b=2), scale=4, smoothness=0.5, vector=2, key=key), 0, Box(x=32, y=16), x=32, y=32)
    values = grid.values.numpy("b,vector,x,y")
    assert grid.shape.get_item_names("vector") == ("x", "y") and values.dtype == np.float32
    np.testing.assert_allclose(values.std((2, 3)), 1, rtol=1e-5)
    power = abs(np.fft.fft2(values)) ** 2
    k = np.hypot(np.fft.fftfreq(32)[:, None], np.fft.fftfreq(32, 0.5)[None])
    assert power[..., k * np.pi * 4 < 0.99].max() < 1e-6 * power.max()  # no wave is longer than π scale
    near, far = (power[..., (k > c) & (k < 1.3 * c)].mean() for c in (0.1, 0.4))
    assert 7 < near / far < 32  # amplitudes fall as 1/k: by 16
    again, other = (CenteredGrid(Noise(key=s), 0, x=8, y=8).values.numpy("x,y") for s in (key, math.random_key(2)))
    assert (
        np.array_equal(again, CenteredGrid(Noise(key=key), 0, x=8, y=8).values.numpy("x,y")) and (again != other).any()
    )
    faces = StaggeredGrid(Noise(scale=2, key=key), PERIODIC, x=8, y=8)
    assert abs(faces["x"].values.numpy("x,y") - faces["y"].values.numpy("x,y")).max() > 0.1
    with pytest.raises(GridError, match="larger scale"):
        CenteredGrid(Noise(scale=0.1), 0, x=8, y=8)
