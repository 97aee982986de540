"""Factors of a sparse matrix on the host, also of one that is singular: then for the solution of least norm and least squares."""

from typing import Any

import numpy as np

__all__ = ["Factors", "columns_solved"]

SMALL = 1500
"""Number of unknowns up to which a singular matrix is taken apart by dense singular values."""


class Factors:
    """What solves with a sparse matrix for any number of right-hand sides, in double precision.

    A matrix whose null space is made of constants on parts of a graph that nothing holds (a closed box, its pockets) is recognised by
    its row sums; others by a pivot that is as small as rounding makes it, where their null space is found by inverse iteration.

    Args:
        matrix: SciPy sparse matrix, square.
        deficiency: dimension of the null space; None to find out; 0 if the matrix is known to be regular.
    """

    def __init__(self, matrix: Any, deficiency: int | None = None):
        from scipy.sparse import csr_array

        matrix = csr_array(matrix)
        matrix.sum_duplicates()
        matrix.eliminate_zeros()  # a closed face connects nothing
        self.size = matrix.shape[0]
        if not np.isfinite(matrix.data).all():
            self.solve = lambda rows: np.full_like(rows, np.nan)
            return
        parts = None if deficiency == 0 else _floating_parts(matrix)
        self.project: Any = None
        if parts is not None:
            self._pinned(matrix, *parts)
        elif deficiency:
            self._bordered(matrix, deficiency)
        else:
            self._plain(matrix, deficiency)

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        """x for each right-hand side, both (examples, unknowns); not a number where the matrix is zero."""
        return self.solve(rows)

    def _plain(self, matrix: Any, deficiency: int | None) -> None:
        dense = matrix.nnz > 0.2 * self.size**2
        try:
            solve, pivots = _dense(matrix) if dense else (lambda f: (f.solve, f.U.diagonal()))(_sparse(matrix))
        except RuntimeError:  # exactly singular
            return self._bordered(matrix, None)
        pivots = np.abs(pivots)
        if deficiency is None and not pivots.min(initial=np.inf) > 1e-13 * pivots.max(initial=0.0):
            return self._bordered(matrix, None)
        self.solve = lambda rows: columns_solved(solve, rows)
        return None

    def _pinned(self, matrix: Any, component: np.ndarray, regular: np.ndarray) -> None:
        """Zero mean on each part whose level nothing holds: one of its cells is left out, then the mean is taken off."""
        count = len(regular)
        size = np.bincount(component, minlength=count)

        def without_means(values: np.ndarray) -> np.ndarray:
            sums = np.stack([_bincount(component, row, count) for row in values])
            return values - np.where(regular, 0, sums / size)[:, component]

        pinned = np.zeros(self.size, bool)
        pinned[np.unique(component, return_index=True)[1][~regular]] = True
        free = np.flatnonzero(~pinned)
        try:
            factors = _sparse(matrix[free][:, free]) if free.size else None
        except RuntimeError:  # singular in another way than by its parts
            return self._bordered(matrix, None)

        def solve(rows: np.ndarray) -> np.ndarray:
            x = np.zeros_like(rows)
            if factors is not None:
                x[:, free] = columns_solved(factors.solve, without_means(rows)[:, free])
            return without_means(x)

        self.solve = solve
        return None

    def _bordered(self, matrix: Any, deficiency: int | None) -> None:
        """Least norm and least squares: by singular values, or with the null space as further rows and columns."""
        if self.size <= SMALL:
            inverse = np.linalg.pinv(matrix.toarray(), rcond=1e-12)
            self.solve = lambda rows: rows @ inverse.T
            return
        from scipy.sparse import block_array
        from scipy.sparse.linalg import splu

        right = _null_space(matrix, deficiency)
        left = _null_space(matrix.T, right.shape[1])
        bordered = splu(block_array([[matrix, left], [right.T, None]]).tocsc())
        extra = right.shape[1]

        def solve(rows: np.ndarray) -> np.ndarray:
            wide = np.concatenate([rows, np.zeros((len(rows), extra), rows.dtype)], 1)
            return columns_solved(bordered.solve, wide)[:, : self.size]

        self.solve = solve


def _sparse(matrix: Any) -> Any:
    """LU factors of a sparse matrix.

    Symmetric ones with dominant diagonals need no pivots, so that rows and columns are eliminated in one order, found for the sum of
    the matrix and its transpose: half of the time for grids.
    """
    from scipy.sparse.linalg import splu

    matrix = matrix.tocsc()
    sums = abs(matrix).sum(1)
    dominant = (2 * abs(matrix.diagonal()) >= np.asarray(sums).ravel() * (1 - 1e-12)).all()
    if dominant and not (matrix - matrix.T).count_nonzero():
        return splu(matrix, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    return splu(matrix)


def _dense(matrix: Any) -> tuple[Any, np.ndarray]:
    """What solves with a matrix that has few zeros, and its pivots."""
    import warnings

    from scipy.linalg import lu_factor, lu_solve

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a singular matrix
        factors = lu_factor(matrix.toarray(), check_finite=False)
    return (lambda columns: lu_solve(factors, columns, check_finite=False)), np.diagonal(factors[0])


def columns_solved(solve: Any, rows: np.ndarray) -> np.ndarray:
    """SuperLU's solve of several right-hand sides, which it takes as columns; complex ones of a real matrix in two parts."""
    if np.iscomplexobj(rows):
        try:
            return solve(np.ascontiguousarray(rows.T)).T
        except TypeError:
            return columns_solved(solve, np.real(rows)) + 1j * columns_solved(solve, np.imag(rows))
    return solve(np.ascontiguousarray(rows.T)).T


def _bincount(component: np.ndarray, row: np.ndarray, count: int) -> np.ndarray:
    if np.iscomplexobj(row):
        return _bincount(component, np.real(row), count) + 1j * _bincount(component, np.imag(row), count)
    return np.bincount(component, row, count)


def _floating_parts(matrix: Any) -> tuple[np.ndarray, np.ndarray] | None:
    """The part of the graph that each unknown is in, and which parts have anything but zero row and column sums; None if all have."""
    from scipy.sparse.csgraph import connected_components

    count, component = connected_components(abs(matrix), directed=False)  # which knows no complex numbers
    scale = abs(matrix).sum(1)
    sums = np.maximum(np.abs(matrix.sum(1)), np.abs(matrix.sum(0)))
    regular = np.zeros(count, bool)
    regular[component[sums > 1e-9 * np.maximum(scale, 1e-300)]] = True
    return None if regular.all() else (component, regular)


def _null_space(matrix: Any, dimension: int | None) -> np.ndarray:
    """Orthonormal vectors (unknowns, k) that a matrix maps to zero, up to rounding: inverse iteration with a slightly shifted matrix."""
    from scipy.sparse import eye_array
    from scipy.sparse.linalg import splu

    n = matrix.shape[0]
    size = abs(matrix).sum(1).max()
    factors = splu((matrix + eye_array(n) * (1e-11 * size)).tocsc())
    count = dimension or 8
    vectors = np.linalg.qr(np.random.default_rng(0).normal(size=(n, count)))[0]
    for _ in range(4):
        vectors = np.linalg.qr(factors.solve(factors.solve(vectors, "T")))[0]
    # the combinations that are mapped to the smallest images
    _, values, mix = np.linalg.svd(matrix @ vectors, full_matrices=False)
    found = vectors @ mix.T[:, np.argsort(values)]
    kept = dimension or int((np.sort(values) < 1e-9 * size).sum())
    return found[:, : max(kept, 1)]
