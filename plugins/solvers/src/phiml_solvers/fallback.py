"""What the default goes on with where the method it took does not get there."""

from typing import Any

from phiml_core.solve import (
    ConvergenceException,
    Incompatible,
    LinearProblem,
    NotFinite,
    PrecisionLimit,
    Solve,
)

from .assemble import has_matrix
from .direct import DENSE_LIMIT, Direct
from .krylov import GMRES, LSMR
from .system import unknown_dims
from .transform import Transform

__all__ = ["after"]

HOPELESS = (Incompatible, NotFinite, PrecisionLimit)
"""Outcomes that no other method would change."""
FACTORED_LATE = (150_000, 150_000, 40_000)
"""Number of unknowns up to which sparse factors are worth a wait of seconds, by number of dims: those of cubes fill up."""
RESTART = 100
"""Iterations that generalised minimal residuals look back where there is no matrix; the others look back 2 – 4."""


def after(problem: LinearProblem, failed: Any, settings: Solve, error: ConvergenceException) -> tuple[Any, str] | None:
    """The next more robust algorithm and why it is taken, as one clause; None if there is none, or if it would not help either.

    Args:
        problem: with an operator object.
        failed: the algorithm that raised `error`.
        settings: those of the solve.  Where a limit of iterations of the user's own was reached, nothing else is tried.
    """
    if isinstance(error, HOPELESS) or isinstance(failed, (Direct, GMRES, LSMR, Transform)) or _limited(settings, error):
        return None
    operator = problem.operator
    size = int(unknown_dims(operator, problem.rhs).volume)  # type: ignore[arg-type]
    dims = operator.domain if operator.domain is not None else unknown_dims(operator, problem.rhs)
    text = str(error.result.message).partition(".  ")[0]
    if has_matrix(operator):
        if size <= FACTORED_LATE[min(dims.rank, 3) - 1]:
            return Direct(), f"{text}: on with sparse factors"
    elif size <= DENSE_LIMIT:
        return Direct(), f"{text}: on with a dense matrix"
    return GMRES(RESTART, settings.preconditioner), f"{text}: on with minimal residuals"


def _limited(settings: Solve, error: ConvergenceException) -> bool:
    limit = settings.max_iterations
    if isinstance(limit, int) and limit == Solve.max_iterations:
        return False
    count = error.result.iterations
    return bool((count.numpy(count.shape) >= int(limit)).any())
