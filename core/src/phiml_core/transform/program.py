"""What runs the calls of a compiled function whose arguments have one structure."""

import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from phiml_core.backend.backend import Backend
from phiml_core.ops.native import NotConcrete
from phiml_core.tree.structure import Node, Static, Structure

from .arguments import Arguments
from .boundary import wide
from .captured import Captured
from .compact import Compact
from .custom_gradient import explained
from .explain import with_argument
from .outputs import record

__all__ = ["Program", "Trace"]


@dataclass(slots=True)
class Trace:
    """The compiled program, what its outputs are, and what it reads besides its arguments."""

    run: Callable[..., tuple[Any, ...]]
    outputs: Compact
    captured: Captured


class Program:
    """What runs calls of the structure `seen`: its trace, once there is one."""

    __slots__ = ("__weakref__", "backend", "seen", "trace", "wide")

    def __init__(self, backend: Backend, seen: Structure):
        self.backend, self.seen, self.wide = backend, seen, wide(seen)
        self.trace: Trace | None = None

    def run(self, trace: Trace, leaves: Sequence[Any]) -> Any:
        """The results of its trace for native leaves of the arguments."""
        if not self.wide:
            return trace.outputs.build(leaves, trace.run(*leaves))
        with self.backend.context(True):
            results = trace.run(*leaves)
        return trace.outputs.build(leaves, results)

    def record(
        self,
        function: Callable[..., Any],
        arguments: Arguments,
        static: tuple[Any, ...],
        leaves: Sequence[Any],
        note: Callable[[], None],
    ) -> Any:
        """Trace `function` and run it for native leaves of its arguments; `note` is called each time the backend traces."""
        found: Trace | None = None
        objects = [s.value for s in _statics(self.seen) if type(s.value).__hash__ is object.__hash__]

        def flat(*natives: Any) -> tuple[Any, ...]:
            nonlocal found
            again = self.backend.is_deriving()  # the same trace once more, for its derivative
            if not again:
                note()
            varying = self.seen.build(iter(natives))
            try:
                out, outputs, _ = record(lambda: arguments.call(function, varying, static), self.backend)
            except NotConcrete as error:
                raise with_argument(error, arguments, self.seen, natives) from None
            captured = Captured(function, objects)
            for t in outputs.templates:
                t.then = t.then and self._followed(t.then)
            compact = Compact(outputs, natives, out, self.backend)
            found = Trace(run, compact, captured)
            if again and self.trace is not None:
                self.trace.captured = found.captured
            return compact.pack(out)

        run = self.backend.jit(flat)
        with self.backend.context(self.wide), explained(self.backend, arguments.name):
            results = run(*leaves)
        assert found is not None, f"{self.backend.name} compiled {arguments.name} without tracing it"
        self.trace = found if found.captured.known else None  # what belongs to another trace must not outlive it
        return found.outputs.build(leaves, results)

    def _followed(self, function: Callable[[Any], Any]) -> Callable[[Any], None]:
        """A function of the user that is called with results: what it changes, such as a list of them, is no reason to trace again."""
        _SHOWING.add(self)

        def call(values: Any) -> None:
            traces = [p.trace for p in list(_SHOWING) if p.trace is not None]
            steady = [t.captured for t in traces if not t.captured.changed()]
            try:
                function(values)
            finally:
                for captured in steady:
                    captured.refresh()

        return call


_SHOWING: "weakref.WeakSet[Program]" = weakref.WeakSet()  # programs that call functions of the user with results


def _statics(structure: Structure) -> list[Static]:
    if isinstance(structure, Node):
        return [s for p in structure.parts for s in _statics(p)]
    return [structure] if isinstance(structure, Static) else []
