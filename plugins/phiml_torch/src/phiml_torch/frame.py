"""One recording: a graph, and which tensors stand for which of its nodes."""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Sequence
from typing import Any

import torch
from torch.fx import Graph, Node

__all__ = ["STATE", "Frame"]

_MARK = "_phiml_recorded"


class _State(threading.local):
    """What this thread records: the recorder, if any; how deep in derivatives, and in what they compute again; and afterwards the tensors that it has made until they are sealed."""

    recorder: Any = None
    deriving = 0
    again = 0
    bound: Sequence[weakref.ref[torch.Tensor]] = ()


STATE = _State()


class Frame:
    """One recording: its graph, the tensors that it reads besides its arguments, and the parts that its graph calls."""

    def __init__(self, parent: Frame | None):
        self.graph, self.parent = Graph(), parent
        self.inputs: list[Node] = []
        self.lifted: dict[int, tuple[torch.Tensor, Node]] = {}
        self.arguments: set[int] = set()
        self.copies: dict[int, tuple[torch.Tensor, torch.Tensor, Node]] = {}
        self.straight: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        self.parts: list[Any] = []
        self.refused: dict[int, torch.Tensor] = {}
        self._last_input: Node | None = None

    def add_input(self, name: str) -> Node:
        """A new input of the graph, after those that it has."""
        if self._last_input is None:
            first = next(iter(self.graph.nodes), None)
            with self.graph.inserting_before(first) if first is not None else contextlib.nullcontext():
                node = self.graph.placeholder(name)
        else:
            with self.graph.inserting_after(self._last_input):
                node = self.graph.placeholder(name)
        self._last_input = node
        self.inputs.append(node)
        return node

    def node(self, x: torch.Tensor) -> Node:
        """The node of a tensor; one that the recording does not know becomes an input."""
        if id(x) in self.copies:
            return self.copies[id(x)][2]
        mark = getattr(x, _MARK, None)
        if mark is not None and mark[0] is self:
            return mark[1]
        found = self.lifted.get(id(x))
        if found is None:
            found = self.lifted[id(x)] = (x, self.add_input(f"lifted{len(self.lifted)}"))
        return found[1]

    def row_major(self, x: torch.Tensor) -> torch.Tensor:
        """A tensor that is or becomes an input, as the program gets it; one made in this recording as it is."""
        if id(x) in self.copies:
            return self.copies[id(x)][1]
        mark = getattr(x, _MARK, None)
        if (mark is not None and mark[0] is self) or x.layout is not torch.strided or x.is_contiguous():
            return x
        found = self.straight.get(id(x))
        if found is None:
            found = self.straight[id(x)] = (x, x.contiguous())
        return found[1]

    def write(self, x: torch.Tensor, apart: bool) -> None:
        """From now on the example of a tensor is a copy that may be written to; `apart`: so is its node."""
        if id(x) not in self.copies:
            node = self.node(x)
            if apart:
                node = self.graph.call_function(torch.ops.aten.clone.default, (node,))
            self.copies[id(x)] = (x, x.detach().clone(), node)

    def is_input(self, x: torch.Tensor) -> bool:
        """Whether a tensor is an argument of this recording or of one around it, or shares memory with one."""
        where = x.untyped_storage().data_ptr()
        return bool(where) and (where in self.arguments or (self.parent is not None and self.parent.is_input(x)))

    def bind(self, x: torch.Tensor, node: Node) -> None:
        """Let a tensor stand for a node from now on."""
        setattr(x, _MARK, (self, node))
        if STATE.recorder is not None:
            STATE.recorder.bound.append(weakref.ref(x))

    def knows(self, x: torch.Tensor) -> bool:
        """Whether a tensor was made in this recording or in one around it."""
        mark = getattr(x, _MARK, None)
        frame: Frame | None = self
        while mark is not None and frame is not None:
            if mark[0] is frame:
                return True
            frame = frame.parent
        return False

    @property
    def captured(self) -> list[torch.Tensor]:
        """What the function read besides its arguments, in the order of the further inputs."""
        return [x for x, _ in self.lifted.values()]
