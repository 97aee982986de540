"""Grids of half and of twice the resolution, and parts of grids between points."""

from typing import Any

from phiml_core.shape import Shape, channel, select, spatial
from phiml_core.tensor.tensor import Tensor

from .fill import meshgrid
from .interpolate import grid_sample
from .join import stack
from .pad import pad
from .reorder import pack_dims
from .slicing import slice_

__all__ = ["downsample2x", "sample_subgrid", "upsample2x"]


def downsample2x(grid: Tensor, padding: Any = "zero-gradient", dims: Any = spatial) -> Tensor:
    """Means of pairs of neighbours: half the resolution along `dims`.

    Args:
        grid: values at cell centers.
        padding: boundary that gives the missing value where a size is odd, see `pad`.
        dims: names, shape or filter.
    """
    for name in select(grid.shape, dims).names:
        if grid.shape.get_size(name) % 2:
            grid = pad(grid, {name: (0, 1)}, padding)
        grid = (slice_(grid, {name: slice(0, None, 2)}) + slice_(grid, {name: slice(1, None, 2)})) / 2
    return grid


def upsample2x(grid: Tensor, padding: Any = "zero-gradient", dims: Any = spatial) -> Tensor:
    """Linear interpolation of values at cell centers to the centers of cells of half the size.

    Args:
        grid: values at cell centers.
        padding: boundary that gives values beyond the sides, see `pad`.
        dims: names, shape or filter.
    """
    for name in select(grid.shape, dims).names:
        wide = pad(grid, {name: (1, 1)}, padding)
        here, before, after = (slice_(wide, {name: s}) for s in (slice(1, -1), slice(0, -2), slice(2, None)))
        halves = stack([0.75 * here + 0.25 * before, 0.75 * here + 0.25 * after], channel("_half"))
        grid = pack_dims(halves, f"{name},_half", grid.shape[name].with_size(None))
    return grid


def sample_subgrid(grid: Tensor, start: Tensor, size: Shape) -> Tensor:
    """A part of a grid that begins between points, by linear interpolation.

    Args:
        grid: tensor with spatial dims.
        start: position of the first sample in cells, along a channel dim whose items are named by spatial dims.
        size: number of samples along each dim.
    """
    names = start.shape.get_item_names(start.shape.channel.name)
    return grid_sample(grid, meshgrid(size) + _as_positions(start, names), "zero-gradient")


def _as_positions(vector: Tensor, names: Any) -> Tensor:
    """The vector along 'vector', as positions are given."""
    from .rename import rename_dims

    dim = vector.shape.channel.name
    return vector if dim == "vector" else rename_dims(vector, dim, channel(vector=names))
