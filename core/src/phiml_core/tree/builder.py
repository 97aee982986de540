"""Putting trees of one structure together again and again: what a compiled function does with the results of each call.

`Structure.build` walks through a structure.  A builder is a generated function without loops that does the same in a third of the
time, which counts where a whole call takes as long as a hundred lines of Python.
"""

from collections.abc import Callable, Sequence
from typing import Any

from phiml_core.tensor.dense import Dense
from phiml_core.tensor.stacked import Stacked

from .structure import Leaf, Node, StackedNode, Static, Structure, assemble, is_plain
from .tree import value_attributes

__all__ = ["builder"]


def builder(structure: Structure) -> Callable[[Sequence[Any]], Any]:
    """A function of the leaves that returns the tree, as `structure.build(iter(leaves))` does."""
    writer = _Writer()
    result = writer.visit(structure)
    body = "\n    ".join([*writer.lines, f"return {result}"])
    exec(f"def build(leaves):\n    {body}\n", writer.scope)
    return writer.scope["build"]  # type: ignore[no-any-return]


class _Writer:
    """Writes the lines of one function; each visit returns the expression of a value."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.scope: dict[str, Any] = {"Dense": Dense, "Stacked": Stacked, "new": object.__new__}
        self.leaves = 0

    def constant(self, value: Any) -> str:
        name = f"c{len(self.scope)}"
        self.scope[name] = value
        return name

    def leaf(self) -> str:
        self.leaves += 1
        return f"leaves[{self.leaves - 1}]"

    def visit(self, structure: Structure) -> str:
        if type(structure) is Static:
            return self.constant(structure.value)
        if type(structure) is Leaf:
            array = self.leaf()
            return array if structure.kind == "native" else f"Dense({array}, {self.constant(structure.spec)})"
        if type(structure) is StackedNode:
            return f"Stacked({self.sequence(structure.items)}, {self.constant(structure.dim)})"
        if type(structure) is Node:
            return self.node(structure)
        start = self.leaves  # a kind of its own
        self.leaves += len(structure.leaf_structures())
        return f"{self.constant(structure.build)}(iter(leaves[{start}:{self.leaves}]))"

    def sequence(self, structures: Sequence[Structure]) -> str:
        return "(" + "".join([f"{self.visit(s)}, " for s in structures]) + ")"

    def node(self, node: Node) -> str:
        cls, static, parts = node
        if cls is tuple:
            return self.sequence(parts)
        values = value_attributes(cls)
        if values is None or not is_plain(cls):
            return f"{self.constant(assemble(cls))}({self.constant(cls)}, {self.constant(static)}, [*{self.sequence(parts)}])"
        found = [self.visit(p) for p in parts]
        name = f"v{len(self.lines)}"
        self.lines.append(f"{name} = new({self.constant(cls)}); d = {name}.__dict__")
        if static[0]:
            self.lines.append(f"d.update({self.constant(dict(zip(static[0], static[1], strict=True)))})")
        self.lines += [f"d[{attribute!r}] = {value}" for attribute, value in zip(values, found, strict=True)]
        return name
