"""The status channel: what compiled code found out but cannot raise.

Code reports a condition with `report`.  Eagerly a failure raises at once.  While a function is traced, the report becomes
hidden outputs of the traced function; the wrapper of the transform raises after the call.  Loops and branches carry reports
through: of several failures in a loop the first is kept.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from phiml_core.backend.backend import Backend
from phiml_core.tensor.tensor import Tensor
from phiml_core.tree.flatten import flatten
from phiml_core.tree.structure import Structure
from phiml_core.tree.tree import tree_leaves

from .boundary import leaving

__all__ = [
    "is_watched",
    "Collector",
    "Report",
    "Template",
    "collect",
    "deliver",
    "emit",
    "listen",
    "rebuild",
    "report",
    "take_apart",
]


@dataclass
class Report:
    """One condition: whether it failed (a boolean tensor), values that describe it, and the exception they make, if any.

    `then` is called with the values instead of raising.
    """

    name: str
    failed: Tensor
    values: Any
    raise_with: Callable[[Any], BaseException | None] | None
    then: Callable[[Any], Any] | None = None

    @property
    def known(self) -> bool:
        """Whether all values can be read, which is false while a function is traced."""
        return self.failed.available and all(t.available for t in tree_leaves(self.values))


@dataclass
class Template:
    """What is static of a report: all but its leaves."""

    name: str
    structure: Structure
    raise_with: Callable[[Any], BaseException | None] | None
    then: Callable[[Any], Any] | None = None

    def build(self, leaves: Iterator[Any]) -> Report:
        failed, values = self.structure.build(leaves)
        return Report(self.name, failed, values, self.raise_with, self.then)


@dataclass
class Collector:
    """The reports made while a function is traced."""

    reports: list[Report] = field(default_factory=list)


def take_apart(collector: Collector, backend: Backend) -> tuple[list[Any], list[Template]]:
    """Native leaves of all reports as arrays of `backend`, and what rebuilds the reports from them."""
    hidden: list[Any] = []
    templates = []
    for r in collector.reports:
        leaves: list[Any] = []
        structure, arrays = leaving(flatten((r.failed, r.values), leaves), leaves, backend)
        templates.append(Template(r.name, structure, r.raise_with, r.then))
        hidden += arrays
    return hidden, templates


def rebuild(templates: Sequence[Template], leaves: Sequence[Any]) -> list[Report]:
    """The reports whose native leaves are `leaves`."""
    stream = iter(leaves)
    return [t.build(stream) for t in templates]


_collector: ContextVar[Collector | None] = ContextVar("phiml_status", default=None)
Listener = Callable[[Report], None]
_listeners: ContextVar[tuple[tuple[Listener, Collector | None], ...]] = ContextVar("phiml_status_listeners", default=())
"""Those who listen, each with the trace that was running when it began to."""


@contextlib.contextmanager
def collect() -> Iterator[Collector]:
    """Collect the reports made inside the block instead of raising: for transforms that pass them on as outputs."""
    collector = Collector()
    token = _collector.set(collector)
    try:
        yield collector
    finally:
        _collector.reset(token)


def is_watched() -> bool:
    """Whether reports go anywhere but to an exception: to a running trace or to listeners."""
    return _collector.get() is not None or bool(_listeners.get())


@contextlib.contextmanager
def listen(listener: Listener) -> Iterator[None]:
    """Call `listener(report)` for each report with known values, failed or not, e.g. to record solves.

    Inside of a function being traced it is called while that is traced, with values that are not known yet.
    """
    token = _listeners.set((*_listeners.get(), (listener, _collector.get())))
    try:
        yield
    finally:
        _listeners.reset(token)


def report(
    name: str,
    failed: Any,
    values: Any = (),
    raise_with: Callable[[Any], BaseException | None] | None = None,
) -> None:
    """Report a condition, from eager or traced code.

    Args:
        name: what is reported, e.g. 'solve'.
        failed: boolean tensor (or bool), over any dims; the report fails if any is true.
        values: tree of tensors that describe it.
        raise_with: makes the exception from `values` (with known values), or returns None where a warning is enough; None if the
            report only informs.  It outlives the trace, so it must take what it says from `values` alone.
    """
    from phiml_core.ops.create import wrap

    emit([Report(name, failed if isinstance(failed, Tensor) else wrap(failed), values, raise_with)])


def emit(reports: Sequence[Report]) -> None:
    """Pass reports on: to the trace that is running, or to the caller.

    Where a framework's own transform traces (`jax.jit` called directly), there is no place for them and they are dropped.
    """
    collector = _collector.get()
    for r in reports:
        if r.known:
            deliver(r)
        elif collector is not None:
            collector.reports.append(r)
            for listener, trace in _listeners.get():
                if trace is collector:
                    listener(r)


def deliver(r: Report) -> None:
    """Tell listeners, and raise if the condition failed.  Values are known."""
    for listener, _ in _listeners.get():
        listener(r)
    if r.then is not None:
        if any(t.numpy(t.shape).any() for t in tree_leaves(r.failed)):
            r.then(r.values)
        return
    if r.raise_with is not None and any(t.numpy(t.shape).any() for t in tree_leaves(r.failed)):
        error = r.raise_with(r.values)
        if error is not None:
            raise error
