"""What a solve tells about itself, and the tape that collects it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from phiml_core.tensor.tensor import Tensor
from phiml_core.transform import status

from .errors import ConvergenceException, Diverged, NotConverged

__all__ = ["SolveInfo", "SolveTape", "record_solves", "report_solve"]


def _numpy(value: Tensor) -> Any:
    return value.numpy(value.shape)


@dataclass(frozen=True, eq=False)
class SolveInfo:
    """The outcome of a solve.  All numbers are tensors with the batch dims of the system: one value per example.

    Attributes:
        method: the algorithm that ran, e.g. 'transform' or 'CG, spectral preconditioner'.
        iterations: applications of the operator that advanced the solution; for direct methods the number of passes.
        residual: norm of the true residual y - A x, in units of y.
        tolerance: what the residual had to reach, in units of y.
        converged: whether it did.
        diverged: whether the residual grew beyond bounds or is not a number.
    """

    method: str
    iterations: Any
    residual: Any
    tolerance: Any
    converged: Any
    diverged: Any

    __value_attrs__ = ("iterations", "residual", "tolerance", "converged", "diverged")

    @property
    def message(self) -> str:
        """One sentence on how it went, with a remedy if it failed.  Needs known values."""
        if not self.converged.available:
            return f"{self.method}: being compiled, the outcome is not known yet."
        worst, count = _numpy(self.residual).max(), int(_numpy(self.iterations).max())
        tolerance = _numpy(self.tolerance).min()
        outcome = (
            "converged" if _numpy(self.converged).all() else "diverged" if _numpy(self.diverged).any() else "stopped"
        )
        text = f"{self.method} {outcome} after {count} iterations with residual {worst:.3g}, tolerance {tolerance:.3g}."
        if outcome == "converged":
            return text
        if outcome == "diverged":
            return text + "  Check that the right-hand side is finite and the operator symmetric definite."
        return text + "  Allow more iterations, a larger tolerance, or compute in higher precision: precision(64)."

    @property
    def msg(self) -> str:
        """The same as `message`."""
        return self.message


class SolveTape:
    """Records the outcome of each solve made inside its `with` block, in order, by eager as by compiled code.

    >>> with SolveTape() as tape:
    ...     pass
    >>> len(tape)
    0
    """

    def __init__(self) -> None:
        self.infos: list[SolveInfo] = []
        self._listening: Any = None

    def __enter__(self) -> "SolveTape":
        self._listening = status.listen(self._hear)
        self._listening.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._listening.__exit__(*error)

    def _hear(self, report: status.Report) -> None:
        if report.name == "solve":
            self.infos.append(report.values["info"])

    def __len__(self) -> int:
        return len(self.infos)

    def __iter__(self) -> Iterator[SolveInfo]:
        return iter(self.infos)

    def __getitem__(self, i: Any) -> Any:
        return self.infos[i]


def record_solves() -> SolveTape:
    """A tape: `with record_solves() as tape: …`, then `tape[0].iterations`."""
    return SolveTape()


def _failure(values: Any) -> ConvergenceException:
    info = values["info"]
    kind = Diverged if _numpy(info.diverged).any() else NotConverged
    return kind(values.get("x"), info)


def report_solve(x: Tensor, info: SolveInfo, suppress: tuple[type, ...] = ()) -> None:
    """Tell tapes about a solve and raise if it failed: at once where values are known, else after the compiled call.

    Raises:
        NotConverged, Diverged: unless among the exception classes in `suppress`.
    """
    quiet = [any(issubclass(kind, s) for s in suppress) for kind in (NotConverged, Diverged)]
    if all(quiet):
        status.report("solve", False if info.converged.available else info.converged & False, {"info": info})
        return
    failed = info.diverged if quiet[0] else ~info.converged & ~info.diverged if quiet[1] else ~info.converged
    status.report("solve", failed, {"info": info, "x": x}, _failure)
