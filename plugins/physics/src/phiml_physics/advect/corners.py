"""What both forms of the interpolation derive from the corners of a cell, and its derivatives."""

import functools

from phiml_core import math
from phiml_core.math import Tensor

from phiml_physics.grid.lookup import Vectors

__all__ = ["bound_gradient", "extremes", "slopes_by_weight"]


def extremes(corners: list[Tensor]) -> tuple[Tensor, Tensor]:
    """The smallest and the largest of the corners."""
    return functools.reduce(math.minimum, corners), functools.reduce(math.maximum, corners)


def slopes_by_weight(corners: list[Tensor], weights: Vectors) -> list[Tensor]:
    """Derivatives of the interpolated value by each weight."""
    found = []
    for k in range(len(weights)):
        stride = 2 ** (len(weights) - 1 - k)
        near = [i for i in range(len(corners)) if not i & stride]
        values = [corners[i + stride] - corners[i] for i in near]  # first, for then the least is left to interpolate
        for w in reversed(weights[:k] + weights[k + 1 :]):
            values = [a + w * (b - a) for a, b in zip(values[::2], values[1::2], strict=True)]
        found.append(values[0])
    return found


def bound_gradient(corners: list[Tensor], low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """The bound a gradient comes by, and its share for each corner that has this value.

    Args:
        low, high: gradients of the smallest and of the largest corner, of which one is zero.
    """
    lowest, highest = extremes(corners)
    bound = math.where(low != 0, lowest, highest)
    count = functools.reduce(lambda a, b: a + b, [math.to_float(c == bound) for c in corners])
    return bound, (low + high) / count
