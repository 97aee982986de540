"""Marks hold what was given, in checked form, and say what is wrong with it."""

import numpy as np
import pytest
from phiml_core.dispatch import NoMethod
from phiml_core.marks import (
    Arrows,
    Heatmap,
    Lines,
    MarkError,
    Points,
    Surface,
    Text,
    Volume,
    arrows_mark,
    box_mark,
    curve_mark,
    grid_mark,
    marks,
    sphere_mark,
)


def test_grid_mark_is_curve_heatmap_or_volume():
    found = [grid_mark(np.ones((4,) * d), (0,) * d, (2,) * d, "xyz"[:d]) for d in (1, 2, 3)]
    assert [type(mark) for mark in found] == [Lines, Heatmap, Volume]
    np.testing.assert_allclose(found[0].paths[0][:, 0], [0.25, 0.75, 1.25, 1.75])


def test_arrows_on_a_grid_stand_at_cell_centers_and_bound_the_cells():
    mark = arrows_mark(np.ones((4, 2, 2)), (0, 1), (2, 5), "xy")
    np.testing.assert_allclose(mark.positions[3, 0], [1.75, 2])
    np.testing.assert_allclose(mark.bounds(), [[0, 1], [2, 5]])


@pytest.mark.parametrize("make", [box_mark, lambda lower, upper, axes: sphere_mark([1, 2, 3], 1, axes)])
def test_surfaces_are_closed_and_face_outwards(make):
    mark = make([0, 1, 2], [2, 3, 4], "xyz")
    a, b, c = (mark.vertices[mark.faces[:, i]] for i in range(3))
    normals = np.cross(b - a, c - a)
    assert ((normals * ((a + b + c) / 3 - [1, 2, 3])).sum(-1) >= -1e-12).all()
    np.testing.assert_allclose(normals.sum(0), 0, atol=1e-12)
    np.testing.assert_allclose(mark.bounds(), [[0, 1, 2], [2, 3, 4]], atol=1e-12)


def test_marks_of_a_mark_and_of_nothing_known():
    mark = Text("hello", np.zeros(2), ("x", "y"))
    assert marks(mark) == [mark]
    with pytest.raises(NoMethod, match="marks"):
        marks(object())


def test_at_collects_batch_dims():
    assert curve_mark([0, 1], [2, 3]).at("seed", 2).at("time", "late").panel == (("time", "late"), ("seed", "2"))


def test_arrays_are_read_only_views():
    values = np.ones((2, 2))
    mark = Heatmap(values, (0, 0), (1, 1), ("x", "y"))
    assert np.shares_memory(mark.values, values) and values.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        mark.values[0, 0] = 2


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: Heatmap(np.ones(3), (0,), (1,), ("x",)), r"shape \(3,\), expected 2 axes"),
        (lambda: Heatmap(np.ones((0, 3)), (0, 0), (1, 1), ("x", "y")), "at least one cell"),
        (lambda: Heatmap(np.ones((2, 3)), (0, 0), (1, -1), ("x", "y")), "expected lower < upper"),
        (lambda: Volume(np.ones((2, 2, 2)), (0, 0), (1, 1), ("x", "y")), "expected 3 of each"),
        (lambda: Heatmap(np.ones((2, 2), complex), (0, 0), (1, 1), ("x", "y")), "complex128, expected real"),
        (lambda: Arrows(np.ones((3, 2)), np.ones((4, 2)), ("x", "y")), "one vector for each position"),
        (lambda: Points(np.ones((3, 3)), ("x", "y")), r"\(3, 3\), expected \(…, 2\)"),
        (lambda: Points(np.ones((3, 2)), ("x", "y"), values=np.ones(2)), "2 values at 3 positions"),
        (lambda: Surface(np.ones((3, 3)), np.array([[0, 1, 3]])), "0…3 of 3 vertices"),
        (lambda: grid_mark(np.ones((2,) * 4), [0] * 4, [1] * 4, "wxyz"), "one to three axes"),
    ],
)
def test_errors_say_given_and_expected(make, message):
    with pytest.raises(MarkError, match=message):
        make()
