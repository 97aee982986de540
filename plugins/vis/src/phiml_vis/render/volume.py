"""Matter between the viewer and the background, by the emission–absorption model.

Along a ray dI = (c − I) σ ds with extinction σ and source colour c (Max 1995, "Optical models for direct volume
rendering", eq. 11).  The source is the colour of the matter times the light that arrives there from above and from the
side through the matter itself, which is what makes smoke look like smoke.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .camera import Camera
from .surface import shade

__all__ = ["Matter", "smoke", "solid", "render"]

DENSITY = 11.0
"""Optical depth of a box filled with the highest value."""


@dataclass(frozen=True, eq=False)
class Matter:
    """What fills a box, on a regular grid.

    Attributes:
        extinction: (nx, ny, nz) per length.
        source: (nx, ny, nz) brightness of the matter where it is.
        tint: (nx, ny, nz) place on the colour table, 0 to 1.
        table: (n, 3) colours.
        lower, upper: corners of the box.
    """

    extinction: np.ndarray
    source: np.ndarray
    tint: np.ndarray
    table: np.ndarray
    lower: np.ndarray
    upper: np.ndarray


def smoke(unit: np.ndarray, tint: np.ndarray, table: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> Matter:
    """Matter as dense as `unit` (0 to 1), lit from above and from the side of the first axis."""
    unit = np.nan_to_num(np.clip(unit, 0, 1)).astype(np.float32)
    length = upper - lower
    extinction = unit * np.float32(DENSITY / length.mean())
    spacing = length / unit.shape
    above = _through(extinction[:, :, ::-1], 2, spacing[2])[:, :, ::-1]
    beside = _through(extinction[::-1], 0, spacing[0])[::-1]
    return Matter(extinction, 0.42 + 0.42 * above + 0.22 * beside, tint, table, lower, upper)


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
    return Matter(extinction, shade(normals), np.zeros_like(coverage), color[None], lower, upper)


def _through(extinction: np.ndarray, axis: int, spacing: float) -> np.ndarray:
    """Share of the light that gets to each cell from before the first cell of `axis`."""
    depth = np.cumsum(extinction, axis=axis, dtype=np.float32) - 0.5 * extinction
    return np.exp(-depth * np.float32(0.6 * spacing))


def render(
    contents: Sequence[Matter], camera: Camera, size: tuple[int, int], surface_depth: np.ndarray, surface: np.ndarray
) -> np.ndarray:
    """The picture of all matter in front of the surfaces.

    Args:
        contents: matter, possibly on different grids.
        size: pixels to the right and up.
        surface_depth: (*size) distance of the nearest surface in camera coordinates, infinite without one.
        surface: (*size, 4) its colour with opacity.

    Returns:
        (*size, 4) red, green, blue times opacity, and opacity: 0 to 1.
    """
    color, clear = np.zeros((*size, 3), np.float32), np.ones(size, np.float32)
    if contents:
        cell = min(((matter.upper - matter.lower) / matter.extinction.shape).min() for matter in contents)
        depth = camera.high[2] - camera.low[2]
        count = int(np.clip(np.ceil(depth / cell), 2, 400))
        slab = 16
        for start in range(0, count, slab):
            layers = np.arange(start, min(start + slab, count))
            samples = [_slab(matter, camera, size, start, len(layers), depth / count) for matter in contents]
            for layer in layers - start:
                front = camera.low[2] + (start + layer + 0.5) * depth / count < surface_depth
                for alpha, emitted in ((a[..., layer], e[..., layer, :]) for a, e in samples):
                    share = clear * np.where(front, alpha, 0)
                    color += share[..., None] * emitted
                    clear -= share
            if clear.max() < 0.004:
                break
    share = clear * surface[..., 3]
    color += share[..., None] * surface[..., :3]
    return np.concatenate([color, 1 - (clear - share)[..., None]], -1)


def _slab(
    matter: Matter, camera: Camera, size: tuple[int, int], start: int, count: int, thickness: float
) -> tuple[np.ndarray, np.ndarray]:
    """Opacity (*size, count) and colour (*size, count, 3) of layers of the picture, the nearest first."""
    from scipy.ndimage import affine_transform

    steps = np.append((camera.high - camera.low)[:2] / np.array(size), thickness)
    origin = camera.axes @ (camera.low + (np.array([0.5, 0.5, start + 0.5])) * steps)
    scale = np.array(matter.extinction.shape) / (matter.upper - matter.lower)
    matrix = (camera.axes * steps) * scale[:, None]
    offset = (origin - matter.lower) * scale - 0.5

    def sample(values: np.ndarray, mode: str) -> np.ndarray:
        return affine_transform(values, matrix, offset, (*size, count), np.float32, order=1, mode=mode, prefilter=False)

    alpha = 1 - np.exp(-sample(matter.extinction, "grid-constant") * np.float32(thickness))
    emitted = np.zeros((*alpha.shape, 3), np.float32)
    if alpha.any():
        table = matter.table.astype(np.float32)
        index = 0
        if len(table) > 1:
            index = np.clip(sample(matter.tint.astype(np.float32), "nearest") * (len(table) - 1), 0, len(table) - 1)
        emitted = table[np.asarray(index, int)] * sample(matter.source.astype(np.float32), "nearest")[..., None]
    return alpha, np.minimum(emitted, 1)
