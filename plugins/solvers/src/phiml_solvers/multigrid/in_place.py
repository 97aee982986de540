"""Cycles on NumPy: arrays are written to, and neighbours read in contiguous memory, without a margin.

What counts there is how many operations there are and how many rows they go through: half of those of the words of `Grid`.
"""

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from phiml_core.backend.numpy.trait import NumPy

from .cycle import functions
from .grid import Grid
from .plan import Level
from .words import Words

__all__ = ["InPlaceGrid"]


@functions.dispatch
def _(backend: NumPy, hierarchy):
    def prepare(*arrays: Any) -> Any:
        return hierarchy.grids(hierarchy.prepare(*arrays), InPlaceGrid)

    return prepare, hierarchy.apply


class InPlaceGrid(Grid):
    """One grid, see `Grid`; x is written to between its steps and has no margin."""

    def __init__(self, words: Words, level: Level, arrays: Sequence[Any], shifted: bool, steps: tuple[float, ...]):
        super().__init__(words, level, arrays, shifted, steps)
        self.damped = [np.asarray(factor, self.inverse.dtype) * self.inverse for factor in steps]
        self.upper, self.extra = _inner_faces(level, self.faces, self.extra)
        self.ways = [
            _Way(level.axes[i], level.sizes[i], level.periodic[i], share) for i, share in zip(level.pairs, self.shares)
        ]

    def rest(self, x: Any, r: Any) -> Any:
        return _Steps(self, np.ascontiguousarray(x), r).rest()

    def before(self, r: Any) -> tuple[Any, Any]:
        steps = _Steps(self, np.ascontiguousarray(self.damped[0] * r), r)
        for damped in self.damped[1:]:
            steps.smooth(damped)
        rest = steps.rest()
        for way in self.ways:
            rest = way.restricted(rest)
        return steps, rest

    def after(self, x: Any, coarse: Any, r: Any) -> Any:
        for way in reversed(self.ways):
            coarse = way.prolonged(coarse)
        x.x += coarse
        for damped in reversed(self.damped):
            x.smooth(damped)
        return x.x


def _inner_faces(level: Level, faces: Sequence[Any], extra: Any) -> tuple[list[Any], Any]:
    """Per axis the coefficients of the upper face of each cell, 0 on outer ones, and what flows through outer faces as a factor of the
    identity, None if nothing does."""
    upper, total = [], extra
    for axis, periodic, c in zip(level.axes, level.periodic, faces):
        first = np.moveaxis(c, axis, 0)[0]
        inner = np.moveaxis(c, axis, 0)[1:].copy()
        if not periodic:
            last = inner[-1].copy()
            inner[-1] = 0
            if first.any() or last.any():
                outer = np.zeros_like(inner)
                outer[0] += first
                outer[-1] += last
                outer = np.moveaxis(outer, 0, axis)
                total = outer if total is None else total + outer
        upper.append(np.ascontiguousarray(np.moveaxis(inner, 0, axis)))
    return upper, total


class _Steps:
    """Steps from given values x, with the memory they need.

    A neighbour in a contiguous array is the element `step` further on; what that makes of the last cells, the coefficient 0 undoes, or
    it is overwritten.
    """

    def __init__(self, grid: InPlaceGrid, x: Any, r: Any):
        self.grid, self.x, self.r = grid, x, r
        self.left, self.flux = np.empty_like(x), np.empty_like(x)
        flat, left, flux, size = x.reshape(-1), self.left.reshape(-1), self.flux.reshape(-1), x.size
        self.axes = []
        for axis, periodic, c in zip(grid.level.axes, grid.level.periodic, grid.upper):
            step = prod(x.shape[axis + 1 :])
            first, last = _cut(axis, 0, 1), _cut(axis, -1, None)
            ends = (x[first], x[last], self.flux[last], self.left[first]) if periodic else None
            views = flat[step:], flat[: size - step], flux[: size - step], flux[size - step :], left[step:]
            self.axes.append((c, ends, *views))

    def rest(self) -> Any:
        """r − A x, in memory that the next step overwrites."""
        left, flux, extra = self.left, self.flux, self.grid.extra
        if extra is None:
            np.copyto(left, self.r)
        else:
            np.multiply(self.x, extra, left)
            np.subtract(self.r, left, left)
        for c, ends, ahead, here, out, tail, behind in self.axes:
            np.subtract(ahead, here, out)
            tail.fill(0)
            if ends is None:
                np.multiply(flux, c, flux)
                np.add(left, flux, left)
            else:  # what leaves through the last upper faces comes in through the first lower ones
                first, last, around, entry = ends
                np.subtract(first, last, around)
                np.multiply(flux, c, flux)
                np.add(left, flux, left)
                np.subtract(entry, around, entry)
                around.fill(0)
            np.subtract(behind, out, behind)
        return left

    def smooth(self, damped: Any) -> None:
        """A Jacobi step with the damped inverse of the diagonal."""
        left = self.rest()
        np.multiply(left, damped, left)
        np.add(self.x, left, self.x)


class _Way:
    """From a grid to one of half the cells along an axis, and back; see `restricted` and `prolonged` of `transfer`."""

    def __init__(self, axis: int, count: int, periodic: bool, shares: Any):
        self.axis, self.count, self.periodic, self.shares = axis, count, periodic, shares
        self.first, self.last = _cut(axis, 0, 1), _cut(axis, -1, None)
        self.front, self.back, self.between = _cut(axis, 0, -1), _cut(axis, 1, None), _cut(axis, 1, -1)
        self.lower, self.upper = _cut(axis, 0, None, 2), _cut(axis, 1, None, 2)

    def restricted(self, r: Any) -> Any:
        if self.count % 2:
            r = np.concatenate([r, np.zeros_like(r[self.first])], self.axis)
        moved = r * self.shares
        kept = r - moved
        lower, upper = moved[self.lower], moved[self.upper]
        own = kept[self.lower] + kept[self.upper]
        own[self.front] += lower[self.back]
        own[self.back] += upper[self.front]
        if self.periodic:
            own[self.last] += lower[self.first]
            own[self.first] += upper[self.last]
        return own

    def prolonged(self, coarse: Any) -> Any:
        before, m, behind = coarse.shape[: self.axis], coarse.shape[self.axis], coarse.shape[self.axis + 1 :]
        first, last = coarse[self.first], coarse[self.last]
        gaps = np.empty((*before, m + 1, *behind), coarse.dtype)
        np.subtract(coarse[self.back], coarse[self.front], gaps[self.between])
        gaps[self.first] = first - last if self.periodic else first
        gaps[self.last] = first - last if self.periodic else -last
        fine = np.empty((*before, 2 * m, *behind), coarse.dtype)
        lower, upper = fine[self.lower], fine[self.upper]
        np.multiply(self.shares[self.lower], gaps[self.front], lower)
        np.subtract(coarse, lower, lower)
        np.multiply(self.shares[self.upper], gaps[self.back], upper)
        np.add(coarse, upper, upper)
        return fine[_cut(self.axis, 0, self.count)] if self.count % 2 else fine


def _cut(axis: int, start: int, stop: int | None, step: int = 1) -> tuple[slice, ...]:
    return (*(slice(None),) * axis, slice(start, stop, step))
