"""What a solve tells about itself, and the tape that collects it."""

import contextlib
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
    """The outcomes of the solves inside a `with record_solves() as tape:` block, in order; also those of compiled code."""

    def __init__(self) -> None:
        self.infos: list[SolveInfo] = []

    def __len__(self) -> int:
        return len(self.infos)

    def __iter__(self) -> Iterator[SolveInfo]:
        return iter(self.infos)

    def __getitem__(self, i: Any) -> Any:
        return self.infos[i]


@contextlib.contextmanager
def record_solves() -> Iterator[SolveTape]:
    """Record the outcome of each solve made inside the block, by eager as by compiled code.

    >>> with record_solves() as tape:
    ...     pass
    >>> len(tape)
    0
    """
    tape = SolveTape()

    def listener(report: status.Report) -> None:
        if report.name == "solve":
            tape.infos.append(report.values["info"])

    with status.listen(listener):
        yield tape


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
