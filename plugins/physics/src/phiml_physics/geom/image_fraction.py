"""How much of the cells and faces of a grid lies inside the shape in a picture: exact."""

import functools

import numpy as np
from phiml_core import math
from phiml_core.field import approximate_fraction_inside
from phiml_core.math import Tensor, spatial
from phiml_core.shape import Shape

from .image import Image, Picture, check_axes
from .image_mask import QUANTUM, mean_coverage
from .uniform_grid import UniformGrid, constant

__all__: list[str] = []


@approximate_fraction_inside.dispatch
def _(geometry: Image, other: UniformGrid, balance):
    """The mean of the bilinear coverage over cells and faces: by tables if the place of the picture is known, else by sums over all
    pixels with the integrals of their hat functions.  Both agree to rounding.
    """
    check_axes(geometry, other.names)
    if geometry.lower.available and geometry.upper.available and geometry.shape.rank == 1:
        ends = [
            tuple(float(corner[{"vector": n}]) for n in geometry.axes) for corner in (geometry.lower, geometry.upper)
        ]
        return constant(*_means(geometry.picture, *ends, geometry.axes, other))
    x, y = geometry.axes
    pixels = spatial(f"{x}_pixel", f"{y}_pixel")
    coverage = np.rint(geometry.picture.coverage / QUANTUM) * QUANTUM  # as the tables have it
    rows = math.dot(_hats(geometry, x, other, 0), pixels.names[0], constant(coverage, pixels), pixels.names[0])
    return math.clip(math.dot(rows, pixels.names[1], _hats(geometry, y, other, 1), pixels.names[1]), 0.0, 1.0)


def _hats(geometry: Image, axis: str, cells: UniformGrid, index: int) -> Tensor:
    """The mean over each cell along an axis of the hat function of each pixel: tensor (…, axis, axis_pixel)."""
    count = geometry.picture.coverage.shape[index]
    i = cells.names.index(axis)
    dx, n = cells.spacing[i], cells.resolution.sizes[i]
    center = constant(cells.lower[i] + dx * (np.arange(n) + 0.5), spatial(axis))
    middle = constant(np.arange(count) + 0.5, spatial(f"{axis}_pixel"))
    lower, upper = (corner[{"vector": axis}] for corner in (geometry.lower, geometry.upper))
    scale = float(count) / (upper - lower)
    away = (center - lower) * scale - middle
    if axis == cells.normal:
        return math.maximum(1.0 - abs(away), 0.0)
    half = 0.5 * dx * scale
    return (_hat_integral(away + half) - _hat_integral(away - half)) / (2.0 * half)


def _hat_integral(x: Tensor) -> Tensor:
    """∫ max(1 - |t|, 0) dt from minus infinity to x."""
    x = math.clip(x, -1.0, 1.0)
    return 0.5 + x - 0.5 * x * abs(x)


@functools.lru_cache(maxsize=64)
def _means(
    picture: Picture, lower: tuple[float, ...], upper: tuple[float, ...], axes: tuple[str, ...], cells: UniformGrid
) -> tuple[np.ndarray, Shape]:
    low, high = [], []
    for n in axes:
        i = cells.names.index(n)
        dx = cells.spacing[i]
        centers = cells.lower[i] + dx * (np.arange(cells.resolution.sizes[i]) + 0.5)
        half = 0.0 if n == cells.normal else 0.5 * dx
        low.append(centers - half)
        high.append(centers + half)
    first, last = (np.stack(np.meshgrid(*c, indexing="ij"), -1) for c in (low, high))
    values = mean_coverage(picture.coverage, first, last, lower, upper)
    return values, cells.resolution[",".join(axes)]
