"""What a solve tells about itself."""

from dataclasses import dataclass
from typing import Any

from phiml_core.ops.elementwise import where
from phiml_core.tensor.tensor import Tensor

from .errors import FLAWS, ROUNDED, ConvergenceException, Diverged, NotConverged, NotFinite, PrecisionLimit

__all__ = ["SolveInfo", "failures"]


def _numpy(value: Any) -> Any:
    return value.numpy(value.shape)


@dataclass(frozen=True, eq=False)
class SolveInfo:
    """The outcome of a solve.  All numbers are tensors with the batch dims of the system: one value per example.

    Attributes:
        method: the algorithm that ran, e.g. 'transform' or 'CG, preconditioner spectral'.
        iterations: applications of the operator that advanced the solution; for direct methods the number of passes.
        residual: norm of the true residual y - A x, in units of y.
        tolerance: what the residual had to reach, in units of y.
        converged: whether it did.
        diverged: whether the residual grew beyond bounds or is not a number.
        flaw: what is wrong with the system, by number as in `FLAWS`; 0 for nothing, None if the method does not look.
        history: norm of the residual before each iteration and after the last, along the spatial dim 'iteration', NaN beyond the last;
            in compiled code of the recursion of the method.  Only with `Solve(record=True)`.
        time: seconds that the solve took; None in compiled code, which has no clock.
        reason: why 'auto' took this method; empty if the user chose it.
        x: the solution or last iterate, on tapes and in exceptions; None in what `solve` returns beside it.
    """

    method: str
    iterations: Any
    residual: Any
    tolerance: Any
    converged: Any
    diverged: Any
    flaw: Any = None
    history: Any = None
    time: Any = None
    reason: str = ""
    x: Any = None

    __value_attrs__ = ("iterations", "residual", "tolerance", "converged", "diverged", "flaw", "history", "time", "x")

    def with_(self, **changes: Any) -> "SolveInfo":
        """The same outcome with some attributes changed, without going through the constructor."""
        copy = object.__new__(SolveInfo)
        copy.__dict__.update(self.__dict__, **changes)
        return copy

    @property
    def available(self) -> bool:
        """Whether the outcome is known, which is false while a function is being compiled."""
        return self.converged.available and self.diverged.available

    @property
    def failure(self) -> type[ConvergenceException] | None:
        """The class of the error that describes the outcome; None if all examples converged.  Needs known values."""
        if _numpy(self.converged).all():
            return None
        found = self._flaws()
        for number in (5, 4, 3, 2, 1):
            if number in found:
                return FLAWS[number]
        if found and 0 not in found:
            return PrecisionLimit
        if not _numpy(self.diverged).any():
            return NotConverged
        return Diverged if _is_finite(_numpy(self.tolerance)) else NotFinite

    def _flaws(self) -> set[int]:
        """The numbers of what is wrong with those examples that did not converge."""
        if self.flaw is None:
            return set()
        missed = where(self.converged, -1, self.flaw)
        return {n for n in _numpy(missed).ravel().tolist() if n >= 0}

    @property
    def is_rounded(self) -> bool:
        """Whether it is but a matter of rounding that examples missed their tolerance, which is worth a warning.  Needs known values."""
        return self._flaws() == {ROUNDED}

    @property
    def message(self) -> str:
        """One sentence on how it went, with a remedy if it failed.  Needs known values."""
        if not self.available:
            return f"{self.method}: being compiled, the outcome is not known yet."
        worst, tolerance = self._worst()
        count = int(_numpy(self.iterations).max())
        failure = self.failure
        outcome = "converged" if failure is None else "diverged" if issubclass(failure, Diverged) else "stopped"
        text = f"{self.method} {outcome} after {count} iterations with residual {worst:.3g}, tolerance {tolerance:.3g}."
        return text if failure is None else f"{text}  {failure.remedy}"

    def _worst(self) -> tuple[float, float]:
        """Residual and tolerance of the example that is farthest from its tolerance."""
        residual, tolerance = _numpy(self.residual).ravel(), _numpy(self.tolerance).ravel()
        if residual.size != tolerance.size:
            return float(residual.max()), float(tolerance.min())
        excess = [r / t if t else r for r, t in zip(residual.tolist(), tolerance.tolist(), strict=True)]
        i = max(range(len(excess)), key=lambda i: float("inf") if excess[i] != excess[i] else excess[i])
        return float(residual[i]), float(tolerance[i])

    @property
    def msg(self) -> str:
        """The same as `message`."""
        return self.message

    @property
    def solve_time(self) -> Any:
        """The same as `time`."""
        return self.time


def _is_finite(values: Any) -> bool:
    return bool((abs(values) < float("inf")).all())


def failures(info: SolveInfo, suppress: tuple[type, ...]) -> Tensor | None:
    """Which examples failed in a way that is to be raised; None if whatever fails is suppressed."""

    def is_quiet(kind: type[ConvergenceException]) -> bool:
        return any(issubclass(kind, s) for s in suppress)

    if is_quiet(ConvergenceException) or (is_quiet(NotConverged) and is_quiet(Diverged)):
        return None
    failed = ~info.converged
    if is_quiet(NotConverged):
        failed = failed & info.diverged
    if is_quiet(Diverged):
        failed = failed & ~info.diverged
    if info.flaw is not None:
        for number, kind in FLAWS.items():
            if is_quiet(kind):
                failed = failed & (info.flaw != number)
    return failed
