"""From a grid to one of half the cells along an axis, and back: interpolation that knows the coefficients.

Two neighbours i, j along the axis make a block.  Its value belongs to the middle of the face between them, so that the way to the
next block leads through half of that face, the face between the blocks, and half of the inner face of the other one.  Coefficients
are conductances: in series along this way they make that of the coarse face, and what flows through it tells the values of the
cells that are passed (Alcouffe, Brandt, Dendy & Painter 1981; for cells: Wesseling 1992, ch. 5).  A cell thus follows the neighbour
it is tied to, even if that belongs to another block.
"""

from typing import Any

from .plan import Level
from .words import Words

__all__ = ["coarsened", "prolonged", "restricted"]

CLOSED = 1e18
"""What stands for the ratio of a coefficient to that of a closed face."""
TIED = {32: 1e5, 64: 1e12}
"""By bits: a ratio from which on a cell follows its neighbour altogether, with shares of exactly 1 and 0: what rounding leaves of a
share would connect parts of a grid that are cut off from each other."""
BENDING = 0.5
"""Share of the energy of bent interpolation that is added to the coarse faces, see `coarsened`; found by experiment, 0.25 – 1 tie."""


def coarsened(
    words: Words, level: Level, i: int, faces: list[Any], extra: Any, mass: Any, tied: float
) -> tuple[list[Any], Any, tuple[Any, Any]]:
    """The next grid, with half the cells along dim number `i`.

    Across the axis a coarse face gets the shares that its blocks have in the cells of the fine ones.  Where neighbours have different
    shares, the interpolated values are bent although those of the blocks are not; this energy goes to the faces between the blocks.
    With it the coarse energy is hardly below that of the interpolated values, so that no correction is too large: without it
    stiff inclusions of odd shape make eigenvalues of up to 100.

    Args:
        faces: coefficients of all faces normal to each axis, outer ones included.
        extra: factor of the identity per cell, or None.
        mass: sum of the coefficients of the faces of each cell.
        tied: see `TIED`.

    Returns:
        faces, extra: of the coarse grid.
        weights: share that the block before the own one has in the lower cells, and the block behind in the upper ones.
    """
    axis, n, periodic = level.axes[i], level.sizes[i], level.periodic[i]
    m = (n + 1) // 2
    missing = {axis: (0, n % 2)}
    along = faces[i]
    between = words.concat(words.cut(along, axis, 0, n, 2), (words.cut(along, axis, n, n + 1),), axis)
    mass = words.ends(mass, missing)
    lower, upper = words.cut(mass, axis, 0, 2 * m, 2), words.cut(mass, axis, 1, 2 * m, 2)
    inner = words.ends(words.cut(along, axis, 1, n, 2), missing)
    half = _half_way(words, inner, lower, upper)
    half = words.once(words.around(half, axis, periodic))
    before = _ratio(words, between, words.cut(half, axis, 0, m + 1))
    behind = _ratio(words, between, words.cut(half, axis, 1, m + 2))
    closed = before + behind >= CLOSED
    new_along = words.where(closed, between * 0, between / (1 + before + behind))
    first = words.once(words.cut(_share(words, behind, before, tied), axis, 0, m))
    second = words.once(words.cut(_share(words, before, behind, tied), axis, 1, m + 1))
    new: list[Any] = []
    bent: Any = None
    for b, c in enumerate(faces):
        if b == i:
            new.append(None)
            continue
        across, crosses = level.axes[b], level.periodic[b]
        c = words.ends(c, missing)
        parts = words.cut(c, axis, 0, 2 * m, 2), words.cut(c, axis, 1, 2 * m, 2)
        k = level.sizes[b]
        means, bends = [], []
        for part, weight in zip(parts, (first, second)):
            wide = words.around(weight, across, crosses, "edge")
            a, z = words.cut(wide, across, 0, k + 1), words.cut(wide, across, 1, k + 2)
            means.append((a + z) * 0.5)
            bend = part * (z - a) * (z - a) * BENDING
            bends.append(words.cut(bend, across, 0, k) + words.cut(bend, across, 1, k + 1))
        new.append(words.once(_gather(words, axis, periodic, parts, (means[0], means[1]))))
        bent = bends if bent is None else [p + q for p, q in zip(bent, bends)]
    if bent is not None:
        energy = _on_faces(words, axis, periodic, bent[0], bent[1])
        new_along = words.where(new_along == 0, new_along, new_along + energy)
    if periodic and m == 1:
        new_along = new_along * 0  # a cell that is its own neighbour
    new[i] = words.once(new_along)
    if extra is not None:
        extra = words.ends(extra, missing)
        cells = words.cut(extra, axis, 0, 2 * m, 2), words.cut(extra, axis, 1, 2 * m, 2)
        extra = words.once(_gather(words, axis, periodic, cells, (first, second)))
    return new, extra, (first, second)


def _half_way(words: Words, inner: Any, lower: Any, upper: Any) -> Any:
    """Resistance from the middle of a block to the middle of its cells: 0 if there is one cell only, −1 if no way leads there."""
    closed = inner == 0
    half = 0.5 / words.where(closed, inner + 1, inner)
    half = words.where(closed, inner - 1, half)
    return words.where(lower * upper == 0, inner * 0, half)


def _ratio(words: Words, between: Any, half: Any) -> Any:
    """Resistance of a half block beside that of the face to it."""
    ratio = words.where(half < 0, between * 0 + CLOSED, between * half)
    return words.where(between == 0, between, ratio)


def _share(words: Words, own: Any, other: Any, tied: float) -> Any:
    """The share that the block beyond a face has in a cell at it, by the resistances of the half blocks on both sides."""
    share = own / (own + (1 + other))
    free, bound = own * 0, own > tied
    share = words.where(bound, free + 1, words.where(other > tied, free, share))
    return words.where(bound, words.where(other > tied, free + 0.5, share), share)


def _gather(words: Words, axis: int, periodic: bool, cells: tuple[Any, Any], weights: tuple[Any, Any]) -> Any:
    """Values of lower and upper cells summed by their shares in the blocks."""
    (lower, upper), (first, second) = cells, weights
    to_before, to_behind = lower * first, upper * second
    m = to_before.shape[axis]
    own = (lower - to_before) + (upper - to_behind)
    from_behind = words.cut(words.around(to_before, axis, periodic), axis, 2, m + 2)
    from_before = words.cut(words.around(to_behind, axis, periodic), axis, 0, m)
    return own + from_behind + from_before


def _on_faces(words: Words, axis: int, periodic: bool, lower: Any, upper: Any) -> Any:
    """Values of blocks that belong to their lower face, and to their upper one, summed on all faces."""
    m = lower.shape[axis]
    if periodic:
        lower = words.concat(lower, (words.cut(lower, axis, 0, 1),), axis)
        return lower + words.concat(words.cut(upper, axis, m - 1, m), (upper,), axis)
    return words.ends(lower, {axis: (0, 1)}) + words.ends(upper, {axis: (1, 0)})


def restricted(words: Words, level: Level, r: Any, weights: list[tuple[Any, Any]]) -> Any:
    """Residuals of cells summed over blocks by their shares: the transpose of `prolonged`."""
    for i, pair in zip(level.pairs, weights):
        axis, n, periodic = level.axes[i], level.sizes[i], level.periodic[i]
        r = words.once(words.ends(r, {axis: (0, n % 2)}))
        m = (n + 1) // 2
        r = _gather(words, axis, periodic, (words.cut(r, axis, 0, 2 * m, 2), words.cut(r, axis, 1, 2 * m, 2)), pair)
    return words.once(r)


def prolonged(words: Words, level: Level, coarse: Any, weights: list[tuple[Any, Any]]) -> Any:
    """Values of the cells from those of the blocks they have a share in."""
    for i, (first, second) in reversed(list(zip(level.pairs, weights))):
        axis, n, periodic = level.axes[i], level.sizes[i], level.periodic[i]
        m = coarse.shape[axis]
        wide = words.once(words.around(coarse, axis, periodic))
        own = words.cut(wide, axis, 1, m + 1)
        lower = own + first * (words.cut(wide, axis, 0, m) - own)
        upper = own + second * (words.cut(wide, axis, 2, m + 2) - own)
        both = words.stack(lower, (upper,), axis + 1)
        sizes = tuple(2 * m if a == axis else k for a, k in enumerate(lower.shape))
        coarse = words.cut(words.reshape(both, sizes), axis, 0, n)
    return words.once(coarse)
