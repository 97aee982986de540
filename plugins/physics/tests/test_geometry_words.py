"""Geometries of another size, what they have in common, and the boxes that hold them."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.marks import Heatmap, Volume, marks
from phiml_core.math import instance, jit_compile
from phiml_physics.fluid import make_incompressible
from phiml_physics.geom import (
    Box,
    Cuboid,
    GeometryError,
    Intersection,
    Sphere,
    UniformGrid,
    bounding_box,
    cylinder,
    infinite_cylinder,
    intersection,
    invert,
    rotate,
    scale,
    union,
)
from phiml_physics.grid import StaggeredGrid
from phiml_physics.operators import divergence

BALL, BLOCK = Sphere(x=2, y=4, radius=1), Box(x=(0, 4), y=(1, 3))


def corners(box):
    return [end.numpy("vector").tolist() for end in (box.lower, box.upper)]


def test_scaled_about_the_middle_or_a_pivot():
    assert float(BALL.scaled(3).radius) == 3 and BALL.scaled(3).center.numpy("vector").tolist() == [2, 4]
    moved = scale(BALL, 2, math.vec(x=0, y=4))
    assert float(moved.radius) == 2 and moved.center.numpy("vector").tolist() == [4, 4]
    assert corners(BLOCK.scaled(2)) == [[-2, 0], [6, 4]]
    assert corners(BLOCK.scaled(0.5, pivot=(0, 1))) == [[0, 1], [2, 2]]
    together = union(Box(x=1, y=1), Box(x=(3, 4), y=1)).scaled(2)
    assert [corners(p) for p in together.parts] == [[[-2, -0.5], [0, 1.5]], [[4, -0.5], [6, 1.5]]]


@pytest.mark.parametrize(
    "body", [BALL, BLOCK, rotate(BLOCK, 0.5), invert(BALL), union(BALL, BLOCK), intersection(BALL, BLOCK)]
)
def test_distances_grow_with_the_size(body):
    places = math.wrap([[1.0, 2.0], [2.5, 3.5], [9.0, -3.0]], instance("points"), math.channel(vector="x,y"))
    pivot = math.vec(x=0.5, y=-1.0)
    larger = jit_compile(lambda f: body.scaled(f, pivot).approximate_signed_distance(pivot + (places - pivot) * f))(2.5)
    expected = 2.5 * body.approximate_signed_distance(places)
    np.testing.assert_allclose(larger.numpy("points"), expected.numpy("points"), rtol=1e-4, atol=1e-5)


def test_infinite_geometries_are_scaled_across():
    tube = infinite_cylinder(x=2, y=4, radius=1, inf_dim="z").scaled(2, pivot=math.vec(x=0, y=4, z=7))
    assert tube.lies_inside(math.vec(x=5.9, y=4.0, z=-50.0)) and not tube.lies_inside(math.vec(x=6.1, y=4.0, z=7.0))


def test_infinite_geometries_turn_about_any_pivot():
    """A cylinder along z, turned about the x axis through its pivot, lies along y at the height of the pivot."""
    tube = infinite_cylinder(x=2, y=4, radius=1, inf_dim="z")
    for lying in (
        tube.rotated(math.vec(x=np.pi / 2, y=0, z=0), math.vec(x=2, y=4, z=7)),
        tube.shifted(math.vec(x=0, y=0, z=7)).rotated(math.vec(x=np.pi / 2, y=0, z=0)),
    ):
        assert lying.lies_inside(math.vec(x=2.0, y=90.0, z=7.9)) and lying.lies_inside(math.vec(x=2.9, y=-90.0, z=7.0))
        assert not lying.lies_inside(math.vec(x=2.0, y=4.0, z=5.9))


def test_boxes_that_hold_geometries():
    assert corners(bounding_box(BALL)) == [[1, 3], [3, 5]]
    assert corners(bounding_box(union(BALL, BLOCK))) == [[0, 1], [4, 5]]
    assert corners(bounding_box(UniformGrid(x=4, y=2))) == [[0, 0], [4, 2]]
    row = Sphere(math.wrap([[0.0, 1], [5, 2]], instance("balls"), math.channel(vector="x,y")), 1)
    assert corners(bounding_box(row)) == [[-1, 0], [6, 3]]
    turned = bounding_box(rotate(Cuboid(x=2, y=2), np.pi / 4))
    assert float(turned.upper.vector["x"]) == pytest.approx(np.sqrt(2), rel=1e-5)


def test_what_geometries_have_in_common():
    both = intersection(BALL, Box(x=(2, 9), y=(0, 9)))
    assert both.lies_inside(math.vec(x=2.5, y=4.0)) and not both.lies_inside(math.vec(x=1.5, y=4.0))
    assert float(both.volume) == pytest.approx(np.pi / 2, rel=0.02)
    corner = intersection(Box(x=(0, 1.5), y=9), Box(x=9, y=(0, 2.5)))
    share = corner.approximate_fraction_inside(UniformGrid(x=3, y=3)).numpy("x,y")
    np.testing.assert_allclose(share, [[1, 1, 0.5], [0.5, 0.5, 0.25], [0, 0, 0]], atol=1e-6)
    assert intersection(BALL) is BALL and isinstance(both.shifted(math.vec(x=1, y=0)), Intersection)
    with pytest.raises(GeometryError, match="have nothing in common"):
        intersection(BALL, Box(x=1, z=1))


def test_cylinder_in_a_flow():
    body = cylinder(x=5, y=5, z=4, radius=2, depth=3)
    assert float(body.volume) == pytest.approx(12 * np.pi, rel=0.01)
    assert float(body.approximate_signed_distance(math.vec(x=5, y=5, z=4))) == -1.5
    flow, _ = make_incompressible(StaggeredGrid((1, 0, 0), "zero-gradient", x=10, y=10, z=8), body)
    assert float(abs(divergence(flow).values).max) < 1e-5 and float(abs(flow["x"].values.x[5].y[5].z[4])) < 1e-6
    lying = body.rotated(math.vec(x=np.pi / 2, y=0, z=0))
    assert lying.lies_inside(math.vec(x=5.0, y=6.4, z=5.9)) and not lying.lies_inside(math.vec(x=5.0, y=6.6, z=4.0))
    with pytest.raises(GeometryError, match="needs a center, a radius and a depth"):
        cylinder(x=1, y=2, radius=1, depth=2)
    with pytest.raises(GeometryError, match="in the order of their names"):
        cylinder(z=1, y=2, x=3, radius=1, depth=2)


def test_pictures_of_intersections():
    assert isinstance(marks(intersection(BALL, BLOCK))[0], Heatmap)
    assert isinstance(marks(cylinder(x=1, y=1, z=1, radius=1, depth=1))[0], Volume)
