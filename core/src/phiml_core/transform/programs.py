"""The programs of a compiled function: which one runs a call, by the structure of the arguments."""

from typing import Any

from phiml_core.dispatch import epoch
from phiml_core.tree.flatten import StaticError, flatten
from phiml_core.tree.recognise import recogniser
from phiml_core.tree.structure import Node

from .arguments import Arguments
from .boundary import backend_for, converters, entering
from .explain import difference
from .program import Program

__all__ = ["Programs", "frozen"]

_MANY = 256  # programs of one function; the oldest is dropped for the next
_NOTHING: tuple[Any, Any, Any, Any] = (None, (None,) * 4, None, ())


class Programs:
    """Programs by what the function sees, one trace each; and calls by what is given, with how that becomes what is seen.

    Keys are made of the structures of the arguments, the auxiliary arguments, precision and default backend.

    Attributes:
        last: how to recognise the arguments of the usual call, its key, and what it found.
        epoch: when the traces were made, counted in registrations of methods.
    """

    __slots__ = ("_calls", "_only_latest", "_programs", "_unknown", "epoch", "last")

    def __init__(self, only_latest: bool):
        self._only_latest = only_latest
        self._programs: dict[Any, Program] = {}
        self._calls: dict[Any, tuple[Program | None, Any]] = {}
        self._unknown = 0  # calls whose arguments were not recognised
        self.last = _NOTHING
        self.epoch = epoch()

    def __len__(self) -> int:
        return len(self._programs)

    def find(self, key: Any, varying: Any, leaves: list[Any]) -> tuple[Program | None, Any]:
        """The program for a call, None if the backend compiles nothing, and what converts its leaves."""
        try:
            found = self._calls[key]
        except KeyError:
            return self._prepare(key)
        self._remember(key, found, varying, leaves)
        return found

    def _remember(self, key: Any, found: tuple[Program | None, Any], varying: Any, leaves: list[Any]) -> None:
        """Recognise arguments like these from now on; tried less and less often where they keep changing."""
        self._unknown += 1
        if not key[1] and self._unknown & (self._unknown - 1) == 0:
            self.last = recogniser(varying, key[0], leaves), key, *found

    def _prepare(self, key: Any) -> tuple[Program | None, Any]:
        """How calls of a structure that was not met before are run."""
        given = Node(tuple, None, key[0])
        backend = backend_for(given)
        program: Program | None = None
        convert: Any = ()
        if backend.can_jit:
            seen = entering(given, backend)
            program = self._programs.setdefault((seen, *key[1:]), Program(backend, seen))
            convert = converters(given, seen, backend)
            while len(self._programs) > (1 if self._only_latest else _MANY):
                self._programs.pop(next(iter(self._programs)))
                self._calls.clear()
                self.last = _NOTHING
        if len(self._calls) > 4 * _MANY:
            self._calls.clear()
        self._calls[key] = program, convert
        return program, convert

    def why(self, key: Any, program: Program | None, arguments: Arguments) -> str | None:
        """Why a call needs a trace, where `key` says what the function sees: None if it needs none, empty if nothing was traced yet."""
        known = [k for k, p in self._programs.items() if p.trace is not None]
        if not known:
            return ""
        if self.epoch != epoch():
            return "methods were registered since it was traced"
        if program is None or program.trace is None:
            return difference(key, known, arguments)
        name = program.trace.captured.changed()
        return f"the captured {name} has changed since it was traced" if name else None

    def get(self, key: Any) -> Program | None:
        """The program of a call, where `key` says what the function sees."""
        return self._programs.get(key)

    def drop_traces(self) -> None:
        """Trace anew at the next call of each structure."""
        self.epoch = epoch()
        self.last = _NOTHING
        for p in self._programs.values():
            p.trace = None

    def forget(self) -> None:
        """Drop all programs."""
        self._programs.clear()
        self._calls.clear()
        self.last = _NOTHING


def frozen(static: tuple[Any, ...], names: tuple[str, ...], function: str) -> Any:
    """Auxiliary arguments as part of a key, in which 1, True and 1.0 differ.

    Raises:
        StaticError: one of them holds a tensor.
    """
    values: list[Any] = []
    structures = tuple([flatten(v, values) for v in static])
    for name, structure in zip(names, structures, strict=True):
        if not all(isinstance(leaf.kind, type) for leaf in structure.leaf_structures()):
            raise StaticError(
                f"The auxiliary argument {name!r} of {function} holds a tensor or array, whose values cannot be part of the "
                "trace.  Take it out of auxiliary_args, or pass Python numbers."
            )
    return structures, tuple(values)
