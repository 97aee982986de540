"""Noise: smooth random values to start a simulation with."""

from typing import Any

import numpy as np
from phiml_core import math
from phiml_core.field import sample
from phiml_core.math import Tensor
from phiml_core.shape import Shape, channel, merge_shapes

from phiml_physics.geom.uniform_grid import UniformGrid

from .errors import GridError

__all__ = ["Noise"]


class Noise:
    """Random fluctuations with mean 0 and standard deviation 1, drawn anew each time they are sampled on a grid.

    >>> CenteredGrid(Noise(vector='x,y'), PERIODIC, x=64, y=64)

    Waves of a grid with random phases and amplitudes that fall with the wave number k as k^(-2 smoothness), none of them longer than
    π · `scale`.  Periodic over the bounds of the grid.

    Args:
        shape: dims of the values beside those of the grid, e.g. `batch(seed=8)`.
        scale: size of the largest structures, in length.
        smoothness: 0 for white noise without the largest waves.
        key: random key, by default the next one of the generator that `math.seed` sets.
        channel_dims: channel dims by name: number or names of items, e.g. `vector='x,y'`.
    """

    def __init__(
        self,
        *shape: Shape,
        scale: float = 10.0,
        smoothness: float = 1.0,
        key: Tensor | None = None,
        **channel_dims: Any,
    ):
        self.shape = merge_shapes(*shape, channel(**channel_dims))
        self.scale, self.smoothness, self.key = float(scale), float(smoothness), key

    def __repr__(self) -> str:
        return f"Noise{self.shape} of scale {self.scale}"


@sample.dispatch
def _(value: Noise, geometry: UniformGrid, at, soft, balance):
    resolution = geometry.resolution
    key = value.key
    if key is not None and geometry.normal is not None:  # components are independent
        key = math.fold_in(key, geometry.names.index(geometry.normal))
    waves = math.fft(math.random_normal(merge_shapes(value.shape, resolution), key=key), resolution)
    weights = math.to_float(math.wrap(_weights(value, geometry), resolution))
    found = math.real(math.ifft(waves * weights, resolution))
    found = found / math.sqrt(math.mean(found**2, resolution))
    dim = found.shape.only("vector")
    if dim and dim.item_names is None and dim.size == len(geometry.names):
        found = math.rename_dims(found, "vector", channel(vector=geometry.names))
    return found


def _weights(noise: Noise, geometry: UniformGrid) -> Any:
    """Amplitudes of the waves, in the order of `fft` along each axis."""
    axes = [np.fft.fftfreq(n, h) for n, h in zip(geometry.resolution.sizes, geometry.spacing, strict=True)]
    k = np.sqrt(sum(f**2 for f in np.meshgrid(*axes, indexing="ij")))
    kept = (k > 0) & (k * np.pi * noise.scale >= 1)
    if not kept.any():
        raise GridError(
            f"Noise of scale {noise.scale} has no wave that the cells of size {min(geometry.spacing):g} show.  Give a larger scale, in "
            "length."
        )
    relative = np.where(kept, k / k[kept].min(), 1)
    return np.where(kept, relative ** (-2 * noise.smoothness), 0)
