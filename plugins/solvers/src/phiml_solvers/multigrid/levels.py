"""The coarser grids of a grid with obstacles: what a block of cells exchanges with its neighbours."""

from dataclasses import dataclass
from typing import Any

from phiml_core.backend import primitive
from phiml_core.backend.backend import Backend

__all__ = ["Level", "Words", "coarser", "plan"]


class Words:
    """The array words of a backend that a cycle needs; arrays are native and have all axes."""

    def __init__(self, backend: Backend):
        self.backend = backend
        self.pad, self.getitem = backend.bind(primitive.pad), backend.bind(primitive.getitem)
        self.reshape, self.sum = backend.bind(primitive.reshape), backend.bind(primitive.sum)
        self.concat, self.stack = backend.bind(primitive.concat), backend.bind(primitive.stack)
        self.where = backend.bind(primitive.where)

    def once(self, array: Any) -> Any:
        """The array, computed once although neighbours of each value are read (a matter of compiled code)."""
        return self.backend.barrier((array,))[0] if self.backend.is_traced(array) else array

    def cut(self, array: Any, axis: int, start: int, stop: int, step: int = 1) -> Any:
        """A range along one axis."""
        return self.getitem(array, (*(slice(None),) * axis, slice(start, stop, step)))

    def ends(self, array: Any, widths: dict[int, tuple[int, int]]) -> Any:
        """The array with zeros before and after along some axes."""
        if not any(lower or upper for lower, upper in widths.values()):
            return array
        return self.pad(array, tuple(widths.get(a, (0, 0)) for a in range(len(array.shape))), "constant", 0)


@dataclass(frozen=True)
class Level:
    """What is static of one grid.

    Attributes:
        axes: the axes of the arrays that are dims of the grid.
        sizes: number of cells along each.
        periodic: whether its ends meet.
        coarsened: whether the next level takes two cells together along it.
    """

    axes: tuple[int, ...]
    sizes: tuple[int, ...]
    periodic: tuple[bool, ...]
    coarsened: tuple[bool, ...]

    @property
    def pairs(self) -> tuple[int, ...]:
        """The axes along which the next level takes two cells together."""
        return tuple(a for a, c in zip(self.axes, self.coarsened) if c)


COARSEST = 4
"""Cells per axis of the coarsest grid."""


def plan(
    axes: tuple[int, ...], sizes: tuple[int, ...], periodic: tuple[bool, ...], spacing: tuple[float, ...]
) -> list[Level]:
    """Levels from fine to coarse.  Cells are taken together along the axes where they are closest, so that they become cubes."""
    levels = []
    while True:
        large = [n > COARSEST for n in sizes]
        least = min((h for h, l in zip(spacing, large) if l), default=0.0)
        coarsened = tuple(l and h < 1.5 * least for h, l in zip(spacing, large))
        levels.append(Level(axes, sizes, periodic, coarsened))
        if not any(coarsened):
            return levels
        sizes = tuple((n + 1) // 2 if c else n for n, c in zip(sizes, coarsened))
        spacing = tuple(2 * h if c else h for h, c in zip(spacing, coarsened))


def pair_sum(words: Words, array: Any, axes: tuple[int, ...]) -> Any:
    """Sums of pairs of neighbours along axes; an odd one out remains alone."""
    array = words.ends(array, {a: (0, array.shape[a] % 2) for a in axes})
    sizes, summed = [], []
    for a, n in enumerate(array.shape):
        if a in axes:
            sizes += [n // 2, 2]
            summed.append(len(sizes) - 1)
        else:
            sizes.append(n)
    return words.sum(words.reshape(array, tuple(sizes)), tuple(summed)) if axes else array


def coarser(words: Words, level: Level, faces: list[Any]) -> list[Any]:
    """The face coefficients of the next level.

    A block exchanges what its outer faces do (Galerkin with constant values in a block).  Where blocks are twice as long, the same
    difference of values is half the slope, which constant values do not know: the factor 1/2 (Braess 1995, over-correction).
    """
    result = []
    for axis, n, halved, c in zip(level.axes, level.sizes, level.coarsened, faces):
        if halved:
            last = words.cut(c, axis, n, n + 1)
            c = words.concat(words.cut(c, axis, 0, n, 2), (last,), axis) * 0.5
        result.append(pair_sum(words, c, tuple(a for a in level.pairs if a != axis and c.shape[a] > 1)))
    return result
