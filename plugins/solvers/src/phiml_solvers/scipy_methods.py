"""SciPy's iterative methods on the assembled matrix, on the host: to compare with."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from phiml_core.math import is_finite, to_int32, where
from phiml_core.solve import LinearProblem, Solve, SolveInfo, report_solve, solve
from phiml_core.tensor.tensor import Tensor
from phiml_core.transform import custom_gradient

from .assemble import has_matrix
from .criterion import default_rel_tol, has_diverged, norm, system_dims, target, zeros_of
from .diagnosis import NOT_FINITE, diagnosis, is_orthogonal
from .direct import NoMatrix, check_square, dense_matrix
from .factors import columns_solved
from .host import host_map, host_matrix
from .implicit import implicit, may_round
from .krylov.lsmr import least_squares_adjoint
from .opaque import OpaqueOperator
from .operator.linear import FunctionOperator, LinearOperator
from .operator.shift import stored
from .precondition.word import UnknownPreconditioner
from .probe import allowing_for_rounding
from .system import prepare

__all__ = ["SCIPY", "SciPy"]

SCIPY = {
    "CG": "cg",
    "GMres": "gmres",
    "biCG-stab": "bicgstab",
    "biCG": "bicg",
    "CGS": "cgs",
    "QMR": "qmr",
    "GCrotMK": "gcrotmk",
    "minres": "minres",
    "lsmr": "lsmr",
    "lsqr": "lsqr",
}
"""Names after 'scipy-', and what SciPy calls the methods."""


@dataclass(frozen=True)
class SciPy:
    """A method of `scipy.sparse.linalg` with the assembled matrix, in double precision, one right-hand side after the other.

    Compiled code calls back to the host.  Preconditioners are not passed on, except 'ilu' of SciPy ('spilu').

    Attributes:
        method: name of the function.
    """

    method: str


def _rows(method: str, ilu: bool, operator: Any) -> Callable[..., np.ndarray]:
    """What solves rows of right-hand sides to absolute tolerances; the last column of the result is the number of iterations."""
    from scipy.sparse import csc_array, csr_array

    matrix = csr_array(host_matrix(operator))
    options = _preconditioned(csc_array(matrix)) if ilu else {}

    def solve_all(rows: np.ndarray, tolerance: np.ndarray, limit: np.ndarray) -> np.ndarray:
        return np.stack(
            [
                _one(method, matrix, row, tol, int(n), options)
                for row, tol, n in zip(rows, tolerance, limit, strict=True)
            ]
        )

    return solve_all


def _preconditioned(matrix: Any) -> dict[str, Any]:
    """The incomplete factors of SciPy as an argument of its methods; nothing where the matrix has none."""
    from scipy.sparse.linalg import LinearOperator as Linear
    from scipy.sparse.linalg import spilu

    try:
        factors = spilu(matrix)
    except RuntimeError:  # a zero pivot: what the method makes of such a matrix without help is judged by its residual
        return {}

    def solve(r: np.ndarray) -> np.ndarray:
        return columns_solved(factors.solve, r.reshape(1, -1)).ravel()

    return {"M": Linear(matrix.shape, solve, dtype=matrix.dtype)}  # pyright: ignore[reportCallIssue]


def _one(method: str, matrix: Any, y: np.ndarray, tolerance: float, limit: int, options: dict[str, Any]) -> np.ndarray:
    """One system, scaled, and started again while its true residual is above the tolerance and falls."""
    size = np.abs(y).max(initial=0.0)
    if not np.isfinite(size) or size == 0:
        return np.full(matrix.shape[1], y.sum())
    rest, x = y / size, np.zeros(matrix.shape[1], y.dtype)
    goal = tolerance / size
    left = np.linalg.norm(rest)
    while left > goal:
        new = x + _call(method, matrix, rest, max(float(goal / left), 1e-14), limit, options)
        after = y / size - matrix @ new
        if not np.linalg.norm(after) < 0.5 * left:
            return size * (new if np.linalg.norm(after) < left else x)
        x, rest, left = new, after, np.linalg.norm(after)
    return size * x


def _call(method: str, matrix: Any, y: np.ndarray, relative: float, limit: int, options: dict[str, Any]) -> np.ndarray:
    from scipy.sparse import linalg

    function = getattr(linalg, method)
    if method in _LIMIT:  # whose norm of the matrix is that of Frobenius
        relative /= matrix.shape[1] ** 0.5
        return function(matrix, y, atol=relative, btol=relative, conlim=0, **{_LIMIT[method]: limit})[0]
    if method == "minres":
        return function(matrix, y, rtol=relative, maxiter=limit, **options)[0]
    if method == "gmres":
        return function(matrix, y, rtol=relative, atol=0.0, restart=30, maxiter=-(-limit // 30), **options)[0]
    return function(matrix, y, rtol=relative, atol=0.0, maxiter=limit, **options)[0]


_LIMIT = {"lsmr": "maxiter", "lsqr": "iter_lim"}


def _run(method: str, operator: LinearOperator, y: Tensor, settings: Solve) -> tuple[Tensor, SolveInfo]:
    codomain = operator.range
    names = codomain.names if codomain is not None else operator.dims or y.shape.non_batch.names
    y = stored(y, names)
    dims = codomain if codomain is not None else system_dims(operator, y)
    start, tolerance = norm(y, dims, "2"), target(settings, y, dims)
    none = zeros_of(start + tolerance)
    matrix = operator if has_matrix(operator) else dense_matrix(operator, y)
    first = 0.0 if settings.x0 is None else settings.x0
    rest = y if settings.x0 is None else y - operator(first + zeros_of(y))
    limit = none + settings.max_iterations
    ilu = settings.preconditioner == "ilu"
    make = partial(_rows, method, ilu)
    x = first + host_map(("scipy", method, ilu), make, matrix, rest, (0.5 * tolerance + none, limit))
    left = y - operator(x)
    residual = norm(left, dims, settings.norm)
    if may_round(settings) and operator.domain == operator.range:
        tolerance = allowing_for_rounding(tolerance, residual, operator, x, y, dims, settings.norm)
    converged = (residual <= tolerance) & is_finite(residual)
    flaw = where(is_finite(start), none, float(NOT_FINITE))
    if method in ("lsmr", "lsqr"):
        optimal = default_rel_tol() if settings.rel_tol is None else settings.rel_tol
        converged = converged | (is_orthogonal(operator, left, y, dims, optimal) & is_finite(residual))
        number = to_int32(flaw)
    else:
        number = to_int32(diagnosis(operator, y, x, left, tolerance, converged, dims, settings.norm, flaw))
    info = SolveInfo(
        f"scipy.sparse.linalg.{method}", to_int32(where(start == 0, 0.0, none + 1)), residual, tolerance, converged, has_diverged(residual, start), number
    )  # fmt: skip
    return x, report_solve(x, info, settings.suppress)


@solve.dispatch
def _(problem: LinearProblem, algorithm: SciPy, settings=None):
    operator, y, settings = prepare(problem, settings)
    if isinstance(operator, FunctionOperator):
        operator = OpaqueOperator.of(operator.function)
    preconditioner = settings.preconditioner
    if preconditioner not in (None, "none", "ilu"):
        raise NoMatrix(
            f"SciPy's methods take the preconditioners 'none' and 'ilu' here, not {preconditioner!r}.  Use '{algorithm.method}'."
        )
    run = partial(_run, algorithm.method)
    if algorithm.method in _LIMIT:
        if preconditioner == "ilu":
            raise UnknownPreconditioner(
                f"'scipy-{algorithm.method}' takes no preconditioner: it works with the matrix and its transpose.  Leave it out."
            )
        return custom_gradient(run, least_squares_adjoint)(operator, y, settings)
    check_square(operator, f"'scipy-{algorithm.method}'")
    return implicit(run)(operator, y, settings)
