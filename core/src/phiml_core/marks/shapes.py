"""Marks of the usual things, from NumPy arrays: what a field or a geometry needs to describe itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .data import Arrows, Heatmap, Lines, Mark, MarkError, Surface, Volume

__all__ = ["grid_mark", "curve_mark", "arrows_mark", "box_mark", "sphere_mark"]


def grid_mark(values: Any, lower: Sequence[float], upper: Sequence[float], axes: Sequence[str], **about: Any) -> Mark:
    """A scalar on a regular grid: a curve, a heat map or a volume by the number of axes.

    Args:
        values: cell averages, one axis for each name in `axes`, in that order.
        lower, upper: corners of the grid, in length.
        axes: names of the axes, one to three.
        about: `name`, `label`, `color`, `opacity`, `panel` of the mark.  With `color`, values in [0, 1] are opacity.

    >>> grid_mark([0., 1., 4.], [0], [3], ['x']).paths[0].tolist()
    [[0.5, 0.0], [1.5, 1.0], [2.5, 4.0]]
    """
    values, kinds = np.asarray(values), {2: Heatmap, 3: Volume}
    if values.ndim == 1:
        edges = np.linspace(float(lower[0]), float(upper[0]), len(values) + 1)
        return curve_mark((edges[1:] + edges[:-1]) / 2, values, axis=axes[0], **about)
    if values.ndim not in kinds:
        raise MarkError(
            f"Values have shape {values.shape}, expected one to three axes. Slice them, or make a panel of each slice."
        )
    return kinds[values.ndim](values, tuple(lower), tuple(upper), tuple(axes), **about)


def curve_mark(positions: Any, values: Any, axis: str = "x", **about: Any) -> Lines:
    """The curve of `values` (n,) over `positions` (n,)."""
    paths = (np.stack([np.asarray(positions, float), np.asarray(values, float)], -1),)
    return Lines(paths, (axis, about.get("label", "")), graph=True, **about)


def arrows_mark(
    values: Any, lower: Sequence[float], upper: Sequence[float], axes: Sequence[str], **about: Any
) -> Arrows:
    """Vectors at the cell centres of a regular grid.

    Args:
        values: (…cells in the order of `axes`…, d), components in the order of `axes`.
        lower, upper, axes, about: as for `grid_mark`.
    """
    values = np.asarray(values)
    centers = [
        low + (np.arange(size) + 0.5) * (high - low) / size
        for low, high, size in zip(lower, upper, values.shape[:-1], strict=True)
    ]
    return Arrows(np.stack(np.meshgrid(*centers, indexing="ij"), -1), values, tuple(axes), **about)


def box_mark(lower: Sequence[float], upper: Sequence[float], axes: Sequence[str], **about: Any) -> Lines | Surface:
    """An axis-aligned box: an interval, a filled rectangle or twelve triangles by the number of axes."""
    corners, axes = np.array([lower, upper], float), tuple(axes)
    if len(axes) == 1:
        return Lines((corners,), axes, filled=True, **about)
    if len(axes) == 2:
        order = [(0, 0), (1, 0), (1, 1), (0, 1)]
        return Lines((np.array([[corners[i, 0], corners[j, 1]] for i, j in order]),), axes, filled=True, **about)
    vertices = np.array([[corners[i, 0], corners[j, 1], corners[k, 2]] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    # Each face as the four corners 4i + 2j + k, counter-clockwise from outside.
    # Faces share no corners: edges are sharp.
    quads = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]])
    halves = np.add.outer(np.arange(0, 24, 4), [[0, 1, 2], [0, 2, 3]]).reshape(-1, 3)
    return Surface(vertices[quads].reshape(-1, 3), halves, axes, **about)


def sphere_mark(center: Sequence[float], radius: float, axes: Sequence[str], **about: Any) -> Lines | Surface:
    """A ball: an interval, a filled circle or a triangulated sphere by the number of axes."""
    middle, axes = np.asarray(center, float), tuple(axes)
    if len(axes) == 1:
        return box_mark((middle - radius).tolist(), (middle + radius).tolist(), axes, **about)
    if len(axes) == 2:
        angle = np.linspace(0, 2 * np.pi, 96, endpoint=False)
        return Lines((middle + radius * np.stack([np.cos(angle), np.sin(angle)], -1),), axes, filled=True, **about)
    rings, sectors = 24, 48
    polar, azimuth = np.meshgrid(
        np.linspace(0, np.pi, rings + 1), np.arange(sectors) * 2 * np.pi / sectors, indexing="ij"
    )
    unit = np.stack([np.sin(polar) * np.cos(azimuth), np.sin(polar) * np.sin(azimuth), np.cos(polar)], -1)
    ring, sector = np.meshgrid(np.arange(rings), np.arange(sectors), indexing="ij")
    here, right = ring * sectors + sector, ring * sectors + (sector + 1) % sectors
    faces = np.stack([here, here + sectors, right, right, here + sectors, right + sectors], -1).reshape(-1, 3)
    return Surface((middle + radius * unit).reshape(-1, 3), faces, axes, **about)
