"""Operators that a compiler takes as they are: calls of compiled parts, scatters and barriers.

`phiml_torch::call(slot, sizes, xs)` runs part number `slot` of the program that is running: a branch, a loop, a solve, a call of
Python code.  The number is relative to the program, and the sizes of the results are part of the call, so that a program compiled
earlier is found again in another process.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import torch

from .record import Recorded
from .recorder import paused, recorder

__all__ = ["OPS", "Kernel", "Table", "emit"]

_LIBRARY = torch.library.Library("phiml_torch", "DEF")
_LIBRARY.define("call(int slot, str sizes, Tensor[] xs) -> Tensor[]")
_LIBRARY.define("barrier(Tensor x) -> Tensor")
_LIBRARY.define("index_put_add(Tensor x, Tensor?[] indices, Tensor values) -> Tensor")
_LIBRARY.define("index_add(Tensor x, int dim, Tensor index, Tensor source) -> Tensor")
_LIBRARY.define("scatter_add(Tensor x, int dim, Tensor index, Tensor source) -> Tensor")
_LIBRARY.define(
    "scatter_reduce(Tensor x, int dim, Tensor index, Tensor source, str reduce, bool include_self) -> Tensor"
)
OPS = torch.ops.phiml_torch


class Table(threading.local):
    """The parts of the program that this thread runs."""

    parts: Sequence[Any] = ()


TABLE = Table()


class Kernel:
    """A part of a recorded function that a compiler does not look into.

    `sizes` are shapes and types of its results; `run(xs)` computes them, without sharing memory with `xs`.
    """

    sizes: Sequence[tuple[tuple[int, ...], torch.dtype]]

    def run(self, xs: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
        """The results for arguments `xs`."""
        raise NotImplementedError

    def pull_back(
        self,
        xs: Sequence[torch.Tensor],
        outputs: Sequence[torch.Tensor],
        cotangents: Sequence[Any],
        needs: Sequence[bool],
    ) -> Sequence[Any]:
        """The gradients by `xs`, differentiable again."""
        raise NotImplementedError


def emit(kernel: Kernel, xs: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """Record a call of `kernel`."""
    found = recorder()
    assert found is not None and found.frame is not None
    frame = found.frame
    slot = len(frame.parts)
    frame.parts.append(kernel)
    sizes = ";".join(f"{str(dtype)[6:]}:{','.join(map(str, shape))}" for shape, dtype in kernel.sizes)
    node = frame.graph.call_function(OPS.call.default, (slot, sizes, [frame.node(x) for x in xs]))
    device = xs[0].device if xs else torch.device("cpu")
    with paused():
        outputs = tuple(torch.zeros(shape, dtype=dtype, device=device) for shape, dtype in kernel.sizes)
    import operator

    for i, x in enumerate(outputs):
        frame.bind(x, frame.graph.call_function(operator.getitem, (node, i)))
    return outputs


def _call(slot: int, sizes: str, xs: list[torch.Tensor]) -> list[torch.Tensor]:
    outer = TABLE.parts
    try:
        results = outer[slot].run([x if x.is_contiguous() else x.contiguous() for x in xs])
    finally:
        TABLE.parts = outer
    return _apart(results, xs)


def _apart(results: Sequence[torch.Tensor], xs: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Results that share memory neither with `xs` nor with each other, for the caller may overwrite each.

    The compiler leaves out copies at the end of a part.
    """
    taken = {x.untyped_storage().data_ptr() for x in xs}
    apart = []
    for x in results:
        if x.untyped_storage().data_ptr() in taken:
            x = x.clone()
        taken.add(x.untyped_storage().data_ptr())
        apart.append(x)
    return apart


def _call_shapes(slot: int, sizes: str, xs: list[torch.Tensor]) -> list[torch.Tensor]:
    result = []
    device = xs[0].device if xs else torch.device("cpu")
    for text in sizes.split(";") if sizes else ():
        dtype, _, shape = text.partition(":")
        result.append(
            torch.empty([int(n) for n in shape.split(",")] if shape else [], dtype=getattr(torch, dtype), device=device)
        )
    return result


def _index_put_add(x: torch.Tensor, indices: Any, values: torch.Tensor) -> torch.Tensor:
    return torch.ops.aten.index_put.default(x, indices, values, True)


_IMPLEMENTATIONS: dict[str, tuple[Any, Any]] = {
    "call": (_call, _call_shapes),
    "barrier": (lambda x: x.clone(), lambda x: torch.empty_like(x)),
    "index_put_add": (_index_put_add, lambda x, indices, values: torch.empty_like(x)),
    "index_add": (torch.index_add, lambda x, dim, index, source: torch.empty_like(x)),
    "scatter_add": (torch.scatter_add, lambda x, dim, index, source: torch.empty_like(x)),
    "scatter_reduce": (
        lambda x, dim, index, source, reduce, include_self: torch.scatter_reduce(
            x, dim, index, source, reduce, include_self=include_self
        ),
        lambda x, dim, index, source, reduce, include_self: torch.empty_like(x),
    ),
}
for _name, (_run, _shapes) in _IMPLEMENTATIONS.items():
    _LIBRARY.impl(_name, _run, "CompositeExplicitAutograd")
    torch.library.register_fake(f"phiml_torch::{_name}", _shapes, lib=_LIBRARY)


def run_part(recorded: Recorded, xs: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
    """Run a recorded function whose calls refer to its own parts."""
    if not recorded.parts:
        return recorded.run(xs)
    outer = TABLE.parts
    TABLE.parts = recorded.parts
    try:
        return recorded.run(xs)
    finally:
        TABLE.parts = outer


class _Barrier(torch.autograd.Function):
    @staticmethod
    def forward(x: torch.Tensor) -> torch.Tensor:
        return OPS.barrier(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        pass

    @staticmethod
    def backward(ctx: Any, cotangent: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        return barrier(cotangent)


def barrier(x: torch.Tensor) -> torch.Tensor:
    """`x` as a buffer of its own in compiled code."""
    return _Barrier.apply(x) if x.requires_grad and torch.is_grad_enabled() else OPS.barrier(x)
