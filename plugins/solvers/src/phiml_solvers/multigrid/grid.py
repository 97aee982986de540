"""One grid of a cycle: its steps, in array words that any backend computes and compilers take together."""

from collections.abc import Sequence
from math import cos, pi
from typing import Any

from .plan import Level
from .stencil import inside, outflow, padded
from .transfer import prolonged, restricted
from .words import Words

__all__ = ["COARSE", "FINE", "Grid", "chebyshev"]


def chebyshev(count: int, lowest: float, highest: float = 2.0) -> tuple[float, ...]:
    """Damping factors of Jacobi steps whose product is least for eigenvalues (of the scaled operator) in a range."""
    middle, radius = (highest + lowest) / 2, (highest - lowest) / 2
    return tuple(1 / (middle + radius * cos(pi * (2 * k - 1) / (2 * count))) for k in range(1, count + 1))


FINE, COARSE = chebyshev(2, 0.4), chebyshev(3, 0.3)
"""Smoothing steps before (and in reverse order after) the correction; more on coarse grids, where they cost little, since blocks know
less of narrow passages."""


class Grid:
    """One grid: smoothing, and the way to the next coarser grid and back.

    Between its steps a solution x has one more cell beyond each side, see `padded`.
    """

    def __init__(self, words: Words, level: Level, arrays: Sequence[Any], shifted: bool, steps: tuple[float, ...]):
        rank = len(level.axes)
        self.words, self.level, self.steps = words, level, steps
        self.faces = list(arrays[:rank])
        self.extra = arrays[rank] if shifted else None
        self.inverse = arrays[rank + shifted]
        self.shares = arrays[rank + shifted + 1 :]

    def rest(self, x: Any, r: Any) -> Any:
        """r − A x of values x without margin."""
        return self.words.once(self._rest(padded(self.words, self.level, x), r))

    def before(self, r: Any) -> tuple[Any, Any]:
        """x after the steps from zero, and what is left of r as the coarser grid sees it."""
        x = padded(self.words, self.level, self.steps[0] * self.inverse * r)
        for factor in self.steps[1:]:
            x = padded(self.words, self.level, self._smoothed(x, r, factor))
        rest = self.words.once(self._rest(x, r))
        return x, restricted(self.words, self.level, rest, self.shares)

    def after(self, x: Any, coarse: Any, r: Any) -> Any:
        """Values of x after the correction by the coarser grid and the steps in reverse order."""
        correction = prolonged(self.words, self.level, coarse, self.shares)
        x = padded(self.words, self.level, inside(self.words, self.level, x) + correction)
        for factor in self.steps[:0:-1]:
            x = padded(self.words, self.level, self._smoothed(x, r, factor))
        return self.words.once(self._smoothed(x, r, self.steps[0]))

    def _rest(self, x: Any, r: Any) -> Any:
        return r - outflow(self.words, self.level, self.faces, self.extra, x)

    def _smoothed(self, x: Any, r: Any, factor: float) -> Any:
        """x after a damped Jacobi step, without margin."""
        return inside(self.words, self.level, x) + factor * self.inverse * self._rest(x, r)
