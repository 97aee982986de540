"""The status channel: what compiled code found out but cannot raise.

Code reports a condition with `report`.  Eagerly a failure raises at once.  While a function is traced, the report becomes hidden
outputs of the traced function; the wrapper of the transform raises after the call.  Loops and branches carry reports through.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from phiml_core.tensor.dense import Dense
from phiml_core.tensor.tensor import Tensor
from phiml_core.tree.structure import Structure, flatten

__all__ = ["Report", "collect", "emit", "listen", "report"]


@dataclass
class Report:
    """One condition: whether it failed (a boolean tensor), values that describe it, and the exception they make."""

    name: str
    failed: Tensor
    values: Any
    raise_with: Callable[[Any], BaseException] | None
    on_values: Callable[[Any], None] | None = None


@dataclass
class Template:
    """What is static of a report: all but its leaves."""

    name: str
    structure: Structure
    raise_with: Callable[[Any], BaseException] | None
    on_values: Callable[[Any], None] | None

    def build(self, leaves: Iterator[Any]) -> Report:
        failed, values = self.structure.build(leaves)
        return Report(self.name, failed, values, self.raise_with, self.on_values)


@dataclass
class Collector:
    """The reports made while a function is traced."""

    reports: list[Report] = field(default_factory=list)

    def flatten(self) -> tuple[list[Any], list[Template]]:
        """Native leaves of all reports, and what rebuilds the reports from them."""
        leaves: list[Any] = []
        templates = []
        for r in self.reports:
            templates.append(Template(r.name, flatten((r.failed, r.values), leaves), r.raise_with, r.on_values))
        return leaves, templates


_collector: ContextVar[Collector | None] = ContextVar("phiml_status", default=None)
_listeners: ContextVar[tuple[Callable[[Report], None], ...]] = ContextVar("phiml_status_listeners", default=())


@contextlib.contextmanager
def collect() -> Iterator[Collector]:
    """Collect the reports made inside the block instead of raising: for transforms that pass them on as outputs."""
    collector = Collector()
    token = _collector.set(collector)
    try:
        yield collector
    finally:
        _collector.reset(token)


@contextlib.contextmanager
def listen(listener: Callable[[Report], None]) -> Iterator[None]:
    """Call `listener(report)` for each report with known values, failed or not, e.g. to record solves."""
    token = _listeners.set((*_listeners.get(), listener))
    try:
        yield
    finally:
        _listeners.reset(token)


def report(
    name: str,
    failed: Any,
    values: Any = (),
    raise_with: Callable[[Any], BaseException] | None = None,
    on_values: Callable[[Any], None] | None = None,
) -> None:
    """Report a condition, from eager or traced code.

    Args:
        name: what is reported, e.g. 'solve'.
        failed: boolean tensor (or bool), over any dims; the report fails if any is true.
        values: tree of tensors that describe it.
        raise_with: makes the exception from `values` (with known values); None if it only informs.
        on_values: called with `values` once they are known, failed or not, if anybody listens.
    """
    from phiml_core.ops.create import wrap

    made = Report(name, failed if isinstance(failed, Tensor) else wrap(failed), values, raise_with, on_values)
    emit([made])


def emit(reports: Sequence[Report]) -> None:
    """Pass reports on: to the trace that is running, or to the caller."""
    collector = _collector.get()
    for r in reports:
        if r.failed.available:
            deliver(r)
        elif collector is not None:
            collector.reports.append(r)
        # else: traced by the framework's own transform, which has no place for a status


def deliver(r: Report) -> None:
    """Tell listeners, and raise if the condition failed.  Values are known."""
    for listener in _listeners.get():
        listener(r)
    if r.raise_with is not None and _any(r.failed):
        raise r.raise_with(r.values)


def _any(failed: Tensor) -> bool:
    if isinstance(failed, Dense):
        array = failed.backend.to_numpy(failed.native_array)
        return bool(array.any())
    return bool(failed.any)


def deliver_all(templates: Sequence[Template], leaves: Sequence[Any]) -> None:
    """Build reports from the hidden outputs of a compiled call and deliver them."""
    stream = iter(leaves)
    for r in [t.build(stream) for t in templates]:
        emit([r])
