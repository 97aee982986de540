"""The results of a compiled program in as few arrays as can be.

Each array that a program returns costs about as much as a small operation.  So the small numbers that it reports, of which a solve
has several, are packed into one array per element type, and arguments that are results are not returned but kept.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from phiml_core.backend import primitive
from phiml_core.backend.backend import Backend
from phiml_core.backend.dtype import DType
from phiml_core.backend.precision import current
from phiml_core.tree.builder import builder

from . import status
from .outputs import Outputs

__all__ = ["Compact"]

_SMALL = 16


class _Place(NamedTuple):
    """Where a status leaf is: an output, or a part of it that is cast and reshaped."""

    output: int
    part: slice | None
    sizes: tuple[int, ...]
    dtype: DType


class Compact:
    """Outputs of which fewer arrays are computed than there are leaves; made for the arguments and results of a trace."""

    __slots__ = ("alarms", "backend", "first", "given", "groups", "make", "outputs", "pause", "places", "rest")

    def __init__(self, outputs: Outputs, arguments: Sequence[Any], natives: Sequence[Any], backend: Backend):
        self.outputs, self.backend = outputs, backend
        self.make = builder(outputs.structure)
        self.rest = self.pause = 0
        same = {id(x): i for i, x in enumerate(arguments)}
        self.given = [(i, same[id(x)]) for i, x in enumerate(natives[: outputs.values]) if id(x) in same]
        self.first = first = outputs.values - len(self.given)
        hidden = natives[outputs.values :]
        members: dict[
            Any, list[int]
        ] = {}  # leaves by what they are packed as; a leaf that is not packed is its own key
        for i, x in enumerate(hidden):
            members.setdefault(self._kind(x) or i, []).append(i)
        self.groups = list(members.items())
        found: dict[int, _Place] = {}
        for output, (kind, leaves) in enumerate(self.groups, first):
            start = 0
            for i in leaves:
                sizes = tuple(backend.sizes(hidden[i]))
                stop = start + _volume(sizes)
                part = None if isinstance(kind, int) else slice(start, stop)
                found[i] = _Place(output, part, sizes, backend.dtype(hidden[i]))
                start = stop
        self.places = [found[i] for i in range(len(hidden))]
        places = [self.places[i - outputs.values] for i, _ in outputs.alarms]
        self.alarms = [(p.output, p.part or ..., p.part is not None and not p.sizes) for p in places]

    def _kind(self, x: Any) -> DType | None:
        dtype = self.backend.dtype(x)
        if _volume(self.backend.sizes(x)) > _SMALL:
            return None
        return current().float if dtype.kind is bool else dtype

    def pack(self, natives: Sequence[Any]) -> tuple[Any, ...]:
        """The results of the trace in fewer arrays."""
        first, given = self.outputs.values, {i for i, _ in self.given}
        bind = self.backend.bind
        reshape, astype, concat = bind(primitive.reshape), bind(primitive.astype), bind(primitive.concat)
        packed = [x for i, x in enumerate(natives[:first]) if i not in given]
        for kind, leaves in self.groups:
            parts = [natives[first + i] for i in leaves]
            if isinstance(kind, DType):
                parts = [x if self.backend.dtype(x) is kind else astype(x, kind) for x in parts]
                parts = [reshape(x, (_volume(self.backend.sizes(x)),)) for x in parts]
            packed.append(concat(parts[0], tuple(parts[1:]), 0) if len(parts) > 1 else parts[0])
        return tuple(packed)

    def build(self, arguments: Sequence[Any], natives: Sequence[Any]) -> Any:
        """The tree of the values; what was reported is passed on, raised if it failed and is known."""
        outputs = self.outputs
        values: Any = natives
        if self.given:
            values = list(natives[: self.first])
            for i, argument in self.given:  # in ascending order
                values.insert(i, self.backend.as_array(arguments[argument]))
        result = self.make(values)
        if outputs.templates and (status.is_watched() or self._alarmed(natives)):
            status.emit(status.rebuild(outputs.templates, [self._leaf(natives, place) for place in self.places]))
        return result

    def _alarmed(self, natives: Sequence[Any]) -> bool:
        """Whether a report failed or is not known yet; else, with nobody listening, reports need not be rebuilt."""
        backend = self.backend
        for output, part, single in self.alarms:
            x = natives[output]
            if backend.is_traced(x):
                return True
            self._wait(x)
            found = backend.to_numpy(x)[part]
            if found[0] if single else found.any():  # `any` takes longer than all the rest
                return True
        return False

    def _wait(self, x: Any) -> None:
        """Watch out for short programs; where that was in vain, do so less and less often, since it keeps a processor busy."""
        if self.rest:
            self.rest -= 1
        elif self.backend.watch(x):
            self.pause = 0
        else:
            self.rest = self.pause = min(2 * self.pause + 1, 255)

    def _leaf(self, natives: Sequence[Any], place: _Place) -> Any:
        x = natives[place.output]
        if place.part is None:
            return x
        if self.backend.is_traced(x):
            bind = self.backend.bind
            x = bind(primitive.reshape)(bind(primitive.getitem)(x, (place.part,)), place.sizes)
            return bind(primitive.astype)(x, place.dtype)
        return self.backend.as_array(self.backend.to_numpy(x)[place.part].reshape(place.sizes), place.dtype)


def _volume(sizes: Sequence[int]) -> int:
    volume = 1
    for n in sizes:
        volume *= n
    return volume
