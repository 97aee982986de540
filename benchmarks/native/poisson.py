"""Poisson problems in closed boxes, and how they are solved with SciPy and PyAMG; shares no code with the library.

−∇ · (w ∇x) = b on cells of size 1 with coefficients w on inner faces, assembled as a sparse matrix.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Shape = tuple[int, ...]
TOLERANCE = 1e-5


def boxes(shape: Shape, fraction: float = 0.2, seed: int = 1) -> np.ndarray:
    """Boxes at random places that fill a fraction of the grid."""
    rng, solid, n = np.random.default_rng(seed), np.zeros(shape, bool), shape[0]
    while solid.mean() < fraction:
        extent = [rng.integers(max(2, n // 32), max(4, n // 6)) for _ in shape]
        start = [rng.integers(0, size - e) for size, e in zip(shape, extent)]
        solid[tuple(slice(a, a + e) for a, e in zip(start, extent))] = True
    return solid


def lattice(shape: Shape) -> np.ndarray:
    """A lattice of round obstacles."""
    at = np.meshgrid(*[np.arange(n) + 0.5 for n in shape], indexing="ij")
    return np.prod([np.sin(8 * np.pi * x / n) for x, n in zip(at, shape)], 0) > 0.3


def pores(shape: Shape, width: float = 2.0) -> np.ndarray:
    """40 % solid with passages a few cells wide: smoothed noise below a threshold."""
    from scipy.ndimage import gaussian_filter

    medium = gaussian_filter(np.random.default_rng(0).normal(size=shape), width, mode="nearest")
    return medium > np.quantile(medium, 0.6)


def _of_solid(solid: np.ndarray) -> list[np.ndarray]:
    fluid = ~solid
    pairs = [(np.moveaxis(fluid, a, 0)[1:], np.moveaxis(fluid, a, 0)[:-1]) for a in range(solid.ndim)]
    return [np.moveaxis((p & q).astype(float), 0, a) for a, (p, q) in enumerate(pairs)]


def _of_coefficient(k: np.ndarray) -> list[np.ndarray]:
    """Harmonic means."""
    pairs = [(np.moveaxis(k, a, 0)[1:], np.moveaxis(k, a, 0)[:-1]) for a in range(k.ndim)]
    return [np.moveaxis(2 * p * q / (p + q), 0, a) for a, (p, q) in enumerate(pairs)]


def scattered(shape: Shape, jump: float, seed: int = 0) -> np.ndarray:
    """Each cell 1 or `jump`, at random."""
    return np.where(np.random.default_rng(seed).random(shape) < 0.5, jump, 1.0)


CASES: dict[str, Callable[[Shape], list[np.ndarray]]] = {
    "free": lambda shape: _of_solid(np.zeros(shape, bool)),
    "boxes": lambda shape: _of_solid(boxes(shape)),
    "porous": lambda shape: _of_solid(lattice(shape)),
    "pores": lambda shape: _of_solid(pores(shape)),
    "jump": lambda shape: _of_coefficient(np.where(boxes(shape, 0.3, 0), 1e3, 1.0)),
    "cells": lambda shape: _of_coefficient(scattered(shape, 1e3)),
    "cells4": lambda shape: _of_coefficient(scattered(shape, 1e4)),
}
"""Coefficients of the inner faces per axis: free box, 20 % random boxes, a lattice, narrow pores 40 % solid, boxes of 1000 in 1, cells of 1000 or of
10⁴ among cells of 1 at random."""


def matrix(weights: list[np.ndarray]) -> Any:
    """−∇ · (w ∇) in CSR format."""
    from scipy.sparse import coo_array

    shape = (weights[0].shape[0] + 1, *weights[0].shape[1:])
    number = np.arange(np.prod(shape)).reshape(shape)
    rows, columns, entries = [], [], []
    for axis, w in enumerate(weights):
        n, f = np.moveaxis(number, axis, 0), np.moveaxis(w, axis, 0).ravel()
        a, b = n[:-1].ravel(), n[1:].ravel()
        for r, c, e in ((a, b, -f), (b, a, -f), (a, a, f), (b, b, f)):
            rows.append(r)
            columns.append(c)
            entries.append(e)
    found = coo_array(
        (np.concatenate(entries), (np.concatenate(rows), np.concatenate(columns))), shape=(number.size,) * 2
    ).tocsr()
    found.eliminate_zeros()
    return found


def right_hand_side(weights: list[np.ndarray], seed: int = 0) -> np.ndarray:
    """What flows out of the cells with random fluxes through open faces, as float32."""
    rng = np.random.default_rng(seed)
    total = np.zeros((weights[0].shape[0] + 1, *weights[0].shape[1:]))
    for axis, w in enumerate(weights):
        flux = rng.normal(size=w.shape) * (w > 0)
        widths = [(1, 1) if a == axis else (0, 0) for a in range(w.ndim)]
        total += np.diff(np.pad(flux, widths), axis=axis)
    return total.astype(np.float32)


def scipy_cg(A: Any, b: np.ndarray) -> Callable[[], tuple[np.ndarray, int]]:
    """Conjugate gradients without preconditioner, float64."""
    from scipy.sparse.linalg import cg

    right = b.ravel().astype(np.float64)

    def run() -> tuple[np.ndarray, int]:
        count = [0]

        def counting(_: Any) -> None:
            count[0] += 1

        return cg(A, right, rtol=TOLERANCE, maxiter=20000, callback=counting)[0].reshape(b.shape), count[0]

    return run


def pyamg_cg(A: Any, b: np.ndarray, prepared: bool = False) -> Callable[[], tuple[np.ndarray, int]]:
    """Conjugate gradients with classical algebraic multigrid, float64; one cell of each connected part is fixed.

    Args:
        prepared: leave out the set-up.
    """
    import pyamg
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    _, part = connected_components(A, directed=False)
    free = np.ones(len(part), bool)
    free[np.unique(part, return_index=True)[1]] = False
    index = np.flatnonzero(free)
    regular, right = csr_matrix(A[index][:, index]), b.ravel()[index].astype(np.float64)
    kept = pyamg.ruge_stuben_solver(regular) if prepared else None

    def run() -> tuple[np.ndarray, int]:
        residuals: list[float] = []
        solver = kept or pyamg.ruge_stuben_solver(regular)
        x = np.zeros(len(part))
        x[index] = solver.solve(right, tol=TOLERANCE, accel="cg", residuals=residuals)
        return x.reshape(b.shape), len(residuals) - 1

    return run


def scipy_dct(b: np.ndarray, passes: int) -> Callable[[], tuple[np.ndarray, int]]:
    """The free box by cosine transforms, float32; each pass after the first solves for what is left."""
    from scipy.fft import dctn, idctn

    rank = b.ndim
    eigenvalues = sum(
        (2 - 2 * np.cos(np.pi * np.arange(n) / n)).reshape([-1 if a == i else 1 for a in range(rank)])
        for i, n in enumerate(b.shape)
    )
    with np.errstate(divide="ignore"):
        inverse = (1 / eigenvalues).astype(np.float32)
    inverse.flat[0] = 0

    def rest(x: np.ndarray) -> np.ndarray:
        left = b.copy()
        for a in range(rank):
            d = np.diff(x, axis=a)
            front, back = (
                tuple(s if i == a else slice(None) for i in range(rank)) for s in (slice(None, -1), slice(1, None))
            )
            left[front] += d
            left[back] -= d
        return left

    def run() -> tuple[np.ndarray, int]:
        x = idctn(dctn(b) * inverse)
        for _ in range(passes - 1):
            x = x + idctn(dctn(rest(x)) * inverse)
        rest(x)  # whoever promises a tolerance looks at the residual
        return x, passes

    return run


def relative_residual(A: Any, b: np.ndarray, x: np.ndarray) -> float:
    """‖b − A x‖ / ‖b‖ in float64."""
    right = b.ravel().astype(np.float64)
    return float(np.linalg.norm(right - A @ np.asarray(x, np.float64).ravel()) / np.linalg.norm(right))
