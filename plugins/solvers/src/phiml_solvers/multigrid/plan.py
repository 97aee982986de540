"""The sizes of the coarser grids: what is static of a hierarchy."""

from dataclasses import dataclass, replace
from math import prod

__all__ = ["COARSEST", "Level", "plan"]

COARSEST = 64
"""Cells of a grid that is solved by a dense matrix."""


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
        """Positions of the dims along which the next level takes two cells together."""
        return tuple(i for i, c in enumerate(self.coarsened) if c)

    def halved(self, i: int) -> "Level":
        """The grid with two cells taken together along one dim; an odd one out remains alone."""
        return replace(self, sizes=tuple((n + 1) // 2 if j == i else n for j, n in enumerate(self.sizes)))

    def behind(self, count: int) -> "Level":
        """The same grid in arrays with `count` more axes in front."""
        return replace(self, axes=tuple(a + count for a in self.axes))


def plan(
    axes: tuple[int, ...], sizes: tuple[int, ...], periodic: tuple[bool, ...], spacing: tuple[float, ...]
) -> list[Level]:
    """Levels from fine to coarse.

    Cells are taken together along the axes where they are closest, so that they become cubes: there they exchange most, and errors
    that are smooth along the others only are none that smoothing leaves.
    """
    levels = []
    while True:
        candidates = [h for h, n in zip(spacing, sizes) if n > 1]
        least = min(candidates, default=0.0) if prod(sizes) > COARSEST else 0.0
        coarsened = tuple(n > 1 and h < 1.5 * least for h, n in zip(spacing, sizes))
        levels.append(Level(axes, sizes, periodic, coarsened))
        if not any(coarsened):
            return levels
        sizes = tuple((n + 1) // 2 if c else n for n, c in zip(sizes, coarsened))
        spacing = tuple(2 * h if c else h for h, c in zip(spacing, coarsened))
