"""The three-dimensional part of a Matplotlib panel: volumes and surfaces composed into one picture in a box."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..colors import Scale
from ..render import Camera, Matter, rasterize, render, smoke, solid
from ..render.camera import corners_of

__all__ = ["Space"]

BACKGROUND = "#0b0e14"
EDGE = "#5b677a"
PIXELS_PER_CELL = 3
"""Of the picture, which is interpolated to the figure: smoke is smooth, and a film has many pictures."""

SUPERSAMPLED = 3
"""Points per pixel along each axis for surfaces, whose edges are sharp."""


class Space:
    """Collects what is in the box between `lower` and `upper` until it is rendered."""

    def __init__(self, lower: np.ndarray, upper: np.ndarray, view: tuple[float, float]):
        self.lower, self.upper = lower, upper
        self.camera = Camera.around(lower, upper, view)
        self.matter: list[Matter] = []
        self.surfaces: list[tuple[np.ndarray, np.ndarray, str, float]] = []

    @property
    def size(self) -> tuple[int, int]:
        """Pixels to the right and up."""
        extent = (self.camera.high - self.camera.low)[:2]
        cells = [extent.max() / ((m.upper - m.lower) / m.extinction.shape).min() for m in self.matter]
        longest = np.clip(PIXELS_PER_CELL * max(cells), 260, 440) if cells else 440
        width, height = np.maximum(np.rint(longest * extent / extent.max()), 2).astype(int)
        return int(width), int(height)

    def add_volume(
        self, values: np.ndarray, scale: Scale, lower: np.ndarray, upper: np.ndarray, opacity: float
    ) -> None:
        """Values that glow in the upper half of the colour map; of signed ones the magnitude is what absorbs."""
        signed = scale.low < 0 < scale.high
        unit = scale.unit(values)
        table = scale.cmap(np.linspace(0 if signed else 0.62, 1, 256))[:, :3]
        dense = np.abs(2 * unit - 1) if signed else unit
        tint = np.nan_to_num(np.clip(unit, 0, 1)) if signed else None
        self.matter.append(smoke(opacity * dense, table, lower, upper, tint))

    def add_solid(self, coverage: np.ndarray, color: str, lower: np.ndarray, upper: np.ndarray) -> None:
        """A body given by its coverage of cells."""
        from matplotlib.colors import to_rgb

        self.matter.append(solid(coverage, np.array(to_rgb(color)), lower, upper))

    def add_surface(self, vertices: np.ndarray, faces: np.ndarray, color: str, opacity: float) -> None:
        """Triangles of one colour."""
        self.surfaces.append((vertices, faces, color, opacity))

    def picture(self) -> np.ndarray:
        """(width, height, 4) colour times opacity, and opacity."""
        from matplotlib.colors import to_rgb

        fine = (self.size[0] * SUPERSAMPLED, self.size[1] * SUPERSAMPLED)
        depth, surface = np.full(fine, np.inf), np.zeros((*fine, 4))
        for vertices, faces, color, opacity in self.surfaces:
            found, brightness = rasterize(vertices, faces, self.camera, fine)
            nearer = found < depth
            depth[nearer] = found[nearer]
            surface[nearer, :3] = np.minimum(brightness[nearer, None] * np.array(to_rgb(color)), 1)
            surface[nearer, 3] = opacity
        surface[..., :3] *= surface[..., 3:]
        blocks = (self.size[0], SUPERSAMPLED, self.size[1], SUPERSAMPLED)
        surface = surface.reshape(*blocks, 4).mean((1, 3))
        surface[..., :3] /= np.maximum(surface[..., 3:], 1e-6)
        depth = depth.reshape(blocks).min((1, 3))
        return render(self.matter, self.camera, self.size, depth, surface)

    def finish(self, axes: Any, names: tuple[str, ...]) -> None:
        """Draws the picture, the edges of the box behind and in front of it, and the names of the axes."""
        camera, extent = self.camera, (self.camera.high - self.camera.low)[:2]
        axes.set_facecolor(BACKGROUND)
        if self.matter or self.surfaces:
            picture = np.clip(self.picture(), 0, 1).transpose(1, 0, 2)
            alpha = picture[..., 3:]
            straight = np.concatenate([picture[..., :3] / np.maximum(alpha, 1e-6), alpha], -1).clip(0, 1)
            frame = (camera.low[0], camera.high[0], camera.low[1], camera.high[1])
            axes.imshow(straight, origin="lower", extent=frame, interpolation="bilinear", zorder=2)
        self._edges(axes)
        self._names(axes, names, extent)
        margin = 0.09 * extent.max()
        axes.set(
            xlim=(camera.low[0] - margin, camera.high[0] + margin),
            ylim=(camera.low[1] - margin, camera.high[1] + margin),
            xticks=[], yticks=[], aspect="equal",
        )  # fmt: skip
        for spine in axes.spines.values():
            spine.set_visible(False)

    def _edges(self, axes: Any) -> None:
        """The twelve edges; those that meet in the farthest corner lie behind what is in the box."""
        from matplotlib.collections import LineCollection

        corners = self.camera.project(corners_of(self.lower, self.upper))
        pairs = [(i, i | bit) for bit in (1, 2, 4) for i in range(8) if not i & bit]
        farthest = int(np.argmax(corners[:, 2]))
        for behind in (True, False):
            lines = [corners[[i, j], :2] for i, j in pairs if (farthest in (i, j)) == behind]
            axes.add_collection(
                LineCollection(
                    lines, colors=EDGE, linewidths=0.7, alpha=0.9 if behind else 0.55, zorder=1 if behind else 3
                ),
                autolim=False,
            )

    def _names(self, axes: Any, names: tuple[str, ...], extent: np.ndarray) -> None:
        """The name of each axis with its range, beside the edge of the box that is part of the outline."""
        corners = corners_of(self.lower, self.upper)
        flat = self.camera.project(corners)
        center = flat.mean(0)
        for axis, name in enumerate(names):
            bit = 4 >> axis
            edges = [(i, i | bit) for i in range(8) if not i & bit]
            # Of the edges along this axis the lowest, or the leftmost for the axis that points up.
            key = (lambda e: flat[list(e), 0].mean()) if axis == 2 else (lambda e: flat[list(e), 1].mean())
            i, j = min(edges, key=key)
            middle = (flat[i] + flat[j])[:2] / 2
            outward = middle - center[:2]
            along = (flat[j] - flat[i])[:2]
            normal = np.array([-along[1], along[0]]) / max(np.hypot(*along), 1e-9)
            place = middle + 0.045 * extent.max() * normal * np.sign(normal @ outward or 1)
            axes.text(*place, name, color="#aab4c3", ha="center", va="center", fontsize=9)
