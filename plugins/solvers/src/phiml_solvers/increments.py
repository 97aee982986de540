"""Solutions as a sum that is never carried out: what a projection subtracts the gradient of, part by part.

The values of a pressure are about n times larger than what their differences are to cancel, so that rounding the values alone
leaves a divergence of about n times the precision.  Parts of different size keep the digits that their sum would lose.
"""

from typing import Any

from phiml_core.solve import LinearProblem, Solve, SolveInfo, solve

__all__ = ["solve_increments"]


def solve_increments(problem: LinearProblem, algorithm: Any = None) -> tuple[list[Any], SolveInfo]:
    """Solve `problem` for a list of parts whose sum is the solution.

    Args:
        problem: with a `BoxLaplace` or `MaskedLaplace`.
        algorithm: a `Solve`, or the name of a method; default `Solve()`.

    Returns:
        parts: pass each to `operator.gradient(part, dim)` and subtract the results one after the other; `part.values` or the
            part itself is a tensor of cell values.
        info: of the sum of all parts.
    """
    settings = Solve(algorithm) if isinstance(algorithm, str) else algorithm or Solve()
    x, info = solve(problem, settings)
    return [x], info
