"""The adjoint of the interpolation at x - d: shifts for shifts, scatters for gathers.

The corners are found again, which is cheaper than keeping them.
"""

from typing import Any

from phiml_core import math
from phiml_core.math import Tensor
from phiml_core.transform import cond

from phiml_physics.grid.lookup import Vectors, cells_of, fractions, gather_corners, picks, scatter_corners, sum_to

from .corners import bound_gradient, slopes_by_weight
from .shift_adjoint import Rows, shift_adjoint

__all__ = ["interpolation_adjoint"]

Job = tuple[Tensor, ...]


def interpolation_adjoint(
    small: Any,
    padded: Job,
    d: tuple[Vectors, ...],
    gradients: tuple[Job, ...],
    dims: tuple[str, ...],
    periodic: tuple[tuple[bool, ...], ...],
    back: bool,
) -> tuple[Job, tuple[Vectors, ...]]:
    """Gradients of the padded arrays and of their displacements.

    Args:
        small, padded, d, dims, periodic, back: as for `kernel.interpolate`.
        gradients: for each array that of its value; or those of value, lower and upper bound.
    """
    rows = [Rows(dims, p) for p in padded]

    def by_shifts(padded: Job, d: Any, gradients: Any) -> Any:
        found = []
        for r, p, x, g in zip(rows, padded, d, gradients, strict=True):
            total, slopes = shift_adjoint(r, back, p, x, g)
            found.append((sum_to(total, p.shape), like(slopes, x)))
        return tuple(found)

    def by_scatters(padded: Job, d: Any, gradients: Any) -> Any:
        found = []
        for r, p, wraps, x, g in zip(rows, padded, periodic, d, gradients, strict=True):
            cells = cells_of(x, dims, r.cells, wraps, back)
            corners, weights = gather_corners(p, cells, dims), fractions(x, back)
            slopes = [g[0] * (s if back else -s) for s in slopes_by_weight(corners, weights)]
            shares = gather_shares(g[0], weights, corners, bound_gradient(corners, *g[1:]) if len(g) > 1 else None)
            total = sum_to(scatter_corners(shares, cells, dims, p), p.shape)
            found.append((r.fill(total, False), tuple([r.fill(s, True) for s in like(slopes, x)])))
        return tuple(found)

    found = cond(small, by_shifts, by_scatters, padded, d, gradients)
    return (
        tuple([r.cut(total, False) for r, (total, _) in zip(rows, found, strict=True)]),
        tuple([tuple([r.cut(s, True) for s in slopes]) for r, (_, slopes) in zip(rows, found, strict=True)]),
    )


def like(slopes: list[Tensor], d: Vectors) -> Vectors:
    """Gradients with the dims and types of the displacements."""
    return tuple([math.cast(sum_to(s, x.shape), x.dtype) for s, x in zip(slopes, d, strict=True)])


def gather_shares(g: Tensor, weights: Vectors, corners: list[Tensor], bound: Any) -> list[Tensor]:
    """What each corner receives."""
    shares = []
    for pick, corner in zip(picks(len(weights)), corners, strict=True):
        share = g
        for p, w in zip(pick, weights, strict=True):
            share = share * (w if p else 1.0 - w)
        if bound:
            share = share + math.where(corner == bound[0], bound[1], 0.0)
        shares.append(share)
    return shares
