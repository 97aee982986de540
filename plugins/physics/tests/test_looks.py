"""What grids and geometries look like."""

import numpy as np
import pytest
from phiml_core import math
from phiml_core.marks import marks
from phiml_core.math import batch
from phiml_core.tree.flatten import flatten
from phiml_physics.fluid import Obstacle
from phiml_physics.geom import Box, Sphere, UniformGrid, image_geometry
from phiml_physics.grid import CenteredGrid, StaggeredGrid


@pytest.mark.parametrize("dims, kind", [(1, "Lines"), (2, "Heatmap"), (3, "Volume")])
def test_scalars_by_dimension(dims, kind):
    (mark,) = marks(CenteredGrid(lambda *x: x[0], 0, **dict(zip("xyz"[:dims], (4, 3, 2), strict=False))))
    assert type(mark).__name__ == kind
    if dims == 2:
        assert mark.values.tolist() == [[i + 0.5] * 3 for i in range(4)] and mark.upper == (4, 3)


@pytest.mark.parametrize("kind", [CenteredGrid, StaggeredGrid])
def test_vectors_are_arrows(kind):
    (mark,) = marks(kind(lambda x, y: (x, 10 * y), "zero-gradient", x=4, y=3))
    assert type(mark).__name__ == "Arrows"
    assert mark.positions.shape == (4, 3, 2) and np.allclose(mark.vectors[2, 1], [2.5, 15])


def test_staggered_curve_in_one_dimension():
    (mark,) = marks(StaggeredGrid(lambda x: x, "zero-gradient", x=3))
    assert mark.paths[0].tolist() == [[0, 0], [1, 1], [2, 2], [3, 3]]


def test_batches_are_panels():
    grid = CenteredGrid(math.wrap([1.0, 2], batch(b="left,right")), 0, x=4, y=3)
    assert [m.panel for m in marks(grid)] == [(("b", "left"),), (("b", "right"),)]
    balls = Sphere(math.vec(x=math.wrap([1.0, 2], batch("b")), y=1.0), 1)
    assert [m.panel for m in marks(balls)] == [(("b", "0"),), (("b", "1"),)]


def test_geometries():
    shapes = [Box(x=1, y=2), Sphere(x=0, y=0, radius=1), UniformGrid(x=3, y=2), Box(x=1, y=1, z=1)]
    assert [type(m).__name__ for s in shapes for m in marks(s)] == ["Lines", "Lines", "Lines", "Surface"]
    assert len(marks(Box(x=1, y=1) | Sphere(x=0, y=0, radius=1))) == 2
    assert len(marks(Obstacle(Box(x=1, y=1)))) == 1
    (picture,) = marks(image_geometry(np.eye(4), Box(x=8, y=8)))
    assert picture.color and picture.values.shape == (4, 4)


def test_turned_geometries():
    (bar,) = marks(Box(x=(0, 4), y=(0, 2)).rotated(np.pi / 2))
    assert np.allclose(np.ptp(bar.paths[0], axis=0), [2, 4])
    bars = Box(x=4, y=math.wrap([2.0, 1.0], batch("b"))).rotated(math.wrap([0.0, 1.0], batch("a")))
    assert [dict(m.panel) for m in marks(bars)] == [{"b": str(b), "a": str(a)} for b in range(2) for a in range(2)]
    (picture,) = marks(image_geometry(np.eye(4), Box(x=8, y=8)).rotated(np.pi / 4))
    assert picture.color and picture.values.shape == (128, 128)


def test_turning_obstacles_keep_their_structure():
    body = Obstacle(Box(x=(2, 6), y=(3, 5)), angular_velocity=0.1).rotated(0.1)
    assert flatten(body, []) == flatten(body.rotated(0.2).copied_with(velocity=0), [])
    assert body.copied_with(velocity=(1, 0)).moves and not body.copied_with(angular_velocity=0).turns
