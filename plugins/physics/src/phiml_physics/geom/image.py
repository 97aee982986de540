"""Image: a shape read from a picture, as a geometry."""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from phiml_core import math
from phiml_core.extrapolation import ZERO, ZERO_GRADIENT
from phiml_core.field import (
    Geometry,
    approximate_signed_distance,
    bounding_radius,
    lies_inside,
    moved,
)
from phiml_core.math import Tensor, channel, spatial
from phiml_core.shape import Shape

from .box import Box
from .errors import GeometryError
from .image_mask import read_coverage
from .uniform_grid import UniformGrid, constant

__all__ = ["Image", "Picture", "image_geometry"]


class Picture:
    """The coverage of the pixels of a picture: a constant, equal only to itself."""

    def __init__(self, coverage: np.ndarray):
        self.coverage = np.array(coverage, float)
        self.coverage.flags.writeable = False

    @functools.cached_property
    def distance(self) -> np.ndarray:
        """Distance of each pixel from the edge of the shape, in pixels, negative inside."""
        from scipy.ndimage import distance_transform_edt

        inside = np.pad(self.coverage >= 0.5, 1)
        outward: Any = distance_transform_edt(~inside)
        inward: Any = distance_transform_edt(inside)
        return np.where(inside, 0.5 - inward, outward - 0.5)[1:-1, 1:-1]


class Image(Geometry):
    """The shape in a picture, placed in a rectangle of space; bilinear between the centers of the pixels.

    In three dimensions it goes on without end along the axis that the rectangle does not name.

    Args:
        picture: what `image_geometry` read.
        lower, upper: corners of the rectangle: tensor (vector) with the two axes of the picture.
    """

    __value_attrs__ = ("lower", "upper")
    lower: Any
    upper: Any

    def __init__(self, picture: Picture, lower: Any, upper: Any):
        self.picture, self.lower, self.upper = picture, lower, upper

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes of the picture, to the right and up."""
        return self.lower.shape.get_item_names("vector") or ()

    @property
    def shape(self) -> Shape:
        return math.merge_shapes(self.lower.shape, self.upper.shape)

    @property
    def bounds(self) -> Box:
        """The rectangle."""
        return Box(self.lower, self.upper)

    @property
    def center(self) -> Any:
        return self.bounds.center

    @property
    def volume(self) -> Any:
        return self.bounds.volume * float(self.picture.coverage.mean())


def image_geometry(picture: Any, bounds: Box, threshold: float | None = None) -> Image:
    """The shape in a picture as a geometry: what is opaque, or else dark.

    Args:
        picture: path of a PNG or JPEG file, or the coverage of each pixel: array (nx, ny), first index to the right,
            second up.
        bounds: rectangle that the picture fills; its two axes point to the right and up.  The picture keeps its
            proportions and is centered.
        threshold: coverage from which a pixel counts as covered; by default the soft edge is kept.

    Raises:
        ImageError: the file is missing, no picture, or blank.
        GeometryError: `bounds` has not two axes.
    """
    names = bounds.vector.item_names or ()
    if len(names) != 2:
        raise GeometryError(
            f"A picture fills a rectangle with two axes, e.g. Box(x=(20, 60), y=(30, 70)), not {bounds}."
        )
    coverage = read_coverage(picture, threshold) if isinstance(picture, (str, Path)) else np.asarray(picture, float)
    width, height = coverage.shape
    size = bounds.size
    pixel = math.min_(size / math.wrap([float(width), float(height)], channel(vector=names)), "vector")
    half = 0.5 * pixel * math.wrap([float(width), float(height)], channel(vector=names))
    return Image(Picture(coverage), bounds.center - half, bounds.center + half)


def check_axes(geometry: Image, names: Sequence[str]) -> None:
    """That a space with these axes has those of the picture."""
    if not set(geometry.axes) <= set(names):
        raise GeometryError(
            f"A picture with the axes {','.join(geometry.axes)} cannot be placed in a space with {','.join(names)}.  "
            "Name the axes of the space in its bounds."
        )


def _in_picture(geometry: Image, location: Tensor) -> Tensor:
    """Coordinates of positions in the plane of the picture."""
    names = location.shape.get_item_names("vector") or ()
    check_axes(geometry, names)
    return location if names == geometry.axes else math.stack(
        [location[{"vector": n}] for n in geometry.axes], channel(vector=geometry.axes)
    )  # fmt: skip


def _look_up(geometry: Image, values: np.ndarray, outside: Any, location: Tensor) -> Tensor:
    """Bilinear interpolation between pixels at positions in the plane of the picture."""
    from phiml_physics.grid.lookup import at_positions

    x, y = geometry.axes
    dims = spatial(**{x: values.shape[0], y: values.shape[1]})
    pixels = UniformGrid(dims)
    size = geometry.upper - geometry.lower
    scale = math.wrap([float(n) for n in values.shape], channel(vector=geometry.axes)) / size
    return at_positions(constant(values, dims), outside, pixels, (location - geometry.lower) * scale)


@approximate_signed_distance.dispatch
def _(geometry: Image, location):
    """From the edge between pixels of more and of less than half coverage; beyond the picture plus the distance from
    it.
    """
    location = _in_picture(geometry, location)
    pixel = (geometry.upper - geometry.lower)[{"vector": geometry.axes[0]}] / geometry.picture.coverage.shape[0]
    beyond = math.maximum(approximate_signed_distance(geometry.bounds, location), 0.0)
    return _look_up(geometry, geometry.picture.distance, ZERO_GRADIENT, location) * pixel + beyond


@lies_inside.dispatch
def _(geometry: Image, location):
    location = _in_picture(geometry, location)
    return _look_up(geometry, geometry.picture.coverage, ZERO, location) >= 0.5


@bounding_radius.dispatch
def _(geometry: Image):
    return bounding_radius(geometry.bounds)


@moved.dispatch
def _(geometry: Image, delta):
    if "vector" in delta.shape.names:
        delta = _in_picture(geometry, delta)
    return Image(geometry.picture, geometry.lower + delta, geometry.upper + delta)
