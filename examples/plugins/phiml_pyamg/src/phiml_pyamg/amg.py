"""One V-cycle of algebraic multigrid."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pyamg
from phiml_solvers.precondition import from_matrix, preconditioner

__all__ = ["PyAMG"]

MAKERS = {"classical": pyamg.ruge_stuben_solver, "aggregation": pyamg.smoothed_aggregation_solver}


@dataclass(frozen=True)
class PyAMG:
    """One symmetric V-cycle of PyAMG as an approximate inverse, for any operator with a sparse matrix.

    Attributes:
        coarsening: 'classical' (Ruge & Stüben 1987) or 'aggregation' (smoothed aggregation, Vaněk et al. 1996).
        max_coarse: number of unknowns that are solved for directly.
    """

    coarsening: str = "classical"
    max_coarse: int = 100

    def __post_init__(self) -> None:
        if self.coarsening not in MAKERS:
            raise ValueError(f"PyAMG coarsens by {' or '.join(map(repr, MAKERS))}, not by {self.coarsening!r}.")


@preconditioner.dispatch
def _(how: PyAMG, operator, like):
    return from_matrix(("pyamg", how), partial(_cycle, how), operator), "pyamg"


def _cycle(how: PyAMG, matrix: Any) -> Callable[[np.ndarray], np.ndarray]:
    """z ≈ A⁻¹ r for columns r.  PyAMG expects a positive diagonal, so that -A is taken where it is negative."""
    sign = -1.0 if matrix.diagonal().sum() < 0 else 1.0
    hierarchy = MAKERS[how.coarsening]((sign * matrix).tocsr(), max_coarse=how.max_coarse)
    apply = hierarchy.aspreconditioner(cycle="V")
    return lambda columns: np.stack([apply.matvec(sign * r) for r in columns.T], 1)
