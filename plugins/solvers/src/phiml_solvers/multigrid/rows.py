"""Values of cells as rows, in row-major order of the grid, and back."""

from math import prod
from typing import Any

from .plan import Level
from .words import Words

__all__ = ["on_grid", "rows"]


def rows(words: Words, level: Level, x: Any, last: tuple[int, ...] = ()) -> Any:
    """Values as (other axes …, axes `last` …, cells)."""
    rest = [a for a in range(len(x.shape)) if a not in level.axes and a not in last]
    x = words.transpose(x, (*rest, *last, *sorted(level.axes)))
    kept = len(rest) + len(last)
    return words.reshape(x, (*x.shape[:kept], prod(level.sizes)))


def on_grid(words: Words, level: Level, x: Any) -> Any:
    """Rows (other axes …, cells) as arrays that have all axes in their own order."""
    places, rank = dict(zip(level.axes, level.sizes)), len(x.shape) - 1 + len(level.axes)
    order = [*[a for a in range(rank) if a not in places], *sorted(places)]
    x = words.reshape(x, (*x.shape[:-1], *[places[a] for a in sorted(places)]))
    return words.transpose(x, tuple(order.index(a) for a in range(rank)))
