"""Marks on Matplotlib axes."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from phiml_core.marks import (
    Canvas,
    Heatmap,
    Library,
    Lines,
    Mark,
    Points,
    Style,
    Surface,
    Text,
    Volume,
    draw,
)

from ..colors import ARROWS, CURVES, GEOMETRY, Scales
from ..layout import Panel
from .space import Space

__all__ = ["Matplotlib", "MatplotlibCanvas"]

TICKS: Any = {"labelsize": 8, "color": "#4b5563", "labelcolor": "#374151", "width": 0.7, "length": 3}
LABEL: Any = {"fontsize": 9, "color": "#374151"}
"""The look is set on each artist: Matplotlib's own settings belong to the whole process."""

SMOOTH_FROM = 24
"""Cells per axis from which a heat map is interpolated; fewer are shown as the cells they are."""


class Matplotlib(Library, name="matplotlib"):
    """Draws with Matplotlib; figures are `matplotlib.figure.Figure`."""

    def show(self) -> None:
        if "matplotlib.pyplot" in sys.modules:  # else there is no display, and no figure waits for a window
            sys.modules["matplotlib.pyplot"].show()


class MatplotlibCanvas(Canvas):
    """One panel on Matplotlib axes.

    Attributes:
        axes: where to draw.
        panel: what will be drawn, known beforehand so that marks of unequal extent share one space.
        names: the axes of space, in the order right, up or, in three dimensions, x, y, up.
        mapped: (artist or colour map, mark) that the first colour bar of this panel explains, or None.
    """

    def __init__(self, axes: Any, panel: Panel, number: int, scales: Scales, style: Style):
        self.axes, self.panel, self.number, self.scales, self.style = axes, panel, number, scales, style
        places = [mark for mark in panel.marks if not getattr(mark, "graph", False)]
        self.names: tuple[str, ...] = canonical(max((_axes(mark) for mark in places), key=len, default=()))
        self.mapped: tuple[Any, Mark] | None = None
        self.curves = self.bands = 0
        lower, upper = self.bounds(places)
        self.space: Space | None = Space(lower, upper, style.view) if len(self.names) == 3 else None
        self.lower, self.upper = lower, upper

    @property
    def over_heatmap(self) -> bool:
        """Whether the panel is filled with colour already."""
        return any(isinstance(mark, Heatmap | Volume) and not mark.color for mark in self.panel.marks)

    @property
    def in_space(self) -> Space:
        """The three-dimensional part of this panel, for marks that have no other."""
        assert self.space is not None  # such marks have three axes, and so has the panel they are in
        return self.space

    def bounds(self, places: list[Mark]) -> tuple[np.ndarray, np.ndarray]:
        """Corners of the space shown: of the grids if there are any, else of everything."""
        grids = [mark for mark in places if isinstance(mark, Heatmap | Volume)] or places
        corners = [
            [self.columns(corner[None], mark)[0] for corner in box]
            for mark in grids
            if len(_axes(mark)) == len(self.names) and (box := mark.bounds())
        ]
        if not corners:
            return np.zeros(len(self.names)), np.ones(len(self.names))
        lower, upper = np.min([c[0] for c in corners], 0), np.max([c[1] for c in corners], 0)
        flat = upper <= lower
        return np.where(flat, lower - 0.5, lower), np.where(flat, upper + 0.5, upper)

    def columns(self, positions: np.ndarray, mark: Any) -> np.ndarray:
        """Positions or vectors (…, d) of a mark in the order of the axes of this canvas."""
        axes = _axes(mark)
        if set(axes) != set(self.names):
            raise ValueError(
                f"{type(mark).__name__} has axes {axes} in a panel with axes {self.names}. "
                "Draw them in panels of their own, or rename the axes."
            )
        return positions[..., [axes.index(name) for name in self.names]]

    def grid(self, mark: Heatmap | Volume) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Values, lower and upper corner of a grid in the order of the axes of this canvas."""
        order = [mark.axes.index(name) for name in self.names] if set(mark.axes) == set(self.names) else None
        lower, upper = (self.columns(corner[None], mark)[0] for corner in mark.bounds())
        return np.transpose(mark.values, order), lower, upper

    def flat(self, positions: np.ndarray, mark: Any) -> np.ndarray:
        """Places (…, 2) in the picture."""
        positions = self.columns(positions, mark)
        if self.space:
            return self.space.camera.project(positions)[..., :2]
        return positions if positions.shape[-1] == 2 else np.concatenate([positions, 0 * positions], -1)

    def finish(self) -> None:
        """Composes what is in space and sets limits and names of the axes."""
        axes, panel = self.axes, self.panel
        axes.set_title(panel.title, fontsize=10)
        axes.tick_params(**TICKS)
        for side, spine in axes.spines.items():
            spine.set(visible=side in ("left", "bottom"), color=TICKS["color"], linewidth=TICKS["width"])
        if self.space:
            self.space.finish(axes, self.names)
        elif len(self.names) == 2:
            axes.set(xlim=(self.lower[0], self.upper[0]), ylim=(self.lower[1], self.upper[1]), aspect="equal")
            self._label(self.names[0], self.names[1])
        else:
            self._finish_graph()
        self._scale_axes()
        handles, names = axes.get_legend_handles_labels()
        if len(names) > 1:
            axes.legend(handles, names, frameon=False, loc="best", fontsize=9)

    def _finish_graph(self) -> None:
        graphs = [mark for mark in self.panel.marks if isinstance(mark, Lines) and mark.graph]
        self.axes.margins(x=0)
        self.axes.grid(True, color="#d7dbe0", linewidth=0.6)
        self.axes.set_axisbelow(True)
        if graphs:
            self._label(graphs[0].axes[0], graphs[0].label)
            if self.style.vmin is not None or self.style.vmax is not None:
                self.axes.set_ylim(bottom=self.style.vmin, top=self.style.vmax)
        else:
            self.axes.set(xlim=(self.lower[0], self.upper[0]), yticks=[])
            self._label(self.names[0], "")

    def _scale_axes(self) -> None:
        """Logarithmic axes, of graphs and of places that no grid of equal cells fills."""
        graph = not self.space and len(self.names) < 2
        shown = ((self._across(),) if graph else self.names) if not self.space else ()
        for axis, name in zip("xy", (*shown, "_") if graph else shown, strict=False):
            if name not in self.style.log_dims:
                continue
            if name != "_" and self.over_heatmap:
                raise ValueError(
                    f"A heat map has cells of equal size along {name!r}, which a logarithmic axis would not show.  "
                    "Give log_dims='_' for colours, or resample the value."
                )
            self.axes.set(**{f"{axis}scale": "log"})
            ends = getattr(self.axes, f"get_{axis}lim")()
            if ends[1] > 10 * ends[0]:  # powers of ten suffice
                getattr(self.axes, f"{axis}axis").set_minor_formatter("")
            if not graph:
                self.axes.set_aspect("auto")

    def _across(self) -> str:
        graphs = [mark for mark in self.panel.marks if isinstance(mark, Lines) and mark.graph]
        return graphs[0].axes[0] if graphs else self.names[0] if self.names else ""

    def _label(self, across: str, up: str) -> None:
        self.axes.set_xlabel(across, **LABEL)
        self.axes.set_ylabel(up, **LABEL)


def _axes(mark: Any) -> tuple[str, ...]:
    return mark.axes


def canonical(axes: tuple[str, ...]) -> tuple[str, ...]:
    """x to the right, y up, z up in three dimensions, whatever the order in memory; other names as they come."""
    return tuple(sorted(axes, key="xyz".find)) if set(axes) <= set("xyz") else axes


@draw.dispatch
def _(mark: Heatmap, canvas: MatplotlibCanvas):
    values, lower, upper = canvas.grid(mark)
    extent = (lower[0], upper[0], lower[1], upper[1])
    how = {
        "origin": "lower",
        "extent": extent,
        "interpolation": "bilinear" if min(values.shape) >= SMOOTH_FROM else "nearest",
    }
    if mark.color:
        canvas.axes.imshow(stencil(values.T, mark.color, mark.opacity), **how)
        return
    scale = canvas.scales.of(mark, canvas.number)
    image = canvas.axes.imshow(values.T, cmap=scale.cmap, norm=scale.norm(), alpha=mark.opacity, **how)
    canvas.mapped = canvas.mapped or (image, mark)


@draw.dispatch
def _(mark: Volume, canvas: MatplotlibCanvas):
    values, lower, upper = canvas.grid(mark)
    if mark.color:
        canvas.in_space.add_solid(values * mark.opacity, mark.color, lower, upper)
    else:
        canvas.in_space.add_volume(values, canvas.scales.of(mark, canvas.number), lower, upper, mark.opacity)


@draw.dispatch
def _(mark: Surface, canvas: MatplotlibCanvas):
    canvas.in_space.add_surface(canvas.columns(mark.vertices, mark), mark.faces, mark.color or GEOMETRY, mark.opacity)


@draw.dispatch
def _(mark: Lines, canvas: MatplotlibCanvas):
    from matplotlib.collections import LineCollection, PolyCollection

    if mark.graph:
        color = mark.color or CURVES[canvas.curves % len(CURVES)]
        if mark.filled:  # a band, which has the colour of the curve that comes later
            (x, upper), (_, lower) = (path.T for path in mark.paths)
            color = mark.color or CURVES[canvas.bands % len(CURVES)]
            canvas.axes.fill_between(x, lower, upper, color=color, alpha=mark.opacity, linewidth=0)
            canvas.bands += 1
            return
        canvas.curves += 1
        for i, path in enumerate(mark.paths):
            name = mark.name if not i else ""
            canvas.axes.plot(*path.T, color=color, alpha=mark.opacity, label=name, linewidth=1.6)
        return
    color = mark.color or GEOMETRY
    if mark.filled and len(mark.axes) == 1:
        for path in mark.paths:
            canvas.axes.axvspan(path.min(), path.max(), color=color, alpha=0.5 * mark.opacity, linewidth=0)
        return
    paths = [canvas.flat(path, mark) for path in mark.paths]
    kind = PolyCollection if mark.filled else LineCollection
    face: dict[str, Any] = {"facecolors": color} if mark.filled else {}
    canvas.axes.add_collection(
        kind(paths, edgecolors=color, linewidths=1.2, alpha=mark.opacity, zorder=3, **face), autolim=not canvas.names
    )


@draw.dispatch
def _(mark: Points, canvas: MatplotlibCanvas):
    from matplotlib.collections import EllipseCollection

    places, scale = canvas.flat(mark.positions, mark), canvas.scales.of(mark, canvas.number)
    if mark.values is None or mark.color:
        color: dict[str, Any] = {"color": mark.color or (ARROWS if canvas.over_heatmap else CURVES[0])}
    else:
        color = {"array": mark.values, "cmap": scale.cmap, "clim": (scale.low, scale.high)}
    if mark.radius is None:
        color = (
            {"c": color["array"], "cmap": scale.cmap, "vmin": scale.low, "vmax": scale.high}
            if "array" in color
            else color
        )
        points = canvas.axes.scatter(*places.T, s=7, linewidths=0, alpha=mark.opacity, zorder=4, **color)
    else:
        width = np.broadcast_to(2 * np.asarray(mark.radius, float), len(places))
        points = EllipseCollection(
            width, width, 0 * width, units="xy", offsets=places, offset_transform=canvas.axes.transData, zorder=4,
            alpha=mark.opacity, **color,
        )  # fmt: skip
        canvas.axes.add_collection(points, autolim=False)
    if mark.values is not None and not mark.color:
        canvas.mapped = canvas.mapped or (points, mark)


@draw.dispatch
def _(mark: Text, canvas: MatplotlibCanvas):
    x, y = canvas.flat(mark.position, mark)
    color = mark.color or ("white" if canvas.over_heatmap else "black")
    canvas.axes.text(x, y, mark.text, color=color, alpha=mark.opacity, ha="center", va="center", zorder=6)


def stencil(coverage: np.ndarray, color: str, opacity: float) -> np.ndarray:
    """RGBA picture of one colour whose opacity is the coverage."""
    from matplotlib.colors import to_rgb

    alpha = opacity * np.nan_to_num(np.clip(coverage, 0, 1))
    return np.concatenate([np.broadcast_to(to_rgb(color), (*alpha.shape, 3)), alpha[..., None]], -1)
