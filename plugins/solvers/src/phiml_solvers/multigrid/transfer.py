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
LEAST = {32: 0.03, 64: 1e-6}
"""By bits: shares below count as 0, and those as close to 1 as 1.  Tiny shares connect parts of a grid that are cut off from each other by
tiny coefficients, on which coarse grids would divide what rounding leaves of the sum of a right-hand side over such a part."""
BENDING = 0.5
"""Share of the energy of bent interpolation that is added to the coarse faces, see `coarsened`; found by experiment, 0.25 – 1 tie."""


def coarsened(
    words: Words, level: Level, i: int, faces: list[Any], extra: Any, mass: Any, least: float
) -> tuple[list[Any], Any, Any]:
    """The next grid, with half the cells along dim number `i`.

    Across the axis a coarse face gets the shares that its blocks have in the cells of the fine ones.  Where neighbours have different
    shares, the interpolated values are bent although those of the blocks are not; this energy goes to the faces between the blocks.
    With it the coarse energy is hardly below that of the interpolated values, so that no correction is too large: without it
    stiff inclusions of odd shape make eigenvalues of up to 100.

    Args:
        faces: coefficients of all faces normal to each axis, outer ones included.
        extra: factor of the identity per cell, or None.
        mass: sum of the coefficients of the faces of each cell.
        least: see `LEAST`.

    Returns:
        faces, extra: of the coarse grid.
        shares: per cell the share that the block next to its own one has in it: the one before in lower, behind in upper cells.
    """
    axis, n, periodic = level.axes[i], level.sizes[i], level.periodic[i]
    m = (n + 1) // 2
    missing = {axis: (0, n % 2)}
    new = [words.ends(c, missing) for c in faces]
    new[i], shares = _along(words, axis, n, periodic, faces[i], words.ends(mass, missing), least)
    bent: Any = None
    for b, c in enumerate(new):
        if b == i:
            continue
        across, k = level.axes[b], level.sizes[b]
        wide = words.around(shares, across, level.periodic[b])
        a, z = words.cut(wide, across, 0, k + 1), words.cut(wide, across, 1, k + 2)
        new[b] = words.once(_gather(words, axis, periodic, c, (a + z) * 0.5))
        bend = c * (z - a) * (z - a) * BENDING
        bend = words.cut(bend, across, 0, k) + words.cut(bend, across, 1, k + 1)
        bent = bend if bent is None else bent + bend
    if bent is not None:  # lower cells give it to the lower face of their block, upper cells to the upper one
        energy = words.around(words.once(bent), axis, periodic)
        energy = words.cut(energy, axis, 0, 2 * m + 2, 2) + words.cut(energy, axis, 1, 2 * m + 2, 2)
        new[i] = new[i] + energy
    if periodic and m == 1:
        new[i] = new[i] * 0  # a cell that is its own neighbour
    new[i] = words.once(new[i])
    if extra is not None:
        extra = words.once(_gather(words, axis, periodic, words.ends(extra, missing), shares))
    return new, extra, shares


def _along(words: Words, axis: int, n: int, periodic: bool, along: Any, mass: Any, least: float) -> tuple[Any, Any]:
    """Coefficients between blocks along an axis, and the shares."""
    m = (n + 1) // 2
    between = words.concat(words.cut(along, axis, 0, n, 2), (words.cut(along, axis, n, n + 1),), axis)
    inner = words.ends(words.cut(along, axis, 1, n, 2), {axis: (0, n % 2)})
    half = _half_way(words, inner, words.cut(mass, axis, 0, 2 * m, 2), words.cut(mass, axis, 1, 2 * m, 2))
    half = words.once(words.around(half, axis, periodic))
    before = words.once(_ratio(words, between, words.cut(half, axis, 0, m + 1)))
    behind = words.once(_ratio(words, between, words.cut(half, axis, 1, m + 2)))
    closed = before + behind >= CLOSED
    coarse = words.where(closed, between * 0, between / (1 + before + behind))
    lower = words.cut(_share(words, behind, before, least), axis, 0, m)
    upper = words.cut(_share(words, before, behind, least), axis, 1, m + 1)
    return coarse, words.once(_interleaved(words, axis, lower, upper))


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


def _share(words: Words, own: Any, other: Any, least: float) -> Any:
    """The share that the block beyond a face has in a cell at it, by the resistances of the half blocks on both sides."""
    share = own / (own + (1 + other))
    share = words.where(share < least, share * 0, share)
    return words.where(share > 1 - least, share * 0 + 1, share)


def _interleaved(words: Words, axis: int, lower: Any, upper: Any) -> Any:
    """Values of cells from those of the lower and of the upper cells of blocks."""
    both = words.stack(lower, (upper,), axis + 1)
    return words.reshape(both, tuple(2 * k if a == axis else k for a, k in enumerate(lower.shape)))


def _gather(words: Words, axis: int, periodic: bool, cells: Any, shares: Any) -> Any:
    """Values of cells summed over blocks by their shares."""
    moved = cells * shares
    kept, n = cells - moved, cells.shape[axis]
    moved = words.around(words.once(moved), axis, periodic)
    own = words.cut(kept, axis, 0, n, 2) + words.cut(kept, axis, 1, n, 2)
    return own + (words.cut(moved, axis, 0, n, 2) + words.cut(moved, axis, 3, n + 2, 2))


def restricted(words: Words, level: Level, r: Any, shares: Any) -> Any:
    """Residuals of cells summed over blocks by their shares: the transpose of `prolonged`."""
    for i, share in zip(level.pairs, shares):
        axis, n = level.axes[i], level.sizes[i]
        r = words.ends(r, {axis: (0, n % 2)})
        r = words.once(_gather(words, axis, level.periodic[i], r, share))
    return r


def prolonged(words: Words, level: Level, coarse: Any, shares: Any) -> Any:
    """Values of the cells from those of the blocks they have a share in."""
    for i, share in reversed(list(zip(level.pairs, shares))):
        axis, n, m = level.axes[i], level.sizes[i], coarse.shape[level.axes[i]]
        wide = words.once(words.around(coarse, axis, level.periodic[i]))
        own = words.once(_interleaved(words, axis, coarse, coarse))
        others = _interleaved(words, axis, words.cut(wide, axis, 0, m), words.cut(wide, axis, 2, m + 2))
        coarse = words.once(words.cut(own + share * (words.once(others) - own), axis, 0, n))
    return coarse
