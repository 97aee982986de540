"""Solutions as a sum that is never carried out: what a projection subtracts the gradient of, part by part.

The values of a pressure are about n times larger than what their differences are to cancel, so that rounding the values alone
leaves a divergence of about n times the precision.  Parts of different size keep the digits that their sum would lose.
"""

from typing import Any

from phiml_core.dispatch import generic
from phiml_core.solve import LinearProblem, Solve, SolveInfo, algorithm_named, solve

__all__ = ["solve_increments", "split_solve"]


def solve_increments(problem: LinearProblem, settings: Solve | str | None = None) -> tuple[list[Any], SolveInfo]:
    """Solve `problem` for parts whose sum is the solution.

    Args:
        problem: with the operator of a grid, e.g. of `poisson(...)`.
        settings: a `Solve`, or the name of a method.

    Returns:
        parts: `operator.gradient(part, dim)` takes each; subtract the results one after the other and never add up the parts.
            `part_values(part)` is a part as a tensor of cell values.
        info: of the whole solution; its residual is that of the parts, not of their rounded sum.

    Raises:
        NotConverged, Diverged: the tolerance was missed.
    """
    settings = Solve(settings) if isinstance(settings, str) else settings or Solve()
    return split_solve(problem, algorithm_named(settings.method), settings)


@generic(on="algorithm")
def split_solve(problem: LinearProblem, algorithm: Any, settings: Solve) -> tuple[list[Any], SolveInfo]:
    """`solve` for parts whose sum is the solution; an algorithm that has no more digits to give returns one part."""
    x, info = solve(problem, algorithm, settings)
    return [x], info
