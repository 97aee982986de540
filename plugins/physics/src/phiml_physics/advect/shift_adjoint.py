"""The adjoint of the interpolation at x - d by shifted copies: again made of shifts, for |d| < 1.

XLA computes what is element-wise, padded or sliced anew for each of the many shifted reads of it, except across a
branch.  Where that costs more than the branch, there is one.
"""

import functools
import itertools
from collections.abc import Sequence
from typing import Any

from phiml_core import math
from phiml_core.math import Tensor
from phiml_core.transform import barrier, cond

from phiml_physics.grid.lookup import Vectors, shift_corners, shift_fractions
from phiml_physics.grid.window import window

from .corners import bound_gradient, slopes_by_weight

__all__ = ["Rows", "shift_adjoint"]

_ROW = 8
"""Compiled loops compute this many items of a row at a time and those that remain one by one, which takes longer than
to compute eight more.
"""


def shift_adjoint(
    rows: "Rows", back: bool, padded: Tensor, d: Vectors, gradients: tuple[Tensor, ...]
) -> tuple[Tensor, list[Tensor]]:
    """Gradients of the padded values and of the displacements, with filled rows.

    Args:
        rows: of the padded array.
        back: whether the values are those at x + d.
        padded: array with one layer of boundary values around.
        d: the displacement along each axis, in cells.
        gradients: that of the value; or those of value, lower and upper bound.
    """
    wide = tuple([rows.widened(v) for v in (gradients[0], *d)])
    slopes = _slopes(rows, back, padded, d, gradients[0], wide)
    if len(gradients) == 1:
        return _spread(rows, back, wide), slopes
    _, low, high = gradients
    limited = math.any_(low != 0, low.shape) | math.any_(high != 0, high.shape)

    def find(padded: Tensor, d: Vectors, low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
        return bound_gradient(shift_corners(padded, d, rows.dims, back), low, high)

    found = cond(limited, find, lambda p, d, low, high: (low, high), padded, d, low, high)

    def with_bounds(wide: Any, padded: Tensor, found: Any) -> Tensor:
        return _spread(rows, back, wide, barrier(rows.fill(padded, False)), tuple([rows.widened(v) for v in found]))

    return cond(limited, with_bounds, lambda wide, p, f: _spread(rows, back, wide), wide, padded, found), slopes


class Rows:
    """Arrays of cells or entries of the padded array whose rows are filled up."""

    def __init__(self, dims: tuple[str, ...], padded: Tensor):
        self.dims, self.space = dims, padded.shape.only(dims)
        self.entries: list[Any] = [padded.shape.get_size(n) for n in dims]
        self.cells = [n - 2 for n in self.entries]
        self.row = dims.index(self.space.names[-1])

    def up(self, sizes: Sequence[int]) -> list[int]:
        """Sizes with full rows."""
        return [n + (-n % _ROW if k == self.row else 0) for k, n in enumerate(sizes)]

    def widened(self, value: Tensor) -> Tensor:
        """Values at the cells with two layers of zeros around, and more at the end of rows."""
        space = self.space
        for n, size in zip(self.dims, self.cells, strict=True):
            space = space.with_size(size, n)
        value = math.store(math.expand(value, space), space)
        ends = [full - n for full, n in zip(self.up(self.entries), self.cells, strict=True)]
        for n, end in zip(
            self.dims, ends, strict=True
        ):  # XLA puts pieces together in less time than it pads several axes
            value = math.pad(value, {n: (2, end)}, 0)
        return barrier(value)

    def at(self, offset: Sequence[int], wide: Sequence[Tensor]) -> list[Tensor]:
        """For each entry of the padded array values of the cell to which the entry lies at `offset`."""
        return [window(v, self.dims, [1 - o for o in offset], self.up(self.entries)) for v in wide]

    def fill(self, value: Tensor, cells: bool) -> Tensor:
        """Values at the cells, or entries of the padded array, with rows filled up by zeros."""
        sizes = self.cells if cells else self.entries
        more = self.up(sizes)[self.row] - sizes[self.row]
        return math.pad(value, {self.dims[self.row]: (0, more)}, 0) if more and self.rows_in(value) else value

    def rows_in(self, value: Tensor) -> bool:
        """Whether a gradient has rows at all: that of a wind that is the same everywhere has none."""
        return self.dims[self.row] in value.shape.names

    def cut(self, value: Tensor, cells: bool) -> Tensor:
        """Without what rows were filled up with.  XLA would compute short rows if this came right after, in one branch."""
        sizes = self.cells if cells else self.entries
        return (
            value
            if self.up(sizes) == sizes or not self.rows_in(value)
            else window(value, self.dims, [0] * len(sizes), sizes)
        )


def _slopes(rows: Rows, back: bool, padded: Tensor, d: Vectors, g: Tensor, wide: tuple[Tensor, ...]) -> list[Tensor]:
    """The gradients of the displacements."""
    full = rows.up(rows.cells)
    if full != rows.cells:
        padded = barrier(math.pad(padded, {rows.dims[rows.row]: (0, full[rows.row] - rows.cells[rows.row])}, 0))
        g, *d_ = (window(v, rows.dims, [2] * len(full), full) for v in wide)
        d = tuple(d_)
    by_weight = slopes_by_weight(shift_corners(padded, d, rows.dims, back), shift_fractions(d))
    return [g * math.where(x > 0, s, -s) for x, s in zip(d, by_weight, strict=True)]


def _spread(rows: Rows, back: bool, wide: tuple[Tensor, ...], padded: Any = None, bound: Any = ()) -> Tensor:
    """The gradient of the padded values: a sum over 3^rank shifted products, for each entry over the cells that may
    have it as a corner.
    """
    plus: list[Tensor] = []
    minus: list[Tensor] = []
    for offset in itertools.product((-1, 0, 1), repeat=len(rows.dims)):
        part, *d = rows.at(offset, wide)
        above = [(o > 0) != back for o in offset]  # whether a negative displacement leads there
        for x, o, negative in zip(d, offset, above, strict=True):
            part = part * (math.minimum(x, 0.0) if o and negative else math.maximum(x, 0.0) if o else 1.0 - abs(x))
        odd = sum(bool(o) and negative for o, negative in zip(offset, above, strict=True)) % 2
        (minus if odd else plus).append(part)
        if bound:
            value, share = rows.at(offset, bound)
            chosen = value == padded
            for x, o in zip(d, offset, strict=True):
                if o:
                    lower = x <= 0 if back else x > 0
                    chosen = chosen & (lower if o < 0 else ~lower)
            plus.append(math.where(chosen, share, 0.0))
    return functools.reduce(lambda a, b: a + b, plus) - functools.reduce(lambda a, b: a + b, minus)
