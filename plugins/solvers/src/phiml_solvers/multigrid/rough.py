"""Whether coefficients jump from cell to cell."""

from itertools import combinations
from typing import Any

import numpy as np
from phiml_core.tensor.dense import Dense

__all__ = ["is_rough"]

JUMP = 10.0
"""Ratio of sums of coefficients that counts as a jump."""
SHARE = {2: 0.02, 3: 0.055}
"""By number of dims: share of 2 × 2 cells, two of them opposite each other and tied far more strongly than the other two, from which on steps
for clusters pay.  Boxes, pores and lattices of a thousand times the coefficient have 0.002 at most, cells that have it with a
probability of 0.5 have 0.07 in 2D and 0.1 in 3D.  In 3D, clusters are few if they are most of the cells: at 0.8, which has 0.05."""
WINDOW = {2: 128, 3: 32}
"""By number of dims: cells along each that are looked at, in the middle."""


def is_rough(faces: list[Dense], dims: tuple[str, ...]) -> bool:
    """Whether strong and weak cells often lie crosswise, as they do where known coefficients jump at random; False for traced ones.

    Blocks cannot tell clusters from each other where they meet at corners; along walls and in straight layers they can.  Of a batch
    the first example is looked at.
    """
    if len(dims) < 2 or not all(c.available for c in faces):
        return False
    mass = _masses(faces, dims)
    return max(_crosswise(mass, i, j) for i, j in combinations(range(len(dims)), 2)) > SHARE.get(len(dims), SHARE[3])


def _masses(faces: list[Dense], dims: tuple[str, ...]) -> Any:
    """Sum of the coefficients of the faces of each cell in the window."""
    sizes = [faces[1 if i == 0 else 0].shape.get_size(d) for i, d in enumerate(dims)]
    places = {}
    for d, n in zip(dims, sizes):
        width = min(n, WINDOW.get(len(dims), 8))
        places[d] = slice((n - width) // 2, (n - width) // 2 + width)
    total: Any = 0.0
    for i, (d, c) in enumerate(zip(dims, faces)):
        wide = slice(places[d].start, places[d].stop + 1)
        first = {n: 0 for n in c.shape.names if n not in dims}
        values = np.moveaxis(c[{**places, d: wide, **first}].numpy(dims), i, 0)
        total = total + np.moveaxis(values[1:] + values[:-1], 0, i)
    return total


def _crosswise(mass: Any, i: int, j: int) -> float:
    """Share of the 2 × 2 cells in the plane of two axes whose diagonals differ by far."""
    mass = np.moveaxis(mass, (i, j), (0, 1))
    if min(mass.shape[:2]) < 2:
        return 0.0
    one = mass[1:, 1:], mass[:-1, :-1]
    other = mass[1:, :-1], mass[:-1, 1:]
    found = np.minimum(*one) > JUMP * np.maximum(*other)
    found |= np.minimum(*other) > JUMP * np.maximum(*one)
    return float(found.mean())
