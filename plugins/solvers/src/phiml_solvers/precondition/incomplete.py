"""Incomplete factors of a sparse matrix, with entries only where the matrix has some: ILU(0), and IC(0) of symmetric matrices."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from phiml_core.tensor.tensor import Tensor

from .factored import from_matrix, triangular
from .word import Preconditioner, preconditioner, register_preconditioner

__all__ = ["IncompleteFactors", "incomplete_cholesky", "incomplete_lu"]


@dataclass(frozen=True)
class IncompleteFactors:
    """Incomplete factors as a preconditioner; see `incomplete_lu`, `incomplete_cholesky`.

    Attributes:
        symmetric: IC(0), for definite symmetric operators; otherwise ILU(0).
        sweeps: number of fixed-point steps that compute the factors.
    """

    symmetric: bool = False
    sweeps: int = 12


@preconditioner.dispatch
def _(how: IncompleteFactors, operator, like):
    name = "ic" if how.symmetric else "ilu"
    return _named(name, how.sweeps, operator), name


def _named(name: str, sweeps: int, operator: Any) -> Preconditioner:
    factor = incomplete_cholesky if name == "ic" else incomplete_lu
    return from_matrix((name, sweeps), lambda matrix: factor(matrix, sweeps), operator)


def _registered(name: str) -> None:
    def make(operator: Any, like: Tensor) -> Preconditioner:
        return _named(name, IncompleteFactors().sweeps, operator)

    register_preconditioner(name, make)


_registered("ilu")
_registered("ic")


def _scaled(matrix: Any) -> tuple[Any, np.ndarray]:
    """D A D with a diagonal of ones (of the sign of A's), and D; rows without entries get a one."""
    from scipy.sparse import csr_array, diags_array

    matrix = csr_array(matrix)
    matrix.sum_duplicates()
    diagonal = matrix.diagonal()
    missing = diagonal == 0
    scale = 1 / np.sqrt(np.abs(np.where(missing, 1, diagonal)))
    scaling = diags_array(scale)
    full = scaling @ matrix @ scaling + diags_array(np.where(missing, 1.0, 0.0))
    return csr_array(full), scale


def incomplete_lu(matrix: Any, sweeps: int = 12) -> Any:
    """A function that applies (L U)⁻¹ with L U ≈ A and entries only where A has some.

    The factors are the fixed point of  l_ij = (a_ij − Σ l_ik u_kj) / u_jj,  u_ij = a_ij − Σ l_ik u_kj,  iterated for all entries at
    once (Chow & Patel 2015), which takes as many steps as the longest chain of dependencies at most, and few in practice.
    """
    from scipy.sparse import eye_array, tril, triu

    a, scale = _scaled(matrix)
    n = a.shape[0]
    pattern = a.copy()
    pattern.data = np.ones_like(pattern.data)
    lower, upper = tril(a, -1).tocsr(), triu(a).tocsr()
    for _ in range(sweeps):
        diagonal = upper.diagonal()
        diagonal = np.where(np.abs(diagonal) < 1e-8, 1.0, diagonal)
        full = (a - lower @ triu(upper, 1)).multiply(pattern).tocsr()
        new_upper = triu(full)
        strictly = tril(full, -1).tocsr()
        # Σ over k < j of l_ik u_kj leaves out k = j, where l is the unknown itself
        strictly = strictly.multiply(1 / diagonal[None, :]).tocsr()
        lower, upper = strictly, new_upper.tocsr()
    if not (np.isfinite(lower.data).all() and np.isfinite(upper.data).all()):
        lower, upper = tril(a, -1).tocsr() * 0, triu(a).tocsr() * 0 + eye_array(n)
    diagonal = upper.diagonal()
    small = np.abs(diagonal) < 1e-3
    upper = upper + _diagonal(np.where(small, np.where(diagonal < 0, -1.0, 1.0) - diagonal, 0.0))
    first, second = triangular(lower + eye_array(n)), triangular(upper)
    return lambda r: scale[:, None] * second.solve(first.solve(scale[:, None] * r))


def incomplete_cholesky(matrix: Any, sweeps: int = 12) -> Any:
    """A function that applies ±(L Lᵀ)⁻¹ with L Lᵀ ≈ ±A and entries only where A has some; the sign is that of the diagonal of A.

    The fixed point of  l_ij = (a_ij − Σ l_ik l_jk) / l_jj,  l_jj = √(a_jj − Σ l_jk²).  Where that leaves no positive diagonal, as may happen
    for matrices that are no M-matrices, the off-diagonal entries are made smaller and it starts again.
    """
    from scipy.sparse import tril

    a, scale = _scaled(matrix)
    sign = -1.0 if a.diagonal().sum() < 0 else 1.0
    a = a * sign
    off = tril(a, -1).tocsr()
    shift = 0.0
    while True:
        lower = _cholesky_sweeps(off * (1 / (1 + shift)), sweeps)
        if lower is not None:
            break
        shift = max(2 * shift, 0.05)
    first, second = triangular(lower), triangular(lower.T)
    return lambda r: sign * scale[:, None] * second.solve(first.solve(scale[:, None] * r))


def _cholesky_sweeps(off: Any, sweeps: int) -> Any:
    """The factor of the matrix with a diagonal of ones and these entries below it; None where it does not exist."""
    pattern = off.copy()
    pattern.data = np.ones_like(pattern.data)
    n = off.shape[0]
    lower, diagonal = off, np.ones(n)
    for _ in range(sweeps):
        rest = (off - lower @ lower.T).multiply(pattern).tocsr()
        square = 1 - np.asarray(lower.multiply(lower).sum(1)).ravel()
        if not (square > 1e-6).all():
            return None
        diagonal = np.sqrt(square)
        lower = rest.multiply(1 / diagonal[None, :]).tocsr()
    square = 1 - np.asarray(lower.multiply(lower).sum(1)).ravel()
    if not (square > 1e-6).all():
        return None
    return (lower + _diagonal(np.sqrt(square))).tocsr()


def _diagonal(values: Any) -> Any:
    from scipy.sparse import diags_array

    return diags_array(values)
