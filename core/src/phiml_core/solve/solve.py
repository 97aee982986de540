"""The word `solve`, and the doors to it."""

from dataclasses import replace
from typing import Any

from phiml_core.dispatch import generic
from phiml_core.tensor.tensor import Tensor
from phiml_core.transform.custom_gradient import stop_gradient
from phiml_core.tree.tree import is_tree

from .algorithms import algorithm_named
from .info import SolveInfo
from .natively import are_native, native_problem, native_solution
from .problem import LinearFunction, LinearProblem, LinearTreeProblem
from .settings import Solve
from .tape import is_recording, timing

__all__ = ["solve", "solve_linear", "solve_tree"]


@generic
def solve(problem: Any, algorithm: Any, settings: Solve | None = None) -> tuple[Any, SolveInfo]:  # type: ignore[return]  # pyright: ignore[reportReturnType]
    """Solve `problem` by `algorithm`.

    Args:
        problem: e.g. a `LinearProblem`.
        algorithm: an algorithm object such as `CG()`, or its name, or a `Solve` that holds name and settings.
        settings: tolerances and limits; by default `Solve()`.

    Returns:
        x: the solution, with the dims of the right-hand side.
        info: iterations, true residual and whether it converged, per example.

    Raises:
        NotConverged, Diverged: the tolerance was missed.  From compiled code they are raised after the call.

    The derivative of x is that of the solution of the system (implicit adjoint), never of the iterations.
    """


@solve.dispatch
def _(problem: LinearProblem, algorithm: Solve, settings=None):
    if algorithm.preprocess_y is not None:
        problem = replace(problem, rhs=algorithm.preprocess_y(problem.rhs, *algorithm.preprocess_y_args))
        algorithm = algorithm.with_(preprocess_y=None, preprocess_y_args=())
    if is_recording():
        algorithm = algorithm.with_(record=True)
    with timing():
        return solve(problem, algorithm_named(algorithm.method), algorithm)


@solve.dispatch
def _(problem: LinearProblem, algorithm: str, settings=None):
    return solve(problem, (settings or Solve()).with_(method=algorithm))


@generic(on="problem")
def solve_tree(problem: Any, algorithm: Any, settings: Solve) -> tuple[Any, list[SolveInfo]]:  # type: ignore[return]  # pyright: ignore[reportReturnType]
    """Solve for a tree: the solution, and the outcome of each system that it took."""


@solve.dispatch
def _(problem: LinearTreeProblem, algorithm: Solve, settings=None):
    if is_recording():
        algorithm = algorithm.with_(record=True)
    return solve_tree(problem, algorithm_named(algorithm.method), algorithm)


_solve = solve


def solve_linear(
    f: Any,
    y: Any,
    solve: Any = None,
    *f_args: Any,
    grad_for_f: bool = True,
    f_kwargs: dict[str, Any] | None = None,
    **f_kwargs_: Any,
) -> Any:
    """x with f(x, *f_args, **f_kwargs) = y.

    Args:
        f: linear operator object, a matrix (tensor with dual dims), or a linear function of a tensor.  An affine function
            f(x) = A x + b is solved, too.
        y: right-hand side: a tensor, or a tree of tensors such as a grid.  Where `f` and `y` are native arrays, of sizes (…, n, n) and
            (…, n), the solution is one, too.
        solve: method, tolerances, first guess; see `Solve`.  The name of a method or an algorithm object is taken with defaults.
        f_args: further arguments of `f`.
        grad_for_f: whether derivatives reach `f_args` and `f_kwargs`; they do by default.
        f_kwargs: arguments of `f` by name, also those whose names are parameters of this function; others may be given as they are.

    Returns:
        The solution; see `SolveTape` for how the solve went.

    Raises:
        NotConverged, Diverged: the tolerance was missed.
    """
    settings = solve if isinstance(solve, Solve) else Solve() if solve is None else Solve(solve)
    if isinstance(settings.method, (int, float)):
        raise TypeError(
            f"solve_linear takes a Solve, an algorithm or its name, not {settings.method}.  A tolerance is given as Solve(rel_tol=…)."
        )
    if isinstance(settings.method, type):
        raise TypeError(f"solve_linear takes an algorithm object: {settings.method.__name__}(), not its class.")
    if are_native(f, y):
        problem, settings = native_problem(f, y, settings)
        return native_solution(_solve(problem, settings)[0])
    named = {**(f_kwargs or {}), **f_kwargs_}
    if not grad_for_f:
        f_args, named = stop_gradient((f_args, named))
    operator = LinearFunction(f, f_args, named) if f_args or named else f
    if any(not isinstance(v, Tensor) and is_tree(v) for v in (y, settings.x0)) or (
        isinstance(y, Tensor) and not y.shape.is_uniform
    ):
        if settings.preprocess_y is not None:
            y = settings.preprocess_y(y, *settings.preprocess_y_args)
            settings = settings.with_(preprocess_y=None, preprocess_y_args=())
        return _solve(LinearTreeProblem(operator, y, settings.x0), settings.with_(x0=None))[0]
    return _solve(LinearProblem(operator, y, settings.x0), settings)[0]
