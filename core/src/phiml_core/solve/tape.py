"""Telling how solves went: to tapes that listen, and by exceptions."""

from collections.abc import Iterator
from contextvars import ContextVar
from time import perf_counter
from typing import Any

from phiml_core.tensor.tensor import Tensor
from phiml_core.transform import status

from .errors import ConvergenceException, NotConverged
from .info import SolveInfo, failures
from .rounded import warn_rounded

__all__ = ["SolveTape", "explaining", "is_recording", "record_solves", "report_solve", "timing"]

_start: ContextVar[float | None] = ContextVar("phiml_solve_start", default=None)
_record: ContextVar[bool] = ContextVar("phiml_solve_record", default=False)
_reason: ContextVar[str] = ContextVar("phiml_solve_reason", default="")


class _Set:
    """A block inside which a variable has a value."""

    __slots__ = ("token", "value", "variable")

    def __init__(self, variable: ContextVar[Any], value: Any):
        self.variable, self.value = variable, value

    def __enter__(self) -> None:
        self.token = self.variable.set(self.value)

    def __exit__(self, *error: Any) -> None:
        self.variable.reset(self.token)


def timing() -> _Set:
    """Solves inside the `with` block took the time since its beginning."""
    return _Set(_start, perf_counter())


def explaining(reason: str) -> _Set:
    """Solves inside the `with` block were chosen for a reason, which their `SolveInfo` tells."""
    return _Set(_reason, reason)


class SolveTape:
    """Records the outcome of each solve made inside its `with` block, in order, by eager as by compiled code.

    >>> with SolveTape() as tape:
    ...     pass
    >>> len(tape)
    0

    Args:
        record_trajectories: whether the residual of each iteration is kept as well, as by `Solve(record=True)`; in functions that are
            traced inside the block.
    """

    def __init__(self, record_trajectories: bool = False) -> None:
        self.infos: list[SolveInfo] = []
        self._recording = _Set(_record, record_trajectories or _record.get())
        self._listening: Any = None

    def __enter__(self) -> "SolveTape":
        self._listening = status.listen(self._hear)
        self._listening.__enter__()
        self._recording.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._recording.__exit__(*error)
        self._listening.__exit__(*error)

    def _hear(self, report: status.Report) -> None:
        if report.name == "solve":
            self.infos.append(report.values["info"].with_(x=report.values.get("x")))

    def __len__(self) -> int:
        return len(self.infos)

    def __iter__(self) -> Iterator[SolveInfo]:
        return iter(self.infos)

    def __getitem__(self, i: Any) -> Any:
        return self.infos[i]


def is_recording() -> bool:
    """Whether a tape asks for the residual of each iteration."""
    return _record.get()


def record_solves() -> SolveTape:
    """A tape: `with record_solves() as tape: …`, then `tape[0].iterations`."""
    return SolveTape()


def _failure(values: Any) -> ConvergenceException | None:
    info = values["info"]
    if info.is_rounded:
        warn_rounded(info)
        return None
    return (info.failure or NotConverged)(values.get("x"), info)


def _all(converged: Tensor) -> bool:
    return bool(converged.numpy(converged.shape).all()) if converged.rank else bool(converged)


def report_solve(x: Tensor, info: SolveInfo, suppress: tuple[type, ...] = ()) -> SolveInfo:
    """Tell tapes about a solve and raise if it failed: at once where values are known, else after the compiled call.

    Args:
        x: the solution, which an exception holds.
        info: how the solve went.
        suppress: classes of exceptions that are not raised.

    Returns:
        info, with the time and the reason filled in where they are known.

    Raises:
        NotConverged, Diverged, or a subclass that says what is wrong with the system; unless among `suppress`.
    """
    start, known = _start.get(), info.available
    time = perf_counter() - start if start is not None and known else info.time
    info = info.with_(time=time, reason=info.reason or _reason.get())
    if known and not status.is_watched() and _all(info.converged):
        return info  # nobody to tell
    failed = failures(info, suppress)
    if failed is None:
        values = {"info": info, "x": x} if known else {"info": info}  # compiled code need not return it once more
        status.report("solve", False if known else info.converged & False, values)
    else:
        status.report("solve", failed, {"info": info, "x": x}, _failure)
    return info
