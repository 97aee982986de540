"""Matter between the viewer and the background, by the emission–absorption model.

Along a ray dI = (c − I) σ ds with extinction σ and source colour c (Max 1995, "Optical models for direct volume
rendering", eq. 11).  The source is the colour of the matter times the light that arrives there from above and from the
side through the matter itself, which is what makes smoke look like smoke.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .camera import Camera, corners_of
from .surface import shade

__all__ = ["Matter", "smoke", "solid", "render"]

DENSITY = 24.0
"""Optical depth of a box filled with the highest value."""

SHADOW = 0.35
"""Share of the extinction that takes light away; the rest scatters it forwards."""


@dataclass(frozen=True, eq=False)
class Matter:
    """What fills a box, on a regular grid.

    Attributes:
        extinction: (nx, ny, nz) per length.
        source: (nx, ny, nz) brightness of the matter where it is.
        table: (n, 3) colours.
        tint: (nx, ny, nz) place on the colour table, 0 to 1; None: extinction / highest.
        lower, upper: corners of the box.
        highest: possible extinction.
    """

    extinction: np.ndarray
    source: np.ndarray
    table: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    tint: np.ndarray | None = None
    highest: float = 1.0


def smoke(
    unit: np.ndarray, table: np.ndarray, lower: np.ndarray, upper: np.ndarray, tint: np.ndarray | None = None
) -> Matter:
    """Matter as dense as `unit` (0 to 1), lit from above and from the side of the first axis."""
    unit = np.nan_to_num(np.clip(unit, 0, 1)).astype(np.float32)
    length = upper - lower
    highest = float(DENSITY / length.mean())
    extinction = unit * np.float32(highest)
    spacing = length / unit.shape
    above = _through(extinction[:, :, ::-1], 2, spacing[2])[:, :, ::-1]
    beside = _through(extinction[::-1], 0, spacing[0])[::-1]
    source = 0.36 + 0.50 * above + 0.28 * beside
    return cropped(Matter(extinction, source, table, lower, upper, tint, highest))


def solid(coverage: np.ndarray, color: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> Matter:
    """Opaque matter where `coverage` is 1, shaded as a surface whose normals are the directions of falling coverage."""
    from scipy.ndimage import gaussian_filter

    coverage = np.nan_to_num(np.clip(coverage, 0, 1)).astype(np.float32)
    spacing = (upper - lower) / coverage.shape
    smooth = gaussian_filter(coverage, 1.0, mode="nearest")
    slope = [
        np.gradient(smooth, h, axis=a) if n > 1 else 0 * smooth for a, (h, n) in enumerate(zip(spacing, smooth.shape))
    ]
    normals = -np.stack(slope, -1)
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-6)
    extinction = coverage * np.float32(6 / spacing.min())
    return cropped(Matter(extinction, shade(normals), color[None], lower, upper))


def cropped(matter: Matter) -> Matter:
    """The part with matter in it and a rim of empty cells: the rest need not be rendered."""
    shape, there = np.array(matter.extinction.shape), matter.extinction > 2e-3 * matter.extinction.max()
    occupied = [np.flatnonzero(there.any(tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    first = np.array([max(o[0] - 1, 0) if len(o) else 0 for o in occupied])
    last = np.array([min(o[-1] + 2, n) if len(o) else 1 for o, n in zip(occupied, shape)])
    part, spacing = tuple(map(slice, first, last)), (matter.upper - matter.lower) / shape
    return replace(
        matter,
        extinction=matter.extinction[part],
        source=matter.source[part],
        tint=None if matter.tint is None else matter.tint[part],
        lower=matter.lower + first * spacing,
        upper=matter.lower + last * spacing,
    )


def _through(extinction: np.ndarray, axis: int, spacing: float) -> np.ndarray:
    """Share of the light that gets to each cell from before the first cell of `axis`."""
    depth = np.cumsum(extinction, axis=axis, dtype=np.float32) - 0.5 * extinction
    return np.exp(-depth * np.float32(SHADOW * spacing))


def render(
    contents: Sequence[Matter], camera: Camera, size: tuple[int, int], surface_depth: np.ndarray, surface: np.ndarray
) -> np.ndarray:
    """The picture of matter and surfaces, the nearer in front of the farther.

    Args:
        contents: matter, possibly on different grids.
        size: pixels to the right and up.
        surface_depth: (*size) distance of the nearest surface in camera coordinates, infinite without one.
        surface: (*size, 4) its colour with opacity.

    Returns:
        (*size, 4) red, green, blue times opacity, and opacity: 0 to 1.
    """
    rays = Rays(np.zeros((*size, 3), np.float32), np.ones(size, np.float32), surface_depth.copy(), surface)
    if contents:
        cell = min(((matter.upper - matter.lower) / matter.extinction.shape).min() for matter in contents)
        count = int(np.clip(np.ceil((camera.high[2] - camera.low[2]) / cell), 2, 400))
        steps = (camera.high - camera.low) / np.array([*size, count])
        corners = np.concatenate([camera.project(corners_of(matter.lower, matter.upper)) for matter in contents])
        first = np.clip(np.floor((corners.min(0) - camera.low) / steps), 0, [*size, count]).astype(int)
        last = np.clip(np.ceil((corners.max(0) - camera.low) / steps), 0, [*size, count]).astype(int)
        _march(contents, camera, steps, first, last, rays.window(first, last))
    rays.meet_surfaces(np.inf)
    return np.concatenate([rays.color, 1 - rays.clear[..., None]], -1)


@dataclass(frozen=True, eq=False)
class Rays:
    """What the rays of all pixels have gathered so far; the arrays change in place.

    Attributes:
        color: (*size, 3) light on its way to the viewer.
        clear: (*size) share of the light from farther away that will reach the viewer.
        depth: (*size) of the surface a ray still has to meet, or infinite.
        surface: (*size, 4) colour and opacity of that surface.
    """

    color: np.ndarray
    clear: np.ndarray
    depth: np.ndarray
    surface: np.ndarray

    def window(self, first: np.ndarray, last: np.ndarray) -> Rays:
        """The rays of some columns and rows of pixels."""
        part = (slice(first[0], last[0]), slice(first[1], last[1]))
        return Rays(self.color[part], self.clear[part], self.depth[part], self.surface[part])

    def pass_matter(self, alpha: np.ndarray, emitted: np.ndarray) -> None:
        """One layer of opacity `alpha` and colour `emitted`."""
        share = self.clear * alpha
        self.color[...] += share[..., None] * emitted
        self.clear[...] -= share

    def meet_surfaces(self, depth: float) -> None:
        """The surfaces nearer than `depth` that were not met before."""
        met = self.depth < depth
        if met.any():
            share = self.clear[met] * self.surface[met, 3]
            self.color[met] += share[..., None] * self.surface[met, :3]
            self.clear[met] -= share
            self.depth[met] = np.inf


def _march(
    contents: Sequence[Matter], camera: Camera, steps: np.ndarray, first: np.ndarray, last: np.ndarray, rays: Rays
) -> None:
    """Goes through the layers `first` to `last`, away from the viewer."""
    slab = 16
    for start in range(first[2], last[2], slab):
        begin = np.array([first[0], first[1], start])
        shape = (*rays.clear.shape, min(slab, last[2] - start))
        samples = [_slab(matter, camera, steps, begin, shape) for matter in contents]
        for layer in range(shape[2]):
            rays.meet_surfaces(camera.low[2] + (start + layer + 0.5) * steps[2])
            for alpha, emitted in samples:
                if alpha is not None and emitted is not None:
                    rays.pass_matter(alpha[..., layer], emitted[..., layer, :])
        if rays.clear.max(initial=0) < 0.004:
            return


def _slab(
    matter: Matter, camera: Camera, steps: np.ndarray, begin: np.ndarray, shape: tuple[int, int, int]
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Opacity `shape` and colour (*shape, 3) of layers of the picture, the nearest first; None where nothing is."""
    from scipy.ndimage import affine_transform

    origin = camera.axes @ (camera.low + (begin + 0.5) * steps)
    scale = np.array(matter.extinction.shape) / (matter.upper - matter.lower)
    matrix = (camera.axes * steps) * scale[:, None]
    offset: Any = (origin - matter.lower) * scale - 0.5

    def sample(values: np.ndarray, mode: str) -> np.ndarray:
        values = values.astype(np.float32, copy=False)
        return affine_transform(values, matrix, offset, shape, np.float32, order=1, mode=mode, prefilter=False)

    extinction = sample(matter.extinction, "grid-constant")
    if not extinction.any():
        return None, None
    alpha = 1 - np.exp(extinction * np.float32(-steps[2]))
    source = sample(matter.source, "nearest")[..., None]
    if len(matter.table) == 1:
        return alpha, np.minimum(matter.table[0].astype(np.float32) * source, 1)
    place = extinction / matter.highest if matter.tint is None else sample(matter.tint, "nearest")
    index = np.clip(place * (len(matter.table) - 1), 0, len(matter.table) - 1).astype(np.intp)
    return alpha, np.minimum(matter.table.astype(np.float32)[index] * source, 1)
