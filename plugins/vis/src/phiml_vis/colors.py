"""Which colour a number has: colour scales shared by the panels that show the same quantity."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from phiml_core.marks import Heatmap, Mark, Style, Volume

__all__ = ["Scale", "Scales", "Ranges", "colormap", "quantity", "GEOMETRY", "ARROWS", "CURVES"]

GEOMETRY = "#e2763a"
"""Obstacles: the complement of the bluish greys of smoke, so that they stand out at any density."""
ARROWS = "#7cc7ff"
"""Arrows on top of a heat map."""
CURVES = ("#1f6fb2", "#e2763a", "#2f9e6e", "#b3478a", "#8a6fd1", "#c2a224", "#4b5563")

SMOKE = ("#06080d", "#141a26", "#2a3447", "#48566d", "#6f7d92", "#9ba6b5", "#c8ced5", "#ecebe7", "#fffdf6")
"""Lightness rises evenly from night sky to sunlit cloud; thin smoke is cool, thick smoke warm."""

Key = tuple[str, str, int]
Ranges = dict[Key, tuple[float, float]]
"""Range of the numbers of each quantity, collected over panels and over the frames of a film."""


@dataclass(frozen=True)
class Scale:
    """Values of the first and the last colour, and the colour map between."""

    low: float
    high: float
    cmap: Any
    log: bool = False

    def norm(self) -> Any:
        """The scale as Matplotlib has it."""
        from matplotlib.colors import LogNorm, Normalize

        return (LogNorm if self.log else Normalize)(self.low, self.high)

    def unit(self, values: Any) -> Any:
        """Values as places on the colour map, 0 to 1."""
        return (values - self.low) / (self.high - self.low)


class Scales:
    """The colour scale of each mark of a figure."""

    def __init__(self, ranges: Ranges, style: Style):
        self._ranges, self._style = ranges, style

    @staticmethod
    def collect(panels: Iterable[Any], style: Style, ranges: Ranges | None = None) -> Ranges:
        """Adds the ranges of the marks of all panels to `ranges`."""
        ranges = {} if ranges is None else ranges
        for index, panel in enumerate(panels):
            for mark in panel.marks:
                found = positive_range(mark) if is_log(mark, style) else mark.values_range()
                if found:
                    key = quantity(mark, index, style)
                    low, high = ranges[key] if key in ranges else found
                    ranges[key] = min(low, found[0]), max(high, found[1])
        return ranges

    def of(self, mark: Mark, panel: int) -> Scale:
        """The scale of `mark` in the panel of that number."""
        low, high = self._ranges.get(quantity(mark, panel, self._style), (0.0, 1.0))
        fixed = getattr(mark, "limits", None)
        signed = low < -0.02 * high  # higher-order advection undershoots a little: that alone is no signed quantity
        log = is_log(mark, self._style)
        if not fixed and not log:
            low, high = (-max(-low, high), max(-low, high)) if signed else (0.0 if low < 0.2 * high else low, high)
        style = self._style
        low = low if style.vmin is None else style.vmin
        high = high if style.vmax is None else style.vmax
        if not low < high:
            high = low + (abs(low) or 1.0) * 1e-3 if style.vmax is None else high
            low = low if low < high else high - (abs(high) or 1.0) * 1e-3
        default = "smoke" if isinstance(mark, Heatmap | Volume) else "viridis"
        return Scale(low, high, colormap(style.cmap or ("RdBu_r" if signed and not fixed else default)), log)


def is_log(mark: Mark, style: Style) -> bool:
    """Whether the colours of a mark stand for logarithms."""
    return "_" in style.log_dims and isinstance(mark, Heatmap) and not mark.color


def positive_range(mark: Heatmap) -> tuple[float, float]:
    """Smallest and largest of the values that have a logarithm.

    Raises:
        ValueError: there are none.
    """
    found = mark.values[np.isfinite(mark.values) & (mark.values > 0)]
    if not found.size:
        raise ValueError("Logarithmic colours need values above 0, but there are none.  Leave '_' out of log_dims.")
    return float(found.min()), float(found.max())


def quantity(mark: Mark, panel: int, style: Style) -> Key:
    """Marks with the same key share one scale."""
    return type(mark).__name__, mark.label, -1 if style.same_scale else panel


def colormap(name: str) -> Any:
    """The Matplotlib colour map of that name; 'smoke' is ours.

    Raises:
        ValueError: Matplotlib knows no such colour map.
    """
    from matplotlib import colormaps
    from matplotlib.colors import LinearSegmentedColormap

    if name == "smoke":
        return LinearSegmentedColormap.from_list("smoke", SMOKE)
    if name not in colormaps:
        raise ValueError(f"Unknown colour map {name!r}. Give 'smoke' or one that Matplotlib lists in `colormaps`.")
    return colormaps[name]
