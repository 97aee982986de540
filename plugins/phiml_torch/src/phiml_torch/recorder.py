"""Appending the operations of this thread to a graph.

PyTorch reports each operation, below its derivatives, to a dispatch mode.  A tensor that the function reads but was not given
(a constant, a parameter, or a value of a surrounding recording) becomes a further input of the graph, so that graphs hold no
tensors and nothing is frozen unseen.  What would be frozen silently is refused: reading a value, drawing random numbers,
results whose size depends on values.
"""

from __future__ import annotations

import contextlib
import operator
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch.fx import Node
from torch.overrides import TorchFunctionMode

from . import private
from .frame import STATE, Frame
from .refusal import NotRecordable, refuse
from .writes import prepare_writes

__all__ = ["Recorder", "constant", "is_recorded", "paused", "recorder", "recording"]


class Recorder(private.TorchDispatchMode):  # type: ignore[misc]
    """Appends operations to the graph of the innermost recording."""

    def __init__(self) -> None:
        super().__init__()
        self.frame: Frame | None = None
        self.bound: list[weakref.ref[torch.Tensor]] = []
        self.constants: dict[Any, tuple[Any, torch.Tensor]] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        frame = self.frame
        if frame is None:
            return func(*args, **kwargs)
        name = func._schema.name
        if name == "aten::lift_fresh" or (name in _ALIASES and not frame.knows(args[0])):
            return func(*args, **kwargs)
        refuse(func, name, args, frame)
        with paused():
            prepare_writes(func, name, args, kwargs, frame, STATE.again > 0)
        out = func(*_row_major(args, frame), **_row_major(kwargs, frame))
        if name in _ALIASES:
            frame.bind(out, frame.node(args[0]))
            return out
        node = frame.graph.call_function(func, _nodes(args, frame), _nodes(kwargs, frame))
        _bind(out, node, frame)
        return out


_ALIASES = ("aten::detach", "aten::alias")


def _nodes(value: Any, frame: Frame) -> Any:
    if isinstance(value, torch.Tensor):
        return frame.node(value)
    if isinstance(value, (tuple, list)):
        return type(value)([_nodes(v, frame) for v in value])
    if isinstance(value, dict):
        return {k: _nodes(v, frame) for k, v in value.items()}
    return value


def _row_major(value: Any, frame: Frame) -> Any:
    """The same operands in the order in which programs are given them: which views of them there are depends on it."""
    if isinstance(value, torch.Tensor):
        return frame.row_major(value)
    if isinstance(value, (tuple, list)):
        return type(value)([_row_major(v, frame) for v in value])
    if isinstance(value, dict):
        return {k: _row_major(v, frame) for k, v in value.items()}
    return value


def _bind(out: Any, node: Node, frame: Frame) -> None:
    if isinstance(out, torch.Tensor):
        frame.bind(out, node)
    elif isinstance(out, (tuple, list)):
        for i, x in enumerate(out):
            if isinstance(x, torch.Tensor):
                frame.bind(x, frame.graph.call_function(operator.getitem, (node, i)))


def recorder() -> Recorder | None:
    """The recorder of this thread if a function is being recorded and recording is not paused."""
    found = STATE.recorder
    return found if found is not None and found.frame is not None else None


def is_recorded(x: torch.Tensor) -> bool:
    """Whether the value of `x` is computed only when a recorded function runs."""
    found = STATE.recorder
    if found is not None:
        return found.frame is not None and found.frame.knows(private.unwrap(x) if private.transforms_active() else x)
    return private.is_foreign_trace()


@contextlib.contextmanager
def recording() -> Iterator[Frame]:
    """Record operations in this thread: in a graph of its own if a recording is going on."""
    outer = STATE.recorder
    if outer is not None:
        frame, parent = Frame(outer.frame), outer.frame
        outer.frame = frame
        try:
            yield frame
        finally:
            outer.frame = parent
        return
    mine = Recorder()
    mine.frame = Frame(None)
    STATE.recorder = mine
    try:
        with mine, _Guard():
            yield mine.frame
    finally:
        STATE.recorder, STATE.bound = None, mine.bound


@contextlib.contextmanager
def paused() -> Iterator[None]:
    """Compute without recording."""
    found = STATE.recorder
    if found is None:
        yield
        return
    frame, found.frame = found.frame, None
    try:
        yield
    finally:
        found.frame = frame


class _Guard(TorchFunctionMode):
    """Refuses what hands out the example values of a recording without PyTorch noticing."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if (
            getattr(func, "__name__", "") in _ESCAPES
            and args
            and isinstance(args[0], torch.Tensor)
            and is_recorded(args[0])
        ):
            raise NotRecordable(
                f"{func.__name__}() of a tensor that is computed only when the compiled function runs.  "
                "Compute with tensors, or call NumPy code by a callback."
            )
        return func(*args, **(kwargs or {}))


_ESCAPES = ("numpy", "tolist", "__array__", "__dlpack__", "data_ptr", "storage", "untyped_storage")


def constant(array: Any, dtype: Any, make: Callable[[], torch.Tensor]) -> torch.Tensor:
    """The tensor of a NumPy array: one for all its uses in a recording."""
    found = STATE.recorder
    if found is None:
        return make()
    key = id(array), dtype
    kept = found.constants.get(key)
    if kept is None:
        with paused():
            kept = found.constants[key] = (array, make())
    return kept[1]
