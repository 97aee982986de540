"""Pictures show what was given: the right way up, in its proportions, on the right scale, in the right panel."""

import os
import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from phiml_core.marks import (
    Library,
    LibraryNotFound,
    Lines,
    Points,
    Text,
    arrows_mark,
    box_mark,
    curve_mark,
    grid_mark,
    plot,
    sphere_mark,
)


def pixels(figure):
    figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[..., :3].astype(float)


def spot(rank, at, axes=None, sizes=(20, 30, 40)):
    """A bright ball on a dark grid, at a fraction of each axis."""
    sizes = sizes[:rank]
    cells = np.meshgrid(*[(np.arange(n) + 0.5) / n for n in sizes], indexing="ij")
    values = np.exp(-sum((c - a) ** 2 for c, a in zip(cells, at)) / 0.005)
    return grid_mark(values, (0,) * rank, sizes, axes or "xyz"[:rank], name="spot")


def brightest(figure):
    """Where the figure is brightest inside its first axes: fractions to the right and up."""
    picture = pixels(figure)
    box = figure.axes[0].get_window_extent()
    height = picture.shape[0]
    inside = picture[int(height - box.y1) + 2 : int(height - box.y0) - 2, int(box.x0) + 2 : int(box.x1) - 2].sum(-1)
    row, column = np.argwhere(inside >= inside.max() - 1).mean(0)
    return column / inside.shape[1], 1 - row / inside.shape[0]


def test_x_points_right_and_y_up():
    assert brightest(plot(spot(2, (0.2, 0.7)))) == pytest.approx((0.2, 0.7), abs=0.03)


def test_order_of_axes_in_memory_does_not_matter():
    swapped = spot(2, (0.7, 0.2), axes=("y", "x"))
    assert brightest(plot(swapped)) == pytest.approx((0.2, 0.7), abs=0.03)


def test_z_points_up_in_space():
    high, low = (brightest(plot(spot(3, (0.5, 0.5, z)))) for z in (0.8, 0.2))
    assert high[1] > 0.55 > 0.45 > low[1]
    left, right = (brightest(plot(spot(3, (x, 0.5, 0.5)), view=(-90, 0))) for x in (0.2, 0.8))
    assert left[0] < 0.45 < 0.55 < right[0]


def test_cells_are_square():
    figure = plot(spot(2, (0.5, 0.5)))
    axes = figure.axes[0]
    figure.canvas.draw()
    box = axes.get_window_extent()
    assert axes.get_aspect() == 1 and box.height / box.width == pytest.approx(30 / 20, rel=0.01)
    assert (*axes.get_xlim(), *axes.get_ylim()) == (0, 20, 0, 30)


def test_one_panel_for_each_value_and_each_element():
    value = spot(2, (0.5, 0.5))
    batch = [value.at("seed", i) for i in range(3)]
    assert titles(plot(value, value)) == ["spot", "spot"]
    assert titles(plot({"a": value, "b": [np.ones((3, 3))] * 2})) == ["a", "b", "b"]
    assert titles(plot(batch)) == ["spot, seed=0", "spot, seed=1", "spot, seed=2"]
    figure = plot([*batch], batch)
    assert [axes.get_subplotspec().rowspan.start for axes in panels(figure)] == [0, 0, 0, 1, 1, 1]


def test_overlay_is_on_every_panel_and_knows_its_element():
    batch = [spot(2, (0.5, 0.5)).at("seed", i) for i in range(2)]
    everywhere = plot(batch, overlay=sphere_mark((10, 10), 2, "xy"))
    assert [len(axes.collections) for axes in panels(everywhere)] == [1, 1]
    one = plot(batch, overlay=[sphere_mark((10, 10), 2, "xy").at("seed", 1)])
    assert [len(axes.collections) for axes in panels(one)] == [0, 1]


def test_overlay_of_arguments_and_of_a_batch_dim():
    curves = [curve_mark([0, 1], [i, 2], name="c").at("seed", i) for i in range(3)]
    figure = plot(curves, overlay="seed")
    assert len(figure.axes) == 1 and len(figure.axes[0].lines) == 3
    assert [t.get_text() for t in figure.axes[0].get_legend().get_texts()] == ["c, seed=0", "c, seed=1", "c, seed=2"]
    assert len(panels(plot(spot(2, (0.5, 0.5)), box_mark((1, 1), (4, 4), "xy"), overlay="args"))) == 1
    with pytest.raises(ValueError, match="batch dim of the values, which have \\['seed'\\]"):
        plot(curves, overlay="time")


def titles(figure):
    return [axes.get_title() for axes in panels(figure)]


def panels(figure):
    return [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]


def limits(figure):
    return [axes.images[0].get_clim() for axes in panels(figure)]


def test_scale_is_shared_by_equal_labels():
    low, high = (grid_mark(np.full((4, 4), v), (0, 0), (1, 1), "xy", label="density") for v in (1.0, 5.0))
    other = grid_mark(np.full((4, 4), 9.0), (0, 0), (1, 1), "xy", label="pressure")
    assert limits(plot(low, high)) == [(1, 5), (1, 5)]
    assert limits(plot(low, high, same_scale=False)) != [(1, 5), (1, 5)]
    assert limits(plot(low, high, other))[:2] == [(1, 5), (1, 5)]
    assert limits(plot(low, high, vmin=-1, vmax=2)) == [(-1, 2), (-1, 2)]


def test_signed_values_are_centered_and_undershoots_are_not_signed():
    def clim(low, high):
        return limits(plot(grid_mark([[low, high], [low, high]], (0, 0), (1, 1), "xy")))[0]

    assert clim(-1, 3) == (-3, 3)
    assert clim(-0.01, 1) == (0, 1)
    assert clim(290, 300) == (290, 300)
    assert clim(1, 300) == (0, 300)


def test_one_color_bar_if_one_scale():
    value = spot(2, (0.5, 0.5))
    assert len(plot(value, value).axes) == 3
    assert len(plot(value, value, same_scale=False).axes) == 4
    assert len(plot(value, show_color_bar=False).axes) == 1


def test_obstacle_hides_smoke_in_space():
    smoke = spot(3, (0.5, 0.5, 0.5))
    in_front = box_mark((4, 1, 8), (16, 3, 32), "xyz")
    behind = box_mark((4, 27, 8), (16, 29, 32), "xyz")
    middle = []
    for obstacle in (in_front, behind):
        picture = pixels(plot(smoke, overlay=obstacle, view=(-90, 0)))
        middle.append(picture[picture.shape[0] // 2, picture.shape[1] // 2])
    assert middle[0][0] > 1.5 * middle[0][2]  # the orange box
    assert middle[1].min() > 150  # the white ball


def test_every_mark_is_drawn_in_two_and_three_dimensions():
    vectors = [np.stack([np.ones((5,) * d)] * d, -1) for d in (2, 3)]
    for d, v in zip((2, 3), vectors):
        axes = "xyz"[:d]
        extra = [
            arrows_mark(v, (0,) * d, (1,) * d, axes),
            Points(np.random.default_rng(0).random((9, d)), axes, values=np.arange(9.0)),
            Points(np.random.default_rng(1).random((3, d)), axes, radius=0.1, color="#00ff00"),
            Lines((np.eye(d),), axes),
            Text("here", np.full(d, 0.5), axes),
        ]
        blank = pixels(plot(grid_mark(np.zeros((5,) * d), (0,) * d, (1,) * d, axes), show_color_bar=False))
        for mark in extra:
            below = grid_mark(np.zeros((5,) * d), (0,) * d, (1,) * d, axes)
            assert np.abs(pixels(plot(below, overlay=mark, show_color_bar=False)) - blank).max() > 50
            plot(mark)


def test_interval_and_plain_array():
    assert len(plot(curve_mark([0, 1], [0, 1]), overlay=box_mark([0.2], [0.4], "x")).axes[0].patches) == 1
    assert len(plot(np.ones((3, 4))).axes[0].images) == 1


def test_not_a_number_is_left_out():
    values = np.ones((4, 4))
    values[0, 0] = np.nan
    assert limits(plot(grid_mark(values, (0, 0), (1, 1), "xy")))[0][1] == pytest.approx(1, rel=0.01)
    pixels(plot(grid_mark(np.full((4, 4, 4), np.nan), (0,) * 3, (1,) * 3, "xyz")))


def test_unequal_axes_in_one_panel_are_an_error():
    with pytest.raises(ValueError, match="axes \\('x', 'z'\\) in a panel with axes \\('x', 'y'\\)"):
        plot(spot(2, (0.5, 0.5)), overlay=sphere_mark((1, 1), 1, ("x", "z")))


def test_more_panels_than_wanted_warns():
    with pytest.warns(UserWarning, match="5 panels, 3 are drawn"):
        assert len(panels(plot(*[spot(2, (0.5, 0.5))] * 5, max_panels=3))) == 3


def test_nothing_to_plot():
    with pytest.raises(ValueError, match="Nothing to plot"):
        plot()


def test_unknown_color_map():
    with pytest.raises(ValueError, match="'fog'"):
        plot(spot(2, (0.5, 0.5)), cmap="fog")


def test_missing_library_names_the_command(monkeypatch):
    monkeypatch.setattr(Library, "known", {})
    monkeypatch.setattr("phiml_core.plugin.load_provided", lambda name: False)
    with pytest.raises(LibraryNotFound, match="pip install phiml-vis"):
        plot(spot(2, (0.5, 0.5)))


def test_size_and_title():
    figure = plot(spot(2, (0.5, 0.5)), size=(3, 2), title="Plume")
    assert tuple(figure.get_size_inches()) == (3, 2) and figure.get_suptitle() == "Plume"
    several = plot(spot(2, (0.5, 0.5)), spot(2, (0.2, 0.5)), title=["before", "after"])
    assert [a.get_title() for a in several.axes[:2]] == ["before", "after"] and not several.get_suptitle()
    with pytest.raises(ValueError, match="2 headings for 1 values"):
        plot(spot(2, (0.5, 0.5)), title=["before", "after"])


def test_look_of_other_figures_is_left_alone():
    before = dict(matplotlib.rcParams)
    plot(spot(2, (0.5, 0.5)))
    assert dict(matplotlib.rcParams) == before


SCRIPT = """
import sys, matplotlib, numpy as np
from phiml_core.marks import plot
{choose}
figure = plot(np.ones((4, 5)))
figure.savefig(sys.argv[1])
print('matplotlib.pyplot' in sys.modules, matplotlib.rcParams._get('backend') if '{choose}' else None)
"""


@pytest.mark.parametrize(
    "choose, expected",
    [("", "False None"), ("matplotlib.use('svg')", "True svg")],
    ids=["nothing chosen", "svg chosen"],
)
def test_headless_and_without_switching_a_backend(tmp_path, choose, expected):
    environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "MPLBACKEND")}
    script = SCRIPT.replace("{choose}", choose, 1).replace("'{choose}'", repr(choose))
    command = [sys.executable, "-c", script, str(tmp_path / "a.png")]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    if sys.platform == "linux":
        assert result.stdout.strip() == expected
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_tensors():
    """Curves, heat maps, arrows, points; one panel for each element along other dims."""
    from phiml_core import math
    from phiml_core.marks import Arrows, Heatmap, Lines, MarkError, Points, Volume, marks
    from phiml_core.math import batch, channel, instance, spatial, wrap

    curves = marks(wrap([[1.0, 2.0, 4.0], [0.0, 1.0, 0.0]], channel(fluid="air,water"), spatial("time")))
    assert [type(m) for m in curves] == [Lines, Lines] and curves[1].panel == (("fluid", "water"),)
    assert curves[0].paths[0].tolist() == [[0, 1], [1, 2], [2, 4]]
    (heat,) = marks(wrap([[1, 2, 3], [4, 5, 6]], spatial("y,x")))
    assert type(heat) is Heatmap and heat.axes == ("y", "x") and heat.values[1, 2] == 6
    assert type(marks(math.ones(spatial(x=2, y=2, z=2)))[0]) is Volume
    arrows = marks(math.ones(batch(b=2), spatial(x=3, y=2), channel(vector="x,y")))
    assert [type(m) for m in arrows] == [Arrows] * 2
    (dots,) = marks(wrap([[0, 1], [2, 3], [4, 5]], instance("dots"), channel(vector="x,y")))
    assert type(dots) is Points and dots.positions.tolist() == [[0, 1], [2, 3], [4, 5]]
    with pytest.raises(MarkError, match="neither spatial dims nor positions"):
        marks(wrap([1.0, 2.0], batch("b")))
