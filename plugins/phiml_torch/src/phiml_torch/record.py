"""Recording a function of flat tensors as a graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from .frame import Frame
from .recorder import paused, recording
from .substitution import Substitution, substitutions

__all__ = ["Recorded", "record_function"]


class Recorded:
    """A recorded function: a graph whose inputs are the arguments and then what it read besides them.

    Attributes:
        captured: what it read, tensors of the caller.
        sizes: shapes and element types of the results.
        parts: what its graph calls by number, see `opaque`.
    """

    def __init__(self, frame: Frame, outputs: Sequence[torch.Tensor], before: tuple[Substitution, ...]):
        self.graph, self.captured, self.parts = frame.graph, frame.captured, frame.parts
        self.sizes = [(tuple(o.shape), o.dtype) for o in outputs]
        self.device = outputs[0].device if outputs else torch.device("cpu")
        self.before = before
        self.program: Any = None

    def run(self, xs: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
        """The results for arguments and captured values."""
        program = self.program
        if program is None:
            from .compile import build

            program = self.program = build(self, xs)
        return program(*xs)


def record_function(function: Callable[..., Any], examples: Sequence[torch.Tensor], fresh: bool = False) -> Recorded:
    """Record a function of flat tensors.

    Args:
        examples: arguments; only their sizes, types and devices matter.
        fresh: the results must not share memory with arguments or each other.
    """
    before = substitutions()
    with recording() as frame, torch.no_grad():
        with paused():
            inputs = [x.detach().contiguous() for x in examples]  # as programs run: views depend on it
            frame.arguments.update([x.untyped_storage().data_ptr() for x in inputs])
        for i, x in enumerate(inputs):
            frame.bind(x, frame.add_input(f"x{i}"))
        outputs = [o for o in function(*inputs)]
        nodes = [frame.node(o) for o in outputs]
        if fresh:
            with paused():
                taken = {x.untyped_storage().data_ptr() for x in (*inputs, *frame.captured)}
                for i, o in enumerate(outputs):
                    where = o.untyped_storage().data_ptr()
                    if where in taken or not o.is_contiguous():
                        node = frame.graph.call_function(
                            torch.ops.aten.clone.default, (nodes[i],), {"memory_format": torch.contiguous_format}
                        )
                        nodes[i] = node
                    taken.add(where)
        frame.graph.output(tuple(nodes))
    return Recorded(frame, outputs, before)
