"""Geometries: inside, distance, fractions, motion."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.backend import precision
from phiml_core.math import batch, channel, instance
from phiml_core.shape import ShapeError
from phiml_physics.geom import (
    Box,
    Cuboid,
    GeometryError,
    Sphere,
    UniformGrid,
    embed,
    image_geometry,
    infinite_cylinder,
    union,
)


def points(*rows):
    return math.wrap(np.asarray(rows, float), instance("points"), channel(vector="x,y"))


def test_box_distance_is_exact():
    box = Box(x=(0, 2), y=(0, 4))
    distance = box.approximate_signed_distance(points([1, 2], [3, 2], [5, 8], [1.5, 2]))
    assert np.allclose(distance.numpy(), [-1, 1, 5, -0.5])


def test_sphere():
    ball = Sphere(x=1, y=1, radius=2)
    assert np.allclose(ball.approximate_signed_distance(points([1, 1], [4, 5])).numpy(), [-2, 3])
    assert ball.lies_inside(points([1, 3], [3, 3])).numpy().tolist() == [True, False]
    assert float(Sphere(x=0, radius=2).volume) == 4
    assert float(Sphere(x=0, y=0, z=0, radius=1).volume) == pytest.approx(4 / 3 * np.pi)


def test_infinite_box():
    half = Box(x=None, y=(0, 1))
    assert half.lies_inside(points([1e9, 0.5], [0, 2])).numpy().tolist() == [True, False]


def test_corners_and_slices_make_the_same_box():
    a, b = Box(math.vec(x=0, y=1), math.vec(x=2, y=3)), Box["x,y", 0:2, 1:3]
    assert np.allclose(a.lower.numpy(), b.lower.numpy()) and np.allclose(a.upper.numpy(), b.upper.numpy())
    assert np.allclose(Cuboid(math.vec(x=1, y=2), x=2, y=2).lower.numpy(), a.lower.numpy())


def test_union_complement_and_motion():
    both = Sphere(x=0, y=0, radius=1) | Sphere(x=5, y=0, radius=1)
    where = points([0, 0], [5, 0], [2.5, 0])
    assert both.lies_inside(where).numpy().tolist() == [True, True, False]
    assert (~both).lies_inside(where).numpy().tolist() == [False, False, True]
    assert np.allclose((~both).approximate_signed_distance(where).numpy(), [1, 1, -1.5])
    assert both.shifted(math.vec(x=2.5, y=0)).lies_inside(where).numpy().tolist() == [False, False, True]
    assert both.at(math.vec(x=0, y=0)).lies_inside(points([2.5, 0])).numpy().tolist() == [True]
    assert ~~both is both


def test_instance_dims_are_a_union():
    balls = Sphere(math.wrap([[0.0, 0], [5, 0]], instance("balls"), channel(vector="x,y")), 1)
    assert balls.lies_inside(points([0, 0], [5, 0], [2.5, 0])).numpy().tolist() == [True, True, False]


def test_batch_dims_are_several_geometries():
    balls = Sphere(math.vec(x=math.wrap([0.0, 5], batch("b")), y=0.0), 1)
    inside = balls.lies_inside(points([0, 0], [5, 0]))
    assert inside.numpy("b,points").tolist() == [[True, False], [False, True]]


def test_box_covers_cells_and_faces_exactly():
    cells = UniformGrid(x=4, y=3)
    box = Box(x=(0.7, 2.2), y=(0.1, 1.4))
    fraction = box.approximate_fraction_inside(cells).numpy("x,y")
    assert np.allclose(fraction, np.outer([0.3, 1, 0.2, 0], [0.9, 0.4, 0]))
    faces = cells.faces("x", True, True)
    assert np.allclose(box.approximate_fraction_inside(faces).numpy("x,y"), np.outer([0, 1, 1, 0, 0], [0.9, 0.4, 0]))


def test_fraction_of_ball_sums_to_its_volume():
    cells = UniformGrid(x=64, y=64, bounds=Box(x=8, y=8))
    ball = Sphere(x=4.1, y=3.7, radius=2)
    total = ball.approximate_fraction_inside(cells).sum * cells.volume
    assert float(total) == pytest.approx(np.pi * 4, rel=5e-3)


def test_picture():
    coverage = np.zeros((8, 4))
    coverage[2:6, 1:3] = 1
    shape = image_geometry(coverage, Box(x=(0, 80), y=(0, 80)))  # keeps its proportions: fills y from 20 to 60
    assert shape.lies_inside(points([40, 40], [40, 25], [70, 40])).numpy().tolist() == [True, False, False]
    assert np.allclose(shape.approximate_signed_distance(points([40, 45], [75, 40])).numpy(), [-5, 15], atol=5)
    cells = UniformGrid(x=40, y=40, bounds=Box(x=80, y=80))
    area = float(shape.approximate_fraction_inside(cells).sum * cells.volume)
    assert area == pytest.approx(8 * 100, rel=1e-3)
    moved = shape.shifted(math.vec(x=10, y=0))
    assert moved.lies_inside(points([75, 40], [65, 40])).numpy().tolist() == [False, True]


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("axes", ["xy", "xyz"])
def test_moving_picture_covers_as_much_as_one_at_rest(axes, bits):
    """By other means, since its place is not known in advance: else a compiled step would differ from an eager one."""
    rng = np.random.default_rng(0)
    with precision(bits):
        shape = image_geometry(rng.random((8, 11)) ** 0.2, Box(x=(10, 60), y=(20, 75)))
        batched = shape.shifted(math.vec(x=math.wrap([0.0, 10], batch("b")), y=0.0))
        cells = UniformGrid(**dict(zip(axes, (40, 30, 3))), bounds=Box(**dict(zip(axes, (80, 90, 5)))))
        for places in (cells, *(cells.faces(n, True, True) for n in axes)):
            exact, moving = shape.approximate_fraction_inside(places), batched.approximate_fraction_inside(places)
            assert exact.max.item() > 0.9
            assert abs(moving.b[0] - exact).max.item() < {32: 3e-6, 64: 1e-13}[bits]
            assert abs(moving.b[1].x[5:] - exact.x[:-5]).max.item() < {32: 3e-6, 64: 1e-13}[bits]


def test_grid_is_static():
    a, b = UniformGrid(x=4, y=2, bounds=Box(x=2, y=1)), UniformGrid(x=4, y=2, bounds=Box(x=2, y=1))
    assert a == b and hash(a) == hash(b) and a != UniformGrid(x=4, y=2)
    assert UniformGrid(a.resolution, a.bounds) == a
    assert np.allclose(a.center.numpy("x,y,vector")[1, 1], [0.75, 0.75])


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Box(), "needs a size"),
        (lambda: Box(x=(1, 2, 3)), "3 ends"),
        (lambda: Sphere(x=1, y=2), "radius"),
        (lambda: Sphere(radius=2), "center"),
        (lambda: Sphere(math.wrap([1.0, 2]), 1), "name its axes"),
        (lambda: UniformGrid(), "number of cells"),
        (lambda: UniformGrid(x=4, bounds=Box(x=None)), "finite"),
        (lambda: UniformGrid(x=4, y=4, bounds=Box(x=3)), "same axes"),
        (lambda: union(), "at least one"),
        (lambda: Box(x=1) | Box(y=1), "axes"),
        (lambda: Box(x=1, y=1).lies_inside(math.vec(y=1, x=2)), "Reorder"),
        (lambda: image_geometry(np.ones((3, 3)), Box(x=1)), "two axes"),
    ],
)
def test_errors(make, message):
    with pytest.raises(GeometryError, match=message):
        make()


def test_rotated_geometries():
    bar = Box(x=(0, 4), y=(0, 2)).rotated(0.3).rotated(np.pi / 2 - 0.3)
    assert bar.lies_inside(points([2, 2.9], [2.9, 1], [3.1, 1])).numpy().tolist() == [True, True, False]
    assert np.allclose(bar.approximate_signed_distance(points([2, 4], [2, 1])).numpy(), [1, -1], atol=1e-6)
    assert np.allclose(bar.rotated(np.pi, (0, 0)).center.numpy(), [-2, -1], atol=1e-6)
    pair = union(Box(x=1, y=1), Sphere(x=3, y=0.5, radius=1)).rotated(np.pi / 2)
    assert np.allclose(pair.center.numpy(), [1.75, 0.5])
    assert pair.lies_inside(points([1.75, 2.6], [3, 0.5])).numpy().tolist() == [True, False]
    brick = Box(x=(-1, 1), y=(-2, 2), z=(-3, 3)).rotated(math.vec(x=np.pi / 2, y=0.0, z=0.0))
    assert float(brick.approximate_signed_distance(math.vec(x=0.0, y=4.0, z=0.0))) == pytest.approx(1, abs=1e-5)
    angles = math.wrap([0.0, np.pi / 2], batch("b"))
    inside = Box(x=(0, 4), y=(0, 2)).rotated(angles).lies_inside(points([2, 2.9]))
    assert inside.numpy("b,points").tolist() == [[False], [True]]
    with pytest.raises(ShapeError, match="Give a vector along the axis"):
        Box(x=1, y=1, z=1).rotated(0.1)


def test_embedded_geometries():
    pipe = infinite_cylinder(x=1, z=2, radius=1, inf_dim="y")
    assert pipe.vector.item_names == ("x", "y", "z") and pipe.center.numpy("vector").tolist() == [1, 0, 2]
    where = math.vec(x=math.wrap([1.0, 1.0, 4.0], instance("points")), y=1e5, z=2.0)
    assert np.allclose(pipe.approximate_signed_distance(where).numpy(), [-1, -1, 2])
    assert pipe.shifted(math.vec(x=3.0, y=1, z=0)).lies_inside(where).numpy().tolist() == [False, False, True]
    fraction = pipe.approximate_fraction_inside(UniformGrid(x=4, y=2, z=4)).numpy("x,y,z")
    flat = Sphere(x=1, z=2, radius=1).approximate_fraction_inside(UniformGrid(x=4, z=4)).numpy("x,z")
    assert np.array_equal(fraction, np.stack([flat, flat], 1)) and flat.max() > 0.9
    faces = UniformGrid(x=4, y=2, z=4).faces("y", False, False)
    assert np.array_equal(pipe.approximate_fraction_inside(faces).numpy("x,y,z")[:, 0], flat)
    tilted = infinite_cylinder(x=0, y=0, radius=1, inf_dim="z").rotated(math.vec(x=np.pi / 2, y=0.0, z=0.0))
    assert float(tilted.approximate_signed_distance(math.vec(x=3.0, y=50.0, z=0.0))) == pytest.approx(2, abs=1e-4)
    assert isinstance(infinite_cylinder(x=1, y=2, radius=1), Sphere) and embed(Box(x=1), "x").vector.size == 1
    with pytest.raises(GeometryError, match="Leave it out"):
        infinite_cylinder(x=1, y=2, radius=1, inf_dim="y")
