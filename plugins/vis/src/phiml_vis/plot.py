"""`plot` on Matplotlib: a figure with one canvas for each panel."""

from __future__ import annotations

import os
import sys
from typing import Any

import numpy as np
from phiml_core.marks import Heatmap, Style, Volume, draw, figure

from .canvas.matplotlib import LABEL, TICKS, Matplotlib, MatplotlibCanvas
from .colors import Ranges, Scales, quantity
from .layout import Layout, arrange
from .render import Camera

__all__ = ["Picture"]


@figure.dispatch
def _(values, library: Matplotlib, style: Style):
    layout = arrange(values, style)
    picture = Picture(layout, style, Scales.collect(layout.panels, style), shown=True)
    picture.draw(layout)
    return picture.figure


class Picture:
    """A Matplotlib figure that can be drawn again with other marks, which is what a film does.

    Args:
        layout: the panels of the first picture; later ones have as many.
        style: wishes.
        ranges: of all quantities that will be drawn.
        shown: whether a window or a notebook may show the figure.
    """

    def __init__(self, layout: Layout, style: Style, ranges: Ranges, shown: bool):
        self.style, self.scales = style, Scales(ranges, style)
        self.figure = new_figure(style.size or default_size(layout, style), style.dpi, shown)
        grid = self.figure.subplots(layout.rows, layout.columns, squeeze=False).ravel()
        self.axes = [grid[cell] for cell in layout.cells]
        self.bars: list[Any] = []
        for cell in set(range(len(grid))) - set(layout.cells):
            grid[cell].remove()
        if style.title and isinstance(style.title, str):
            self.figure.suptitle(style.title, fontsize=12)

    def draw(self, layout: Layout) -> None:
        """Draws the panels in place of what was there.

        Raises:
            ValueError: there are more or fewer panels than before.
        """
        if len(layout.panels) != len(self.axes):
            raise ValueError(
                f"A frame has {len(layout.panels)} panels, the first one had {len(self.axes)}. "
                "Give frames that are all of one structure."
            )
        canvases = []
        for number, (axes, panel) in enumerate(zip(self.axes, layout.panels, strict=True)):
            axes.clear()
            canvas = MatplotlibCanvas(axes, panel, number, self.scales, self.style)
            for mark in panel.marks:
                draw(mark, canvas)
            canvas.finish()
            canvases.append(canvas)
        if len({(c.names, *c.lower, *c.upper) for c in canvases}) == 1 < len(canvases) and len(canvases[0].names) == 2:
            for canvas in canvases:
                place = canvas.axes.get_subplotspec()
                if not place.is_first_col():
                    canvas.axes.set_ylabel("")
                    canvas.axes.tick_params(labelleft=False)
                if not place.is_last_row() and len(canvases) == layout.rows * layout.columns:
                    canvas.axes.set_xlabel("")
                    canvas.axes.tick_params(labelbottom=False)
        if self.style.show_color_bar and not self.bars:
            self._explain(canvases)

    def _explain(self, canvases: list[MatplotlibCanvas]) -> None:
        """Colour bars: one for all panels if they share a scale, else one beside each panel that needs one."""
        mapped = [(canvas, *canvas.mapped) for canvas in canvases if canvas.mapped]
        quantities = {quantity(mark, canvas.number, self.style) for canvas, _, mark in mapped}
        shared = len(quantities) == 1 and len(mapped) == len(canvases)
        groups = [(self.axes, *mapped[0][1:])] if shared else [(canvas.axes, *rest) for canvas, *rest in mapped]
        for axes, artist, mark in groups:
            bar = self.figure.colorbar(artist, ax=axes, shrink=0.85, aspect=28, pad=0.02)
            bar.outline.set_visible(False)
            bar.set_label(mark.label, **LABEL)
            bar.ax.tick_params(**TICKS)
            self.bars.append(bar)


def default_size(layout: Layout, style: Style) -> tuple[float, float]:
    """Inches that give each panel room in the shape of its data."""
    marks = [mark for panel in layout.panels for mark in panel.marks]
    grids = [mark for mark in marks if isinstance(mark, Heatmap | Volume)]
    ratios = [ratio for mark in grids or marks if (ratio := _ratio(mark, style.view))]
    ratio = float(np.clip(np.median(ratios), 0.4, 2.5)) if ratios else 0.7
    side = 4.6 if len(layout.panels) == 1 else 3.6 if len(layout.panels) <= 4 else 2.6
    width, height = side * min(1, 1 / ratio), side * min(1, ratio)
    colored = (mark for mark in marks if not isinstance(mark, Volume))
    bar = 0.9 if style.show_color_bar and any(mark.values_range() for mark in colored) else 0.0
    return layout.columns * (width + 0.7) + bar, layout.rows * (height + 0.6)


def _ratio(mark: Any, view: tuple[float, float]) -> float | None:
    """Height over width of the space that a mark takes."""
    box = None if getattr(mark, "graph", False) or len(mark.axes) < 2 else mark.bounds()
    if not box:
        return None
    lower, upper = box
    if len(mark.axes) == 3:
        camera = Camera.around(lower, upper, view)
        lower, upper = camera.low, camera.high
    return float(max(upper[1] - lower[1], 1e-9) / max(upper[0] - lower[0], 1e-9))


def new_figure(size: tuple[float, float], dpi: int, shown: bool) -> Any:
    """An empty figure, known to pyplot if there is somewhere to show it.

    Without a display and without a backend of the user's choice pyplot is left alone, so that nothing is switched and
    nothing stays in memory after the figure is dropped; `savefig` works either way.
    """
    display = sys.platform in ("win32", "darwin") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if shown and (display or chosen_backend()):
        from matplotlib import pyplot

        return pyplot.figure(figsize=size, dpi=dpi, layout="constrained")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    result = Figure(figsize=size, dpi=dpi, layout="constrained")
    FigureCanvasAgg(result)
    return result


def chosen_backend() -> str | None:
    """The backend that the user or a notebook has chosen, without choosing one."""
    import matplotlib

    try:
        return matplotlib.get_backend(auto_select=False)
    except TypeError:  # Matplotlib 3.9 can only ask by choosing
        return matplotlib.get_backend() if "matplotlib.pyplot" in sys.modules else os.environ.get("MPLBACKEND")
