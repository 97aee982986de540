"""The results of a traced function: native arrays, and what makes a tree and reports of them."""

from collections.abc import Callable, Sequence
from typing import Any

from phiml_core.backend.backend import Backend
from phiml_core.tree.flatten import flatten
from phiml_core.tree.structure import Node, Structure

from . import status
from .boundary import entering, leaving, prepare

__all__ = ["Outputs", "record"]


class Outputs:
    """What is known of the results of a traced function before they are computed: first the values, then hidden status leaves."""

    __slots__ = ("alarms", "structure", "templates", "values")

    def __init__(self, structure: Structure, values: int, templates: Sequence[status.Template]):
        self.structure, self.values, self.templates = structure, values, templates
        self.alarms: list[tuple[int, Backend]] = []  # positions of the leaves that say whether something failed
        position = values
        for t in templates:
            assert isinstance(t.structure, Node)
            for i, leaf in enumerate(t.structure.parts[0].leaf_structures()):
                self.alarms.append((position + i, leaf.spec.backend))
            position += len(t.structure.leaf_structures())

    def build(self, natives: Sequence[Any]) -> Any:
        """The tree of the values; what was reported is passed on, raised if it failed and is known."""
        result = self.structure.build(iter(natives))
        if self.templates and (status.is_watched() or self._alarmed(natives)):
            status.emit(status.rebuild(self.templates, natives[self.values :]))
        return result

    def _alarmed(self, natives: Sequence[Any]) -> bool:
        """Whether a report failed or is not known yet; else, with nobody listening, reports need not be rebuilt."""
        return any([b.is_traced(natives[i]) or b.to_numpy(natives[i]).any() for i, b in self.alarms])


def record(call: Callable[[], Any], backend: Backend, constants: bool = True) -> tuple[tuple[Any, ...], Outputs, Any]:
    """Run `call` while a function is traced: native results and status leaves, what rebuilds them, and the result itself.

    With `constants`, numbers that it returns belong to the structure; else they become arrays like all others.
    """
    with status.collect() as collected:
        result = call()
    leaves: list[Any] = []
    given = flatten(result, leaves)
    if constants:
        structure, leaves = leaving(given, leaves, backend)
    else:
        structure = entering(given, backend)
        leaves = prepare(leaves, given, structure, backend)
    hidden, templates = status.take_apart(collected, backend)
    return (*leaves, *hidden), Outputs(structure, len(leaves), templates), result
