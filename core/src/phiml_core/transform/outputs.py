"""The results of a traced function: native arrays, and what makes a tree and reports of them."""

from collections.abc import Callable, Sequence
from typing import Any

from phiml_core.backend.backend import Backend
from phiml_core.tree.structure import Structure, flatten

from . import status
from .boundary import entering, leaving, prepare

__all__ = ["Outputs", "record"]


class Outputs:
    """What is known of the results of a traced function before they are computed: first the values, then hidden status leaves."""

    __slots__ = ("structure", "templates", "values")

    def __init__(self, structure: Structure, values: int, templates: Sequence[status.Template]):
        self.structure, self.values, self.templates = structure, values, templates

    def build(self, natives: Sequence[Any]) -> Any:
        """The tree of the values; what was reported is passed on, raised if it failed and is known."""
        result = self.structure.build(iter(natives))
        if self.templates:
            status.emit(status.rebuild(self.templates, natives[self.values :]))
        return result


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
