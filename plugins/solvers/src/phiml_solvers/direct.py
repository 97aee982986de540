"""Direct solves: sparse LU factors on the host, dense ones in the library of the arrays."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from phiml_core.backend.precision import current
from phiml_core.math import is_finite, to_int32, unpack_dim, where, wrap
from phiml_core.shape import ShapeError, batch, concat_shapes, dual
from phiml_core.solve import LinearProblem, Solve, SolveInfo, report_solve, solve
from phiml_core.tensor.tensor import Tensor
from phiml_core.tree import tree_leaves

from .assemble import has_matrix
from .criterion import has_diverged, norm, system_dims, target
from .diagnosis import NOT_FINITE, PRECISION, SINGULAR, diagnosis, is_orthogonal
from .factors import Factors
from .host import host_map, host_matrix, sides
from .implicit import implicit, may_project, may_round
from .krylov.small import solve_small
from .opaque import OpaqueOperator
from .operator.constant import constant
from .operator.linear import FunctionOperator, LinearOperator, Transposed
from .operator.matrix import DenseMatrix
from .operator.shift import stored
from .probe import allowing_for_rounding
from .system import prepare

__all__ = ["Direct", "NoMatrix"]

DENSE_LIMIT = 4096
"""Number of unknowns up to which a function is turned into a dense matrix."""


class NoMatrix(TypeError):
    """A direct solve needs a matrix that cannot be had."""


@dataclass(frozen=True)
class Direct:
    """LU factorisation of the matrix of an operator.

    Sparse matrices are factored by SciPy (SuperLU) on the host in double precision, called back from compiled code; the factors are kept
    for the next right-hand sides.  Of singular systems it finds the solution of least norm, recognising them by their values unless
    `Solve.rank_deficiency` says it.  Functions without structure are applied to the identity; their matrix and other dense ones are
    factored in the library of the arrays where values are not known, and there they have to be regular.

    Attributes:
        sparse: take sparse factors on the host in any case ('scipy-direct').
    """

    sparse: bool = False


def check_square(operator: LinearOperator, method: str) -> None:
    """Raise unless there are as many equations as unknowns."""
    domain, codomain = operator.domain, operator.range
    if domain is not None and codomain is not None and domain.volume != codomain.volume:
        raise ShapeError(
            f"{method} needs as many equations as unknowns, but this {type(operator).__name__} maps {domain} to {codomain}.  Use 'lsmr', for "
            "the solution of least squares and least norm."
        )


def dense_matrix(operator: LinearOperator, y: Tensor) -> DenseMatrix:
    """The matrix of an operator without one, by applying it to the identity."""
    _, unknowns = sides(operator, y)
    n = int(unknowns.volume)  # type: ignore[arg-type]
    if n > DENSE_LIMIT:
        raise NoMatrix(
            f"'direct' would need a dense matrix of {n} × {n} numbers for this {type(operator).__name__}, which has no sparse one; up to "
            f"{DENSE_LIMIT} are allowed.  Use 'GMres' or 'biCG-stab', or give the operator as a Stencil or a sparse matrix."
        )
    columns = batch(_column=n)
    identity = unpack_dim(constant(np.eye(n), concat_shapes(columns, batch(_unknown=n))), "_unknown", unknowns)
    there = dual(**{name: unknowns.get_size(name) for name in unknowns.names})
    return DenseMatrix(unpack_dim(operator(identity), "_column", there), operator.symmetric, rows=unknowns)


def _run(sparse: bool, operator: LinearOperator, y: Tensor, settings: Solve) -> tuple[Tensor, SolveInfo]:
    given = stored(y, operator.dims or y.shape.non_batch.names)
    y = operator.without_null_space(given) if operator.symmetric else given
    dims = system_dims(operator, y)
    x, name = _solution(sparse, operator, y, settings)
    start, tolerance = norm(given, dims, settings.norm), target(settings, given, dims)
    rest = given - operator(x)
    residual = norm(rest, dims, settings.norm)
    if may_project(settings):  # of a singular operator: what it cannot produce plays no part
        residual = where(is_orthogonal(operator, rest, given, dims), 0.0, residual)
    if may_round(settings):
        tolerance = allowing_for_rounding(tolerance, residual, operator, x, given, dims, settings.norm)
    converged = (residual <= tolerance) & is_finite(residual)
    finite = is_finite(norm(given, dims, "2"))
    broken = ~is_finite(norm(x, dims, "2"))
    flaw = where(finite, where(broken, float(SINGULAR), 0.0), float(NOT_FINITE))
    flaw = diagnosis(operator, given, x, rest, tolerance, converged, dims, settings.norm, flaw)
    if current().bits == 32:  # factors solve up to rounding, mostly in double precision
        flaw = where((flaw == 0) & ~converged & (residual < 1e-2 * start), float(PRECISION), flaw)
    info = SolveInfo(
        name,
        wrap(1),
        residual,
        tolerance,
        converged,
        (has_diverged(residual, start) & ~broken) | ~finite,
        to_int32(flaw),
    )
    return x, report_solve(x, info, settings.suppress)


def _solution(sparse: bool, operator: LinearOperator, y: Tensor, settings: Solve) -> tuple[Tensor, str]:
    deficiency = settings.rank_deficiency
    name = "direct, sparse LU"
    if isinstance(operator, Transposed) and not has_matrix(operator):
        operator = dense_matrix(operator.operator, y).adjoint()
    elif not has_matrix(operator):
        operator = dense_matrix(operator, y)
    if isinstance(operator, DenseMatrix):
        name = "direct, dense LU"
        known = all(t.available for t in (y, *tree_leaves(operator)))
        if not (sparse or deficiency or known):
            return _dense_lu(operator, y), name
    return host_map(("direct", deficiency), partial(_factored, deficiency), operator, y), name


def _factored(deficiency: int | None, operator: Any) -> Factors:
    return Factors(host_matrix(operator), deficiency)


def _dense_lu(operator: DenseMatrix, y: Tensor) -> Tensor:
    """By the LU factorisation of the library of the arrays."""
    from phiml_core.math import pack_dims

    rows, columns = operator.range, operator.matrix.shape.dual
    packed = pack_dims(pack_dims(operator.matrix, rows.names, batch("_row")), columns.names, batch("_unknown"))
    found = solve_small(packed, pack_dims(y, rows.names, batch("_row")), "_row", "_unknown")
    return unpack_dim(found, "_unknown", operator.domain)


@solve.dispatch
def _(problem: LinearProblem, algorithm: Direct, settings=None):
    operator, y, settings = prepare(problem, settings)
    check_square(operator, "'direct'")
    if isinstance(operator, FunctionOperator):
        operator = OpaqueOperator.of(operator.function)
    run = partial(_run, algorithm.sparse)
    return implicit(run)(operator, y, settings)
