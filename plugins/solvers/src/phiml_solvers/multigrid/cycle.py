"""A cycle as an approximate inverse: smooth, solve for what is smooth on a grid of half the resolution, smooth again."""

from collections.abc import Callable
from functools import lru_cache
from math import cos, pi
from typing import Any

from phiml_core.backend.backend import Backend

from .clusters import cluster_step, clusters
from .coarsest import apply_inverse, inverse_matrix
from .plan import Level, plan
from .stencil import face_sum, inside, outflow, padded
from .transfer import LEAST, coarsened, prolonged, restricted
from .words import Words

__all__ = ["chebyshev", "program"]


def chebyshev(count: int, lowest: float, highest: float = 2.0) -> tuple[float, ...]:
    """Damping factors of Jacobi steps whose product is least for eigenvalues (of the scaled operator) in a range."""
    middle, radius = (highest + lowest) / 2, (highest - lowest) / 2
    return tuple(1 / (middle + radius * cos(pi * (2 * k - 1) / (2 * count))) for k in range(1, count + 1))


FINE, COARSE = chebyshev(2, 0.4), chebyshev(3, 0.3)
"""Smoothing steps before (and in reverse order after) the correction; more on coarse grids, where they cost little, since blocks know
less of narrow passages."""


@lru_cache(maxsize=64)
def program(
    backend: Backend,
    axes: tuple[int, ...],
    sizes: tuple[int, ...],
    periodic: tuple[bool, ...],
    spacing: tuple[float, ...],
    shifted: bool,
    singular: bool,
    bits: int,
    visits: int,
    clustered: bool = False,
) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Two functions of native arrays that have all axes.

    Args:
        axes: the axes of the arrays that are dims of the grid, with `sizes` cells of size `spacing`.
        shifted: whether there is a factor of the identity.
        singular: whether constants are in the null space.
        visits: how often each grid visits the next coarser one: 1 for a V-cycle, 2 for a W-cycle.
        clustered: whether steps for clusters of strongly coupled cells go before and after the cycle.

    Returns:
        prepare: takes the coefficients of all faces normal to each axis, outer ones included, divided by the squared distance of the
            values (and last, if `shifted`, the factor of the identity, not negative) and returns the arrays of all levels.
        run: takes these and a right-hand side and returns one symmetric cycle for  extra · x − ∇ · (c ∇x).
    """
    words = Words(backend)
    levels = plan(axes, sizes, periodic, spacing)
    counts = [len(axes) + 1 + shifted + len(level.pairs) for level in levels]

    def prepare(*arrays: Any) -> Any:
        faces, extra = list(arrays[: len(axes)]), arrays[-1] if shifted else None
        found: list[Any] = []
        groups: tuple[Any, ...] = ()
        for level in levels[:-1]:
            mass = face_sum(words, level, faces)
            diagonal = mass if extra is None else mass + extra
            if clustered and not found:
                groups = clusters(words, level, faces, extra, words.once(diagonal), bits)
            found += [*faces, *([] if extra is None else [extra]), words.once(words.inverse(diagonal))]
            for i in level.pairs:
                faces, extra, shares = coarsened(words, level, i, faces, extra, mass, LEAST[bits])
                level = level.halved(i)
                mass = face_sum(words, level, faces)
                found.append(shares)
        return (*found, words.once(inverse_matrix(words, levels[-1], faces, extra, singular, bits)), *groups)

    def run(*arrays: Any) -> Any:
        grids, start = [], 0
        for level, count in zip(levels[:-1], counts):
            grids.append(_Grid(words, level, arrays[start : start + count], shifted))
            start += count
        last, groups, r = arrays[start], arrays[start + 1 : -1], arrays[-1]
        if not groups:  # not asked for, or the grid is so small that it is solved as it is
            return _cycle(words, levels, grids, last, visits, 0, r)

        def rest(z: Any) -> Any:
            return words.once(grids[0].rest(padded(words, levels[0], z), r))

        labels, weights = groups
        z = cluster_step(words, levels[0], labels, weights, r)
        z = words.once(z + _cycle(words, levels, grids, last, visits, 0, rest(z)))
        return words.once(z + cluster_step(words, levels[0], labels, weights, rest(z)))

    wide = bits == 64
    return backend.fuse(prepare, wide), backend.fuse(run, wide)


class _Grid:
    """The arrays of one level."""

    def __init__(self, words: Words, level: Level, arrays: Any, shifted: bool):
        rank = len(level.axes)
        self.words, self.level = words, level
        self.faces = list(arrays[:rank])
        self.extra = arrays[rank] if shifted else None
        self.inverse = arrays[rank + shifted]
        self.shares = arrays[rank + shifted + 1 :]

    def rest(self, x: Any, r: Any) -> Any:
        """r − A x of padded x."""
        return r - outflow(self.words, self.level, self.faces, self.extra, x)

    def smoothed(self, x: Any, r: Any, factor: float) -> Any:
        """x after a damped Jacobi step, of padded x."""
        return inside(self.words, self.level, x) + factor * self.inverse * self.rest(x, r)


def _cycle(words: Words, levels: list[Level], grids: list[_Grid], last: Any, visits: int, i: int, r: Any) -> Any:
    if i == len(grids):
        return words.once(apply_inverse(words, levels[i], last, r))
    grid, level = grids[i], levels[i]
    steps = FINE if i == 0 else COARSE
    x = padded(words, level, steps[0] * grid.inverse * r)
    for factor in steps[1:]:
        x = padded(words, level, grid.smoothed(x, r, factor))
    rest = restricted(words, level, words.once(grid.rest(x, r)), grid.shares)
    coarse = _cycle(words, levels, grids, last, visits, i + 1, rest)
    if i + 1 < len(grids):
        for _ in range(visits - 1):
            left = words.once(grids[i + 1].rest(padded(words, levels[i + 1], coarse), rest))
            coarse = words.once(coarse + _cycle(words, levels, grids, last, visits, i + 1, left))
    x = padded(words, level, inside(words, level, x) + prolonged(words, level, coarse, grid.shares))
    for factor in steps[:0:-1]:
        x = padded(words, level, grid.smoothed(x, r, factor))
    return words.once(grid.smoothed(x, r, steps[0]))
