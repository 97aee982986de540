"""A camera for parallel projection: how positions in space become places in the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Camera"]


@dataclass(frozen=True, eq=False)
class Camera:
    """Looks at the box between `lower` and `upper` from far away; the last axis points up.

    Attributes:
        right, up, forward: orthonormal directions of the picture and away from the viewer, (3,) each.
        low, high: corners of the box in the camera's coordinates (right, up, forward), (3,) each.
    """

    right: np.ndarray
    up: np.ndarray
    forward: np.ndarray
    low: np.ndarray
    high: np.ndarray

    @staticmethod
    def around(lower: np.ndarray, upper: np.ndarray, view: tuple[float, float]) -> Camera:
        """A camera in direction `view` = (azimuth, elevation) in degrees; azimuth −90, elevation 0 looks along +y."""
        azimuth, elevation = np.radians(view)
        toward = np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])
        right = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
        up = np.cross(toward, right)
        corners = corners_of(lower, upper) @ np.stack([right, up, -toward], -1)
        return Camera(right, up, -toward, corners.min(0), corners.max(0))

    @property
    def axes(self) -> np.ndarray:
        """Matrix whose columns are the directions: `positions @ axes` are camera coordinates."""
        return np.stack([self.right, self.up, self.forward], -1)

    def project(self, positions: np.ndarray) -> np.ndarray:
        """Camera coordinates (…, 3) of positions (…, 3): to the right, up, away."""
        return positions @ self.axes


def corners_of(lower: np.ndarray, upper: np.ndarray) -> np.ndarray:
    """The eight corners of a box, the last axis fastest."""
    pair = np.stack([lower, upper])
    return np.array([[pair[i, 0], pair[j, 1], pair[k, 2]] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
