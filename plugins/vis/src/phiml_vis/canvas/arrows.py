"""Arrows on Matplotlib axes."""

from __future__ import annotations

import numpy as np
from phiml_core.marks import Arrows, draw

from ..colors import ARROWS
from .matplotlib import MatplotlibCanvas

__all__ = ["thinned"]

ARROWS_PER_AXIS = 26


@draw.dispatch
def _(mark: Arrows, canvas: MatplotlibCanvas):
    positions, vectors = thinned(mark.positions, mark.vectors)
    places = canvas.flat(positions, mark)
    arrows = canvas.flat(vectors, mark)
    scale = canvas.scales.of(mark, canvas.number)
    longest = np.linalg.norm(mark.vectors, axis=-1).max(initial=0) if mark.color else scale.high
    spacing = np.prod(np.maximum(np.ptp(places, axis=0), 1e-9)) / max(len(places), 1)
    if canvas.space:
        spacing = np.prod(canvas.upper - canvas.lower) ** (2 / 3) / max(len(places), 1) ** (2 / 3)
    how = {
        "angles": "xy", "scale_units": "xy", "units": "xy", "pivot": "middle", "zorder": 5, "alpha": mark.opacity,
        "scale": (longest or 1) / (1.5 * np.sqrt(spacing)), "width": 0.075 * np.sqrt(spacing),
        "headwidth": 3.6, "headlength": 4.2, "headaxislength": 3.8, "minlength": 0.3,
    }  # fmt: skip
    if mark.color or canvas.over_heatmap:
        canvas.axes.quiver(*places.T, *arrows.T, color=mark.color or ARROWS, **how)
        return
    length = np.linalg.norm(vectors, axis=-1)
    shown = canvas.axes.quiver(*places.T, *arrows.T, length, cmap=scale.cmap, clim=(scale.low, scale.high), **how)
    canvas.mapped = canvas.mapped or (shown, mark)


def thinned(positions: np.ndarray, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows (n, d) of arrows; those on a regular grid are averaged over blocks until few enough to be told apart."""
    rank = positions.shape[-1]
    if positions.ndim != rank + 1:
        return positions.reshape(-1, rank), vectors.reshape(-1, rank)
    limit = ARROWS_PER_AXIS if rank < 3 else 9
    step = -(-max(positions.shape[:-1]) // limit)
    for axis in range(rank):
        size = positions.shape[axis]
        block = min(step, size)
        keep = slice((size % block) // 2, (size % block) // 2 + size - size % block)

        def mean(array: np.ndarray) -> np.ndarray:
            part = np.moveaxis(array, axis, 0)[keep]  # noqa: B023 (called in this turn of the loop only)
            return np.moveaxis(part.reshape(-1, block, *part.shape[1:]).mean(1), 0, axis)  # noqa: B023

        positions, vectors = mean(positions), mean(vectors)
    return positions.reshape(-1, rank), vectors.reshape(-1, rank)
