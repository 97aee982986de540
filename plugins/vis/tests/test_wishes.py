"""What users wish of a picture: rows and columns, logarithms, colours, opacity, bands of error, several values as one."""

import numpy as np
import pytest
from matplotlib.colors import LogNorm, to_hex
from phiml_core.marks import Points, curve_mark, grid_mark, overlay, plot, show
from phiml_core.math import batch


def cells(*panel):
    mark = grid_mark(np.arange(1.0, 7).reshape(2, 3), (0, 0), (2, 3), "xy", name="f")
    for dim, label in panel:
        mark = mark.at(dim, label)
    return mark


def places(figure):
    """Title and place of each panel."""
    figure.canvas.draw()
    specs = {
        axes.get_title(): axes.get_subplotspec() for axes in figure.axes if axes.get_subplotspec() and axes.get_title()
    }
    return {title: (spec.rowspan.start, spec.colspan.start) for title, spec in specs.items()}


GRID = [cells(("t", t), ("seed", s)) for s in "ab" for t in range(3)]


@pytest.mark.parametrize(
    "wish, row, column",
    [
        (dict(row_dims="seed"), "seed", "t"),
        (dict(row_dims=batch("t")), "t", "seed"),
        (dict(col_dims=("seed",)), "t", "seed"),
        (dict(row_dims="t", col_dims="seed"), "t", "seed"),
    ],
)
def test_rows_and_columns_stand_for_dims(wish, row, column):
    for title, found in places(plot(GRID, **wish)).items():
        labels = dict(part.split("=") for part in title.split(", ")[1:])
        index = {"seed": "ab".find(labels["seed"]), "t": int(labels["t"])}
        assert found == (index[row], index[column])


def test_values_are_a_dim_and_missing_pairs_stay_empty():
    assert places(plot(cells(), GRID[0], title=["f", "g"], row_dims="args")) == {"f": (0, 0), "g, seed=a, t=0": (1, 1)}
    figure = plot(GRID[:4], row_dims="seed", show_color_bar=False)
    assert len(figure.axes) == 4 and places(figure)["f, seed=b, t=0"] == (1, 0)


def test_dims_that_there_are_not():
    with pytest.raises(ValueError, match="Panels differ along args, seed, t, not along 'time'"):
        plot(GRID, row_dims="time")
    with pytest.raises(ValueError, match="seed cannot stand for rows and columns"):
        plot(GRID, row_dims="seed", col_dims="seed,t")


def test_logarithmic_axes_show_all_positive_values():
    curve = curve_mark(np.arange(1.0, 9), 10.0 ** -np.arange(8))
    axes = plot(curve, log_dims="x,_").axes[0]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert axes.get_ylim()[0] < 1e-7 < 1 < axes.get_ylim()[1] and axes.get_ylim()[0] > 1e-9
    assert plot(curve, log_dims="_").axes[0].get_xscale() == "linear"
    points = plot(Points(np.array([[1.0, 2], [100, 3]]), ("x", "y")), log_dims="x").axes[0]
    assert points.get_xscale() == "log" and points.get_yscale() == "linear" and points.get_aspect() == "auto"
    with pytest.raises(ValueError, match="A heat map has cells of equal size along 'x'"):
        plot(cells(), log_dims="x")


def test_logarithmic_colours_begin_at_the_smallest_positive_value():
    values = np.array([[0.0, 0.01], [1, 100]])
    (image,) = plot(grid_mark(values, (0, 0), (2, 2), "xy"), log_dims="_").axes[0].images
    assert isinstance(image.norm, LogNorm) and image.get_clim() == (0.01, 100)
    with pytest.raises(ValueError, match="need values above 0"):
        plot(grid_mark(-values, (0, 0), (2, 2), "xy"), log_dims="_")


def test_colours_and_opacity():
    curve = curve_mark(np.arange(4), np.arange(4.0))
    figure = plot(curve, curve, overlay="args", color=["red", 1], alpha=0.5)
    lines = figure.axes[0].lines
    assert [to_hex(line.get_color()) for line in lines] == ["#ff0000", "#e2763a"]
    assert [line.get_alpha() for line in lines] == [0.5, 0.5]
    assert plot(cells(), color="red").axes[0].images[0].get_cmap().name == "smoke"
    with pytest.raises(ValueError, match="Unknown colour 'rde'"):
        plot(curve, color="rde")
    with pytest.raises(ValueError, match="color has 3 items for 1 values"):
        plot(curve, color=["red", "green", "blue"])


def test_bands_lie_around_their_curves():
    curve = curve_mark(np.arange(4), np.arange(4.0))
    height = curve_mark(np.arange(4), [0.5, 1, 2, 3])
    axes = plot(curve, curve, overlay="args", err=[height, 0.25]).axes[0]
    for band, line, h in zip(axes.collections, axes.lines, ([0.5, 1, 2, 3], [0.25] * 4), strict=True):
        assert to_hex(band.get_facecolor()[0]) == to_hex(line.get_color())
        for x in range(4):
            inside = [y for _x, y in band.get_paths()[0].vertices if _x == x]
            assert (min(inside), max(inside)) == (x - h[x], x + h[x])
    with pytest.raises(ValueError, match="curves of another length"):
        plot(curve, err=curve_mark(np.arange(3), np.arange(3.0)))


def test_several_values_as_one():
    curve = curve_mark(np.arange(4), np.arange(4.0))
    figure = plot(overlay(cells(), Points(np.ones((1, 2)), ("x", "y"))), curve)
    assert len(panels := [axes for axes in figure.axes if axes.get_subplotspec() and axes.has_data()]) >= 2
    assert len(panels[0].images) == 1 and len(panels[0].collections) == 1


def test_show_opens_no_window_without_a_display(monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    assert len(show(cells(), title="seen").axes) == 2
    assert show() is None
