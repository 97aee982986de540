"""Clusters of strongly coupled cells: errors that neither smoothing nor blocks of cells reach.

Where the coefficient jumps at random from cell to cell, the cells of large coefficients form clusters of any shape.  What flows within a
cluster makes its values equal and its smoothing slow: the level of each is an eigenvector of the smoothed system to an eigenvalue as
small as the jump is large (Graham & Hagger 1999), and blocks of 2 × 2 cells cannot hold the levels of all clusters that meet in them.
Deflation takes these vectors, constant on one cluster each, for a coarse space (Vuik, Segal & Meijerink 1999).  They are many here,
but what is left of their system has no large coefficients: one damped Jacobi step, before and after the cycle, is enough.
"""

from math import prod
from typing import Any

import numpy as np

from .plan import Level
from .rows import on_grid, rows
from .words import Words

__all__ = ["cluster_step", "clusters"]

STRONG = 0.1
"""Share of the diagonals of both cells from which on a coefficient between them is strong; in a uniform grid it is 1/6 in 3D.  Results
hardly change from 0.02 to 0.2."""
SWEEPS = 8
"""After 6 – 9 sweeps clusters of any shape are complete (up to 512² and 64³); parts of clusters are clusters, too."""
DAMPING = 0.8
"""Of the Jacobi step, whose eigenvalues reach up to 2."""
FAR = 1 << 30
"""More than any number of a cell."""
LEAST = {32: 1e-6, 64: 1e-13}
"""By bits: clusters out of which less flows than that share of their diagonal are cut off, up to rounding."""


def clusters(words: Words, level: Level, faces: list[Any], extra: Any, diagonal: Any, bits: int) -> tuple[Any, Any]:
    """Which cluster each cell belongs to, and the damped inverse of the diagonal of its cluster.

    Args:
        faces: coefficients of all faces normal to each axis, outer ones included.
        extra: factor of the identity per cell, or None.
        diagonal: that of the operator, per cell.

    Returns:
        labels: integers (other axes …, cells): the number of the first cell of the cluster.
        weights: per cell, on the grid; 0 in clusters that nothing flows out of.
    """
    labels = _labels(words, level, [_gaps(words, level, i, c, diagonal) for i, c in enumerate(faces)], diagonal)
    leaving = extra
    for axis, n, periodic, c in zip(level.axes, level.sizes, level.periodic, faces):
        wide = words.once(words.around(labels + 1, axis, periodic))  # 0 beyond the sides
        within = words.cut(wide, axis, 0, n + 1) == words.cut(wide, axis, 1, n + 2)
        crossing = words.where(within, c * 0, c)
        part = words.cut(crossing, axis, 0, n) + words.cut(crossing, axis, 1, n + 1)
        leaving = part if leaving is None else leaving + part
    places = rows(words, level, labels)
    leaving, whole = (_sums(words, places, rows(words, level, x)) for x in (leaving, diagonal))
    weights = DAMPING * words.inverse(words.where(leaving > LEAST[bits] * whole, leaving, leaving * 0))
    weights = words.once(on_grid(words, level, weights))
    local = places - words.backend.as_array(_starts(places.shape))
    return words.once(local), weights


def cluster_step(words: Words, level: Level, labels: Any, weights: Any, r: Any) -> Any:
    """A Jacobi step for the levels of clusters: what the residual sums up to over each, times its weight."""
    values = rows(words, level, r)
    shape = np.broadcast_shapes(tuple(values.shape), tuple(labels.shape))
    places = labels + words.backend.as_array(_starts(shape))
    sums = _sums(words, places, words.broadcast_to(values, shape))
    return words.once(on_grid(words, level, sums) * weights)


def _gaps(words: Words, level: Level, i: int, c: Any, diagonal: Any) -> Any:
    """Integers per face normal to an axis: 0 if it couples strongly, FAR if not, as the outer ones."""
    axis, n = level.axes[i], level.sizes[i]
    wide = words.around(diagonal, axis, level.periodic[i])
    before, behind = words.cut(wide, axis, 0, n + 1), words.cut(wide, axis, 1, n + 2)
    strong = (c > STRONG * before) & (c > STRONG * behind) & (before > 0) & (behind > 0)
    near, far = (words.backend.as_array(np.array(x, np.int32)) for x in (0, FAR))
    return words.once(words.where(strong, near, far))


def _labels(words: Words, level: Level, gaps: list[Any], like: Any) -> Any:
    """Per cell the number of the first cell that it is tied to, among the cells of all examples.

    Each sweep takes the least number among neighbours, tells it the cell whose number one had (Shiloach & Vishkin 1982), and asks that
    one, and the one it names, for theirs.
    """
    shape = tuple(rows(words, level, like).shape)
    numbers = words.backend.as_array(np.arange(prod(shape), dtype=np.int32).reshape(shape))

    def sweep(_: Any, labels: Any) -> tuple[Any]:
        least = labels
        for axis, n, periodic, gap in zip(level.axes, level.sizes, level.periodic, gaps):
            wide = words.once(words.around(least, axis, periodic))
            lower = words.cut(wide, axis, 0, n) + words.cut(gap, axis, 0, n)
            upper = words.cut(wide, axis, 2, n + 2) + words.cut(gap, axis, 1, n + 1)
            least = words.minimum(least, words.minimum(lower, upper))
        old, new = (words.reshape(rows(words, level, x), (-1,)) for x in (labels, least))
        told = words.scatter(new, (old,), new, "min")
        asked = words.take(told, told, 0)
        asked = words.take(asked, asked, 0)
        return (on_grid(words, level, words.reshape(asked, shape)),)

    return words.backend.fori_loop(SWEEPS, sweep, (on_grid(words, level, numbers),))[0]


def _sums(words: Words, places: Any, values: Any) -> Any:
    """Per cell the sum of the values of its cluster, of rows whose places count through all of them."""
    flat, count = words.reshape(places, (-1,)), prod(values.shape)
    sums = words.segment_sum(words.reshape(values, (-1,)), flat, count, False)
    return words.reshape(words.take(sums, flat, 0), tuple(values.shape))


def _starts(shape: tuple[int, ...]) -> np.ndarray:
    """Number of the first cell of each row, if counted through all rows (…, cells)."""
    *rest, cells = shape
    return (np.arange(prod(rest), dtype=np.int32) * np.int32(cells)).reshape(*rest, 1)
