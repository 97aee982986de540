"""Telling how solves went: to tapes that listen, and by exceptions."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from time import perf_counter
from typing import Any

from phiml_core.tensor.tensor import Tensor
from phiml_core.transform import status

from .errors import ConvergenceException, NotConverged
from .info import SolveInfo, failures

__all__ = ["SolveTape", "explaining", "record_solves", "report_solve", "timing"]

_start: ContextVar[float | None] = ContextVar("phiml_solve_start", default=None)
_reason: ContextVar[str] = ContextVar("phiml_solve_reason", default="")


@contextmanager
def timing() -> Iterator[None]:
    """Solves inside the block took the time since its beginning."""
    token = _start.set(perf_counter())
    try:
        yield
    finally:
        _start.reset(token)


@contextmanager
def explaining(reason: str) -> Iterator[None]:
    """Solves inside the block were chosen for a reason, which their `SolveInfo` tells."""
    token = _reason.set(reason)
    try:
        yield
    finally:
        _reason.reset(token)


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
    return (info.failure or NotConverged)(values.get("x"), info)


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
    info = replace(info, time=time, reason=info.reason or _reason.get())
    if known and not status.is_watched() and info.converged.numpy(info.converged.shape).all():
        return info  # nobody to tell
    failed = failures(info, suppress)
    if failed is None:
        status.report("solve", False if info.available else info.converged & False, {"info": info})
    else:
        status.report("solve", failed, {"info": info, "x": x}, _failure)
    return info
