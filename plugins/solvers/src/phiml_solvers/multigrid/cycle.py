"""A V-cycle as a preconditioner: smooth, solve for what is smooth on a grid of half the resolution, smooth again."""

from collections.abc import Callable
from math import cos, pi
from typing import Any

from phiml_core.tensor.dense import Dense
from phiml_core.tensor.dense_elementwise import preparation
from phiml_core.tensor.tensor import Tensor

from ..operator.boundary import DIRICHLET, PERIODIC
from ..operator.masked import MaskedLaplace
from ..operator.shift import stored
from .levels import Level, Words, coarser, pair_sum, plan

__all__ = ["multigrid"]


def chebyshev(count: int, lowest: float, highest: float = 2.0) -> tuple[float, ...]:
    """Damping factors of Jacobi steps whose product is least for eigenvalues (of the scaled operator) in a range."""
    middle, radius = (highest + lowest) / 2, (highest - lowest) / 2
    return tuple(1 / (middle + radius * cos(pi * (2 * k - 1) / (2 * count))) for k in range(1, count + 1))


FINE, COARSE, COARSEST = chebyshev(2, 0.4), chebyshev(3, 0.3), chebyshev(3, 0.1)
"""Smoothing steps before (and in reverse order after) the correction; more on coarse grids, where they cost little, since obstacles
make correction by blocks worse there."""


def multigrid(operator: MaskedLaplace, like: Tensor) -> Callable[[Tensor], Tensor]:
    """An approximate inverse of a grid operator without shift and scale: one symmetric V-cycle, also of traced weights.

    Each level is a grid of blocks with the open faces between them, so obstacles and thin passages are seen on all levels.
    The levels are computed now, for right-hand sides like `like`.
    """
    like = stored(like, operator.dims)
    run, arrays = _prepare(operator, like)

    def apply(r: Tensor) -> Tensor:
        return operator.without_null_space(Dense(run(*arrays, stored(r, operator.dims).native_array), like.spec))

    return apply


def _prepare(operator: MaskedLaplace, like: Dense) -> tuple[Callable[..., Any], list[Any]]:
    box, spec, backend = operator.box, like.spec, like.backend
    words = Words(backend)
    axes = tuple(spec.axes[n] for n in box.dims)
    periodic = tuple(pair[0] == PERIODIC for pair in box.boundary)
    levels = plan(axes, box.resolution.sizes, periodic, box.spacing)  # type: ignore[arg-type]
    weights = [stored(w, (dim,)) * (1 / h**2) for w, dim, h in zip(operator.weights, box.dims, box.spacing)]
    aligned = [preparation(backend, w.spec, like.dtype, spec.stored, full_rank=True) for w in weights]

    def all_levels(*weights: Any) -> list[Any]:
        arrays: list[Any] = []
        ready = [w if step is None else step(w) for w, step in zip(weights, aligned)]
        current = [_all_faces(words, axis, pair, w) for axis, pair, w in zip(axes, box.boundary, ready)]
        for level in levels:
            current = [words.once(c) for c in current]
            arrays += [*current, _inverse_diagonal(words, level, current)]
            current = coarser(words, level, current)
        return arrays

    def cycle(*arrays: Any) -> Any:
        count = len(axes) + 1
        parts = [arrays[i * count : (i + 1) * count] for i in range(len(levels))]
        return -_cycle(words, levels, parts, 0, arrays[-1])

    return backend.fuse(cycle, spec.wide), list(backend.fuse(all_levels, spec.wide)(*[w.native_array for w in weights]))


def _all_faces(words: Words, axis: int, pair: tuple[str, str], weights: Any) -> Any:
    """Coefficients of all faces normal to an axis, outer ones included, from those of the free faces."""
    if pair[0] == PERIODIC:
        return words.concat(weights, (words.cut(weights, axis, 0, 1),), axis)
    count = weights.shape[axis]
    first, last = (int(side == DIRICHLET) for side in pair)
    parts = [words.cut(weights, axis, first, count - last)]
    if first:  # zero lies at the face, half a cell away
        parts.insert(0, 2 * words.cut(weights, axis, 0, 1))
    if last:
        parts.append(2 * words.cut(weights, axis, count - 1, count))
    weights = words.concat(parts[0], tuple(parts[1:]), axis) if len(parts) > 1 else parts[0]
    return words.ends(weights, {axis: (1 - first, 1 - last)})


def _inverse_diagonal(words: Words, level: Level, faces: Any) -> Any:
    total: Any = 0.0
    for axis, n, c in zip(level.axes, level.sizes, faces):
        total = total + words.cut(c, axis, 0, n) + words.cut(c, axis, 1, n + 1)
    zero = total == 0
    return words.where(zero, total, 1 / words.where(zero, total + 1, total))


def _padded(words: Words, level: Level, x: Any) -> Any:
    """x with one more cell beyond each side: the opposite one if periodic, else zero."""
    for axis, n, periodic in zip(level.axes, level.sizes, level.periodic):
        if periodic:
            x = words.concat(words.cut(x, axis, n - 1, n), (x, words.cut(x, axis, 0, 1)), axis)
    zeros = {axis: (1, 1) for axis, periodic in zip(level.axes, level.periodic) if not periodic}
    return words.once(words.ends(x, zeros))


def _inside(words: Words, level: Level, padded: Any, but: int | None = None) -> Any:
    """Padded values without their margin, except along one axis."""
    for axis, n in zip(level.axes, level.sizes):
        if axis != but:
            padded = words.cut(padded, axis, 1, n + 1)
    return padded


def _outflow(words: Words, level: Level, faces: Any, padded: Any) -> Any:
    """−∇ · (c ∇x) of padded x."""
    total: Any = None
    for axis, n, c in zip(level.axes, level.sizes, faces):
        x = _inside(words, level, padded, axis)
        flux = c * (words.cut(x, axis, 1, n + 2) - words.cut(x, axis, 0, n + 1))
        part = words.cut(flux, axis, 0, n) - words.cut(flux, axis, 1, n + 1)
        total = part if total is None else total + part
    return total


def _spread(words: Words, level: Level, coarse: Any) -> Any:
    """Values of blocks given to their cells."""
    for axis, n in zip(level.axes, level.sizes):
        if axis not in level.pairs:
            continue
        twice = words.stack(coarse, (coarse,), axis + 1)
        sizes = tuple(2 * m if a == axis else m for a, m in enumerate(coarse.shape))
        coarse = words.cut(words.reshape(twice, sizes), axis, 0, n)
    return coarse


def _cycle(words: Words, levels: list[Level], parts: list[Any], i: int, r: Any) -> Any:
    level, (*faces, inverse) = levels[i], parts[i]
    coarsest = i == len(levels) - 1
    steps = COARSEST if coarsest else FINE if i == 0 else COARSE
    x = _padded(words, level, steps[0] * inverse * r)

    def smooth(x: Any, factor: float) -> Any:
        return _inside(words, level, x) + factor * inverse * (r - _outflow(words, level, faces, x))

    for factor in steps[1:]:
        x = _padded(words, level, smooth(x, factor))
    if not coarsest:
        rest = words.once(pair_sum(words, r - _outflow(words, level, faces, x), level.pairs))
        correction = words.once(_spread(words, level, _cycle(words, levels, parts, i + 1, rest)))
        x = _padded(words, level, _inside(words, level, x) + correction)
    for factor in steps[:0:-1]:
        x = _padded(words, level, smooth(x, factor))
    return words.once(smooth(x, steps[0]))
