"""How Krylov methods are run: repeated corrections, each judged by the true residual.

A method is a function that, given a residual, returns a correction of the solution.  Here the residual of the corrected solution is
computed anew, and the method is started again where its recursion was too optimistic, so that a tolerance is kept in rounded numbers;
examples of a batch stop on their own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from phiml_core.math import is_finite, max_, maximum, to_int32, where, wrap
from phiml_core.shape import Shape, ShapeError, spatial
from phiml_core.solve import LinearProblem, Solve, SolveInfo, report_solve
from phiml_core.tensor.tensor import Tensor
from phiml_core.transform import while_loop

from .borrowed import borrowed
from .criterion import (
    anywhere,
    curvature,
    has_diverged,
    inner,
    norm,
    size_of,
    system_dims,
    target,
    zeros_of,
)
from .diagnosis import NOT_FINITE, NOT_SYMMETRIC, diagnosis
from .implicit import has_complex, implicit, may_project, may_round
from .opaque import OpaqueOperator, closed
from .operator.linear import FunctionOperator, LinearOperator
from .operator.shift import stored
from .precondition.word import real_preconditioner
from .probe import allowing_for_rounding, is_asymmetric
from .system import prepare

__all__ = ["Correction", "Method", "System", "blank_history", "noted", "scaled_settings", "solve_by"]


@dataclass
class System:
    """A system as a method sees it.

    Attributes:
        operator, precondition: functions of tensors like the residual.
        dims: the dims of one system.
        tolerance: what the norm of the residual has to reach, per example.
        settings: those of the solve.
    """

    operator: Callable[[Any], Any]
    precondition: Callable[[Any], Any]
    dims: Shape
    tolerance: Tensor
    settings: Solve

    def norm(self, r: Tensor) -> Tensor:
        """The norm that the tolerance is given in."""
        return norm(r, self.dims, self.settings.norm)

    def length(self, r: Tensor) -> Tensor:
        """The 2-norm."""
        return norm(r, self.dims, "2")

    def dot(self, a: Tensor, b: Tensor) -> Tensor:
        """⟨a, b⟩ for each example."""
        return inner(a, b, self.dims)

    def curvature(self, a: Tensor, b: Tensor) -> Tensor:
        """The real part of ⟨a, b⟩ for each example."""
        return curvature(a, b, self.dims)

    def going(self, residual: Tensor, count: Tensor, flaw: Tensor) -> Tensor:
        """Which examples are to be iterated on."""
        return (residual > self.tolerance) & (count < self.settings.max_iterations) & (flaw == 0)

    def note(self, history: Any, count: Tensor, residual: Tensor, active: Tensor) -> Any:
        """See `noted`."""
        return noted(history, count, residual, active)


@dataclass
class Correction:
    """What a method returns: a correction of the solution, and how it went.

    Attributes:
        step: to be added to the solution.
        count: iterations made so far, per example.
        flaw: what is wrong with the system, 0 for nothing.
        history: see `System.note`.
    """

    step: Tensor
    count: Tensor
    flaw: Tensor
    history: Any


@dataclass(frozen=True)
class Method:
    """A Krylov method: its name for people, and `correct(system, r, count, flaw, history, attempt) -> Correction`, which starts at zero.

    Attributes:
        symmetric: whether it needs a symmetric operator.
        progress: the factor by which each correction has to lessen the residual for another one to be tried.
        preconditioner: the one it was made with; that of the settings goes first.
    """

    name: str
    correct: Callable[..., Correction]
    symmetric: bool = False
    progress: float = 0.5
    preconditioner: Any = None

    def __call__(self, operator: LinearOperator, y: Tensor, settings: Solve) -> tuple[Tensor, SolveInfo]:
        x, info = borrowed(partial(_run, self))(operator, y, settings)
        return x, report_solve(x, info, settings.suppress)

    @property
    def __name__(self) -> str:
        return self.name


def solve_by(method: Method, problem: LinearProblem, settings: Solve | None) -> tuple[Tensor, SolveInfo]:
    """The solution of a problem by a method, with the derivative of the exact solution."""
    operator, y, settings = prepare(problem, settings)
    if operator.domain != operator.range:
        raise ShapeError(
            f"{method.name} looks for x among tensors like the right-hand side, but this {type(operator).__name__} maps {operator.domain} "
            f"to {operator.range}.  Use 'lsmr', or 'direct' if there are as many equations as unknowns, or give both sides the same dims, "
            "e.g. by math.rename_dims."
        )
    if isinstance(operator, (OpaqueOperator, FunctionOperator)):
        if not isinstance(operator, OpaqueOperator):
            operator = OpaqueOperator.of(operator.function)
        operator = operator.with_symmetry(method.symmetric)
    name = settings.preconditioner if settings.preconditioner is not None else method.preconditioner
    return implicit(method)(operator, y, settings.with_(preconditioner=closed(name)))


def _run(method: Method, operator: LinearOperator, y: Tensor, settings: Solve) -> tuple[Tensor, SolveInfo]:
    given = stored(y, _names(operator, y))
    y = _range(operator, given)
    dims = system_dims(operator, y)
    size = size_of(given, dims)
    given, y, scaled = given / size, y / size, scaled_settings(settings, size)
    precondition, name = real_preconditioner(settings.preconditioner, operator, y)
    tolerance = target(scaled, given, dims)
    system = System(operator, precondition, dims, tolerance, scaled)
    zero = zeros_of(y)
    none = zeros_of(tolerance + max_(zero, dims))
    flaw = where(is_finite(norm(given, dims, "2")), 0.0, float(NOT_FINITE)) + none
    if method.symmetric and not _promises_symmetry(operator):
        flaw = maximum(flaw, where(is_asymmetric(operator, zero, dims), float(NOT_SYMMETRIC), 0.0))
    start = system.norm(y) + none
    x, r = _first(operator, y, zero, scaled.x0)
    residual = start if scaled.x0 is None else system.norm(r) + none
    history = blank_history(settings, none)
    history = system.note(history, none, residual, none == 0)
    state = (x, r, residual, none, flaw, none, none, history)

    def going(x: Any, r: Any, residual: Any, count: Any, flaw: Any, attempt: Any, stuck: Any, history: Any) -> Tensor:
        return system.going(residual, count, flaw) & (stuck == 0) & ~has_diverged(residual, start)

    def improve(x: Any, r: Any, residual: Any, count: Any, flaw: Any, attempt: Any, stuck: Any, history: Any) -> Any:
        active = going(x, r, residual, count, flaw, attempt, stuck, history)
        found = method.correct(system, r, count, where(active, flaw, 1.0 + flaw), history, attempt)
        new = x + found.step
        rest = y - operator(new)
        left = system.norm(rest)
        better = active & (left < residual)
        fruitless = active & ~(left < method.progress * residual)
        # a second chance, from which a method may start another way
        stuck = where(fruitless & (attempt > 0), 1.0, stuck)
        attempt = where(fruitless, attempt + 1.0, attempt)
        flaw = where(active, found.flaw, flaw)
        x, r, residual = where(better, new, x), where(better, rest, r), where(better, left, residual)
        return x, r, residual, found.count, flaw, attempt, stuck, found.history

    x, r, residual, count, flaw, _, _, history = while_loop(lambda *s: anywhere(going(*s)), improve, state)
    rest = r if may_project(settings) else given - y + r
    true = system.norm(rest) if operator.singular else residual
    if may_round(settings):
        tolerance = allowing_for_rounding(tolerance, true, operator, x, given, dims, scaled.norm)
    converged = (true <= tolerance) & is_finite(true)
    flaw = diagnosis(operator, given, x, rest, tolerance, converged, dims, scaled.norm, flaw)
    info = SolveInfo(
        f"{method.name}, preconditioner {name}",
        to_int32(count),
        true * size,
        tolerance * size,
        converged,
        has_diverged(residual, start),
        to_int32(flaw),
        None if history is None else history * size,
    )
    return x * size, info


def _first(operator: LinearOperator, y: Tensor, zero: Tensor, x0: Any) -> tuple[Tensor, Tensor]:
    """The first guess and its residual."""
    if x0 is None:
        return zero, y
    x = operator.without_null_space(x0 + zero)
    return x, y - operator(x)


def _names(operator: LinearOperator, y: Tensor) -> tuple[str, ...]:
    return operator.dims or y.shape.non_batch.names


def _range(operator: LinearOperator, y: Tensor) -> Tensor:
    """The part of y that the operator can produce as far as the structure tells."""
    if not operator.singular:
        return y
    return operator.without_null_space(y) if operator.symmetric else operator.adjoint().without_null_space(y)


def scaled_settings(settings: Solve, size: Tensor) -> Solve:
    """The settings for a right-hand side divided by its size, so that squares neither overflow nor vanish."""
    x0 = None if settings.x0 is None else settings.x0 / size
    abs_tol = None if settings.abs_tol is None else settings.abs_tol / size
    return settings.with_(x0=x0, abs_tol=abs_tol)


def _promises_symmetry(operator: LinearOperator) -> bool:
    return operator.symmetric and not isinstance(operator, OpaqueOperator) and not has_complex(operator)


def noted(history: Any, count: Tensor, residual: Tensor, active: Tensor) -> Any:
    """A history with the residual of the examples that were iterated on, at the place of their count; None stays None."""
    if history is None:
        return None
    index = wrap(list(range(history.shape.get_size("iteration"))), spatial("iteration"))
    return where((index == count) & active, residual, history)


def blank_history(settings: Solve, none: Tensor) -> Any:
    """A history without entries; its length is the limit of iterations if that is known."""
    if not settings.record:
        return None
    limit = settings.max_iterations
    if isinstance(limit, Tensor):
        limit = int(limit) if limit.available and not limit.rank else 1000
    return none + wrap([float("nan")] * (int(limit) + 1), spatial("iteration"))
