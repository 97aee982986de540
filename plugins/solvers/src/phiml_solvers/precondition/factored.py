"""Preconditioners made of the matrix of an operator: factored and applied on the host."""

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np

from ..assemble import has_matrix
from ..host import host_map, host_matrix
from .word import Preconditioner, UnknownPreconditioner

__all__ = ["from_matrix", "triangular"]


def from_matrix(name: Hashable, factor: Callable[[Any], Callable[[Any], Any]], operator: Any) -> Preconditioner:
    """r ↦ factor(matrix)(r) with the SciPy matrix of an operator.

    Args:
        name: of the preconditioner; with all that `factor` depends on.
        factor: from a sparse matrix to a function of an array (unknowns, examples).

    Raises:
        UnknownPreconditioner: the operator has no matrix.
    """
    if not has_matrix(operator):
        known = name[0] if isinstance(name, tuple) else name
        raise UnknownPreconditioner(
            f"{known!r} needs a sparse matrix, which this {type(operator).__name__} does not have.  Use 'none', a function of your own, or "
            "give the operator as one that can be assembled, such as a Stencil or a matrix."
        )

    def make(item: Any) -> Callable[[Any], Any]:
        apply = factor(host_matrix(item))
        return lambda rows: np.ascontiguousarray(apply(np.ascontiguousarray(rows.T)).T)

    return lambda r: host_map(("precondition", name), make, operator, r)


def triangular(matrix: Any) -> Any:
    """A sparse triangular matrix with what solves with it, without fill and without pivoting."""
    from scipy.sparse.linalg import splu

    return splu(matrix.tocsc(), permc_spec="NATURAL", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
