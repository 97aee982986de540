"""The renderer against formulas: absorption of a uniform box, depth of a plane, directions of the camera."""

import numpy as np
import pytest
from phiml_vis.render import Camera, rasterize, render, smoke, solid
from phiml_vis.render.volume import DENSITY

LOWER, UPPER = np.zeros(3), np.array([1.0, 1.0, 2.0])
WHITE = np.ones((2, 3))


def nothing(size):
    return np.full(size, np.inf), np.zeros((*size, 4))


@pytest.mark.parametrize("view", [(-60, 18), (-90, 0), (30, 80)])
def test_camera_is_a_rotation_and_sees_the_box(view):
    camera = Camera.around(LOWER, UPPER, view)
    np.testing.assert_allclose(camera.axes.T @ camera.axes, np.eye(3), atol=1e-12)
    # To the right × up points to the viewer.
    np.testing.assert_allclose(np.cross(camera.right, camera.up), -camera.forward, atol=1e-12)
    assert camera.up[2] > 0 and camera.right[2] == 0
    inside = camera.project(np.random.default_rng(0).random((50, 3)) * UPPER)
    assert (inside >= camera.low).all() and (inside <= camera.high).all()


def test_uniform_box_absorbs_exponentially():
    camera = Camera.around(LOWER, UPPER, (-90, 0))
    for density in (0.05, 0.2):
        matter = smoke(np.full((16, 16, 32), density), WHITE, LOWER, UPPER)
        picture = render([matter], camera, (8, 16), *nothing((8, 16)))
        expected = 1 - np.exp(-DENSITY / np.mean(UPPER - LOWER) * density * 1.0)
        # The first and the last half cell fade to nothing: one of 16 cells is missing at most.
        np.testing.assert_allclose(picture[2:-2, 2:-2, 3], expected, rtol=1 / 16)


def test_light_comes_from_above():
    matter = smoke(np.full((16, 16, 16), 0.3), WHITE, LOWER, UPPER)
    assert (np.diff(matter.source, axis=2) > 0).all()


def test_only_the_part_with_matter_is_kept():
    values = np.zeros((20, 20, 20))
    values[5:8, 6:7, 10:15] = 1
    matter = smoke(values, WHITE, LOWER, UPPER)
    assert matter.extinction.shape == (5, 3, 7)
    np.testing.assert_allclose(matter.lower, [4 / 20, 5 / 20, 2 * 9 / 20])
    np.testing.assert_allclose(matter.upper, [9 / 20, 8 / 20, 2 * 16 / 20])


def test_solid_is_opaque_inside_and_clear_outside():
    coverage = np.zeros((16, 16, 16))
    coverage[4:12, 4:12, 4:12] = 1
    camera = Camera.around(LOWER, UPPER, (-90, 0))
    alpha = render([solid(coverage, np.ones(3), LOWER, UPPER)], camera, (32, 32), *nothing((32, 32)))[..., 3]
    assert (alpha[11:21, 11:21] > 0.98).all() and (alpha[:5] == 0).all() and (alpha[:, -5:] == 0).all()


def test_plane_has_its_depth_and_covers_its_pixels():
    camera = Camera.around(LOWER, UPPER, (-90, 0))  # looks along +y
    corners = np.array([[0.25, 0.5, 0.5], [0.75, 0.5, 0.5], [0.75, 0.5, 1.5], [0.25, 0.5, 1.5]])
    depth, brightness = rasterize(corners, np.array([[0, 1, 2], [0, 2, 3]]), camera, (40, 80))
    seen = np.isfinite(depth)
    np.testing.assert_allclose(depth[seen], 0.5)
    assert seen[11:29, 21:59].all() and not seen[:9].any() and not seen[:, 62:].any()
    assert (brightness[seen] > 0).all()


def test_surface_behind_thin_smoke_shines_through_and_in_front_hides_it():
    camera = Camera.around(LOWER, UPPER, (-90, 0))
    matter = smoke(np.full((8, 8, 8), 0.05), WHITE, LOWER, UPPER)
    red = np.broadcast_to([1.0, 0, 0, 1], (4, 4, 4))
    front, back = (render([matter], camera, (4, 4), np.full((4, 4), d), red)[2, 2] for d in (-0.1, 1.1))
    np.testing.assert_allclose(front, [1, 0, 0, 1], atol=1e-6)
    assert 0.05 < back[1] < 0.9 * back[0] and back[3] == pytest.approx(1)
