"""Triangles as pixels: what is nearest at each pixel, and how bright."""

from __future__ import annotations

import numpy as np

from .camera import Camera

__all__ = ["rasterize", "LIGHT", "shade"]

LIGHT = np.array([0.35, -0.55, 0.76]) / np.linalg.norm([0.35, -0.55, 0.76])
"""Direction towards the lamp: above, in front of the usual camera and a little to the right."""


def shade(normals: np.ndarray) -> np.ndarray:
    """Brightness of matt material with outer unit `normals` (…, 3): light of the sky plus light of the lamp."""
    return 0.30 + 0.12 * (normals[..., 2] + 1) / 2 + 0.62 * np.maximum(normals @ LIGHT, 0)


def rasterize(
    vertices: np.ndarray, faces: np.ndarray, camera: Camera, size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Depth and brightness of the nearest triangle at each pixel.

    Args:
        vertices: (n, 3) positions.
        faces: (m, 3) indices.
        size: pixels to the right and up.

    Returns:
        depth: (*size) camera coordinate away from the viewer, infinite where there is no triangle.
        brightness: (*size), 0 where there is no triangle.
    """
    depth, brightness = np.full(size, np.inf), np.zeros(size)
    pixels = (camera.high - camera.low)[:2] / np.array(size)
    corners = camera.project(vertices)[faces]
    light = shade(corner_normals(vertices, faces))
    # Points denser than pixels fill each triangle; triangles that need the same lattice are treated together.
    length = np.abs(corners - np.roll(corners, 1, axis=1))[..., :2] / pixels
    steps = 2 ** np.ceil(np.log2(np.maximum(2 * length.max((1, 2)), 1))).astype(int)
    for n in np.unique(steps):
        i, j = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
        inside = i + j <= n
        weights = np.stack([n - i - j, i, j], -1)[inside] / n
        group = np.flatnonzero(steps == n)
        for part in np.array_split(group, 1 + len(group) * len(weights) // 2_000_000):
            points = np.einsum("pk,mkc->mpc", weights, corners[part]).reshape(-1, 3)
            _nearest(depth, brightness, points, (light[part] @ weights.T).ravel(), camera, pixels)
    return depth, brightness


def corner_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Unit normals (m, 3, 3) at the corners of triangles: averaged over a smooth surface, kept apart at sharp edges."""
    edges = vertices[faces[:, 1:]] - vertices[faces[:, :1]]
    normals = np.cross(edges[:, 0], edges[:, 1])
    mean = np.zeros_like(vertices, dtype=float)
    np.add.at(mean, faces.ravel(), np.repeat(normals, 3, axis=0))
    flat, smooth = (n / np.maximum(np.linalg.norm(n, axis=-1, keepdims=True), 1e-12) for n in (normals, mean[faces]))
    flat = np.repeat(flat[:, None], 3, axis=1)
    return np.where((flat * smooth).sum(-1, keepdims=True) > 0.8, smooth, flat)


def _nearest(
    depth: np.ndarray, brightness: np.ndarray, points: np.ndarray, light: np.ndarray, camera: Camera, pixels: np.ndarray
) -> None:
    """Enters points in camera coordinates into the two pictures, the nearest wins."""
    column, row = np.clip(((points[:, :2] - camera.low[:2]) / pixels).astype(int), 0, np.array(depth.shape) - 1).T
    place = column * depth.shape[1] + row
    order = np.lexsort((points[:, 2], place))
    place, first = np.unique(place[order], return_index=True)
    nearest, light = points[order[first], 2], light[order[first]]
    flat_depth, flat_brightness = depth.reshape(-1), brightness.reshape(-1)  # views: both are contiguous
    visible = nearest < flat_depth[place]
    flat_depth[place[visible]] = nearest[visible]
    flat_brightness[place[visible]] = light[visible]
