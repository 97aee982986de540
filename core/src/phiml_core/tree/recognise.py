"""Recognising a tree that was met before: the fast way to take apart what a loop passes again and again.

`flatten` finds out the structure of any tree.  A recogniser knows one structure already and only checks, by identity, whether a
tree has it, which takes a fifth of the time.  It is a generated function without loops.
"""

from collections.abc import Callable, Sequence
from operator import is_
from typing import Any

from phiml_core.tensor.dense import Dense
from phiml_core.tensor.stacked import Stacked

from .structure import Leaf, Node, StackedNode, Static, Structure
from .tree import static_attributes, value_attributes

__all__ = ["recogniser"]


Recogniser = Callable[[Sequence[Any]], list[Any] | None]


def recogniser(values: Sequence[Any], structures: Sequence[Structure], leaves: Sequence[Any]) -> Recogniser:
    """A function that returns the native leaves of trees like `values`, or None if it cannot tell that they have the same structure.

    Args:
        values: trees.
        structures, leaves: what `flatten` found in them.
    """
    writer = _Writer()
    try:
        for i, (value, structure) in enumerate(zip(values, structures, strict=True)):
            writer.visit(f"values[{i}]", value, structure)
    except _Unknown:
        return _nothing
    found = writer.function()
    again = found(values)
    same = again is not None and len(again) == len(leaves) and all(map(is_, again, leaves))
    return found if same else _nothing  # a class may have a `flatten` of its own


def _nothing(values: Sequence[Any]) -> None:
    return None


class _Unknown(Exception):
    """A part of a tree is of a kind that is not recognised."""


class _Writer:
    """Writes the checks of one function."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.leaves: list[str] = []
        self.scope: dict[str, Any] = {"Dense": Dense, "Stacked": Stacked}

    def function(self) -> Any:
        body = "\n    ".join([*self.lines, f"return [{', '.join(self.leaves)}]"])
        exec(f"def recognise(values):\n    {body}\n", self.scope)
        return self.scope["recognise"]

    def constant(self, value: Any) -> str:
        name = f"c{len(self.scope)}"
        self.scope[name] = value
        return name

    def name(self, expression: str) -> str:
        name = f"v{len(self.lines)}"
        self.lines.append(f"{name} = {expression}")
        return name

    def demand(self, condition: str) -> None:
        self.lines.append(f"if not ({condition}): return None")

    def visit(self, expression: str, value: Any, structure: Structure) -> None:
        """Write the checks that `expression` has this structure, which `value` has."""
        if isinstance(structure, Static):
            self.demand(f"{expression} is {self.constant(value)}")
            return
        here = self.name(expression)
        if isinstance(structure, Leaf):
            self._leaf(here, value, structure)
        elif isinstance(structure, StackedNode) and type(value) is Stacked:
            self.demand(f"type({here}) is Stacked and {here}.dim is {self.constant(value.dim)}")
            self._items(self.name(f"{here}.components"), value.components, structure.items)
        elif isinstance(structure, Node):
            self._node(here, value, structure)
        else:
            raise _Unknown

    def _leaf(self, here: str, value: Any, structure: Leaf) -> None:
        if type(value) is Dense:
            self.demand(f"type({here}) is Dense and {here}.spec is {self.constant(structure.spec)}")
            self.leaves.append(f"{here}.native_array")
        elif isinstance(structure.kind, type) and type(value) is structure.kind:
            self.demand(f"type({here}) is {self.constant(structure.kind)}")
            self.leaves.append(here)
        else:
            raise _Unknown

    def _items(self, here: str, values: Any, structures: Sequence[Structure]) -> None:
        self.demand(f"len({here}) == {len(values)}")
        for i, (value, structure) in enumerate(zip(values, structures, strict=True)):
            self.visit(f"{here}[{i}]", value, structure)

    def _node(self, here: str, value: Any, structure: Node) -> None:
        cls: Any = structure.cls
        if type(value) is not cls:
            raise _Unknown
        self.demand(f"type({here}) is {self.constant(cls)}")
        names = value_attributes(cls)
        if names is None and cls in (tuple, list):
            self._items(here, value, structure.parts)
            return
        if names is None and cls is dict:
            self.demand(f"tuple({here}) == {self.constant(structure.static)}")
            keys = structure.static
        else:
            keys = self._static(here, value, structure, names)
        for key, part in zip(keys, structure.parts, strict=True):
            where = f"{here}[{self.constant(key)}]" if cls is dict else f"{here}.{key}"
            self.visit(where, value[key] if cls is dict else getattr(value, key), part)

    def _static(self, here: str, value: Any, structure: Node, names: tuple[str, ...] | None) -> tuple[str, ...]:
        """Check the static attributes of an object; returns the names of its value attributes."""
        if names is None or issubclass(structure.cls, (tuple, list, dict)):
            raise _Unknown
        if static_attributes(structure.cls) is None:  # its instances say which they have
            if not hasattr(value, "__dict__") or any("__slots__" in vars(c) for c in structure.cls.__mro__[:-1]):
                raise _Unknown
            self.demand(f"len({here}.__dict__) == {len(vars(value))}")
        for name in structure.static[0]:
            if not name.isidentifier():
                raise _Unknown
            self.demand(f"{here}.{name} is {self.constant(getattr(value, name))}")
        return names
