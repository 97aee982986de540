"""A cycle as an approximate inverse: smooth, solve for what is smooth on a grid of half the resolution, smooth again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from phiml_core.backend.backend import Backend
from phiml_core.dispatch import generic

from .clusters import cluster_step, clusters
from .coarsest import apply_inverse, inverse_matrix
from .grid import COARSE, FINE, Grid
from .plan import Level, plan
from .stencil import face_sum
from .transfer import LEAST, coarsened
from .words import Words

__all__ = ["Hierarchy", "cycle", "functions", "program"]


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
    levels = plan(axes, sizes, periodic, spacing)
    return functions(backend, Hierarchy(Words(backend), levels, shifted, singular, bits, visits, clustered))


@dataclass(frozen=True)
class Hierarchy:
    """All that is static of a cycle, see `program`."""

    words: Words
    levels: list[Level]
    shifted: bool
    singular: bool
    bits: int
    visits: int
    clustered: bool

    def prepare(self, *arrays: Any) -> Any:
        """The arrays of all grids, the inverse of the coarsest one's matrix, and what the steps for clusters need, if any."""
        words, rank = self.words, len(self.levels[0].axes)
        faces, extra = list(arrays[:rank]), arrays[-1] if self.shifted else None
        found: list[Any] = []
        groups: tuple[Any, ...] = ()
        for level in self.levels[:-1]:
            mass = face_sum(words, level, faces)
            diagonal = mass if extra is None else mass + extra
            if self.clustered and not found:
                groups = clusters(words, level, faces, extra, words.once(diagonal), self.bits)
            found += [*faces, *([] if extra is None else [extra]), words.once(words.inverse(diagonal))]
            for i in level.pairs:
                faces, extra, shares = coarsened(words, level, i, faces, extra, mass, LEAST[self.bits])
                level = level.halved(i)
                mass = face_sum(words, level, faces)
                found.append(shares)
        inverse = inverse_matrix(words, self.levels[-1], faces, extra, self.singular, self.bits)
        return (*found, words.once(inverse), *groups)

    def grids(self, arrays: Sequence[Any], kind: type[Grid] = Grid) -> tuple[list[Grid], Sequence[Any]]:
        """The grids but for the coarsest one, and those of the arrays from `prepare` that are not theirs."""
        grids: list[Grid] = []
        start = 0
        for level in self.levels[:-1]:
            stop = start + len(level.axes) + self.shifted + 1 + len(level.pairs)
            grids.append(kind(self.words, level, arrays[start:stop], self.shifted, COARSE if grids else FINE))
            start = stop
        return grids, arrays[start:]

    def run(self, *arrays: Any) -> Any:
        """The cycle for the last of the arrays; the others are those of `prepare`."""
        return self.apply(*self.grids(arrays[:-1]), arrays[-1])

    def apply(self, grids: list[Grid], others: Sequence[Any], r: Any) -> Any:
        """The cycle over given grids."""
        words, level, (inverse, *groups) = self.words, self.levels[0], others

        def coarsest(r: Any) -> Any:
            return words.once(apply_inverse(words, self.levels[-1], inverse, r))

        if not groups:  # not asked for, or the grid is so small that it is solved as it is
            return cycle(grids, coarsest, self.visits, r)
        labels, weights = groups
        z = cluster_step(words, level, labels, weights, r)
        z = words.once(z + cycle(grids, coarsest, self.visits, grids[0].rest(z, r)))
        return words.once(z + cluster_step(words, level, labels, weights, grids[0].rest(z, r)))


def cycle(grids: Sequence[Grid], coarsest: Callable[[Any], Any], visits: int, r: Any) -> Any:
    """The approximate solution for r of the first of the grids; `coarsest` solves that of the grid behind the last one."""
    if not grids:
        return coarsest(r)
    grid, *coarser = grids
    x, rest = grid.before(r)
    coarse = cycle(coarser, coarsest, visits, rest)
    for _ in range(visits - 1 if coarser else 0):
        more = cycle(coarser, coarsest, visits, coarser[0].rest(coarse, rest))
        coarse = grid.words.once(coarse + more)
    return grid.after(x, coarse, r)


@generic(on="backend")
def functions(backend: Backend, hierarchy: Hierarchy) -> Any:
    """`prepare` and `run` of a hierarchy as the backend computes them fastest."""


@functions.dispatch
def _(backend: Backend, hierarchy):
    wide = hierarchy.bits == 64
    return backend.fuse(hierarchy.prepare, wide), backend.fuse(hierarchy.run, wide)
