"""Compiled functions of flat tensors, which derivatives of any kind may go through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from . import private
from .derivative import is_differentiated, moves, pull_back_of, turned
from .frame import STATE
from .leaks import seal
from .opaque import run_part
from .record import Recorded, record_function
from .recorder import is_recorded, recorder
from .refusal import NotMapped

__all__ = ["Program", "is_deriving"]


class Program:
    """`function` of flat tensors, recorded once per shapes and element types of its arguments.

    Its derivative is another program, recorded from the pull-back of the function itself, so that hand-written rules hold.
    Tensors that the function reads besides its arguments are further inputs: parameters that require a gradient get one.
    """

    def __init__(self, function: Callable[..., tuple[torch.Tensor, ...]]):
        self.function = function
        self.records: dict[Any, Recorded] = {}
        self.derivatives: dict[Any, Program] = {}
        self.batched: dict[Any, Program] = {}

    def record(self, xs: Sequence[torch.Tensor]) -> Recorded:
        """The record for arguments like `xs`."""
        key = tuple([(x.shape, x.dtype, x.device) for x in xs])
        found = self.records.get(key)
        if found is None:
            found = self.records[key] = record_function(self.function, xs, fresh=True)
            seal(_kept_by(found))
        return found

    def __call__(self, *xs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        if recorder() is not None and any(is_recorded(x) for x in xs):
            return self.function(*xs)  # becomes part of the recording
        if private.transforms_active():
            if any(private.is_wrapped(x) for x in xs):
                return tuple(_Apply.apply(self, None, len(xs), *xs))
            return tuple(self.run(self.record(xs), xs))
        record = self.record(xs)
        if torch.is_grad_enabled():
            if record.captured:
                parameters = [x for x in record.captured if x.requires_grad]
                if parameters or is_differentiated(xs):
                    return tuple(_Apply.apply(self, parameters, len(xs), *xs, *parameters))
            elif is_differentiated(xs):
                return tuple(_Apply.apply(self, [], len(xs), *xs))
        return tuple(self.run(record, xs))

    def run(self, record: Recorded, xs: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
        """Results without derivatives.  Programs take arrays in row-major order."""
        args = [x if x.is_contiguous() else x.contiguous() for x in (*xs, *record.captured)]
        return run_part(record, args)

    def derivative(self, captured: Sequence[torch.Tensor], count: int, needs: tuple[bool, ...]) -> Program:
        """The pull-back by the arguments and captured values that are needed."""
        key = (tuple(map(id, captured)), needs)
        found = self.derivatives.get(key)
        if found is None:
            found = self.derivatives[key] = Program(_deriving(pull_back_of(self.function, captured, count, needs, ())))
        return found

    def over(self, axes: tuple[Any, ...]) -> Program:
        """The program for all items along axes of the arguments."""
        found = self.batched.get(axes)
        if found is None:
            function = self.function
            found = self.batched[axes] = Program(lambda *xs: torch.func.vmap(function, in_dims=axes)(*xs))
        return found


def _kept_by(record: Recorded) -> list[torch.Tensor]:
    """What the parts of a record have captured: they take it for their derivatives, where others stand in its place."""
    found = list(record.captured)
    for part in record.parts:
        found += part.captured if hasattr(part, "captured") else ()
        for inner in getattr(part, "parts", None) or [getattr(part, "part", None)]:
            found += _kept_by(inner) if isinstance(inner, Recorded) else ()
    return found


def is_deriving() -> bool:
    """Whether a function is being recorded again for its derivative."""
    return STATE.deriving > 0


def _deriving(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*xs: Any) -> Any:
        STATE.deriving += 1
        try:
            return function(*xs)
        finally:
            STATE.deriving -= 1

    return call


class _Apply(torch.autograd.Function):
    """A call of a program that derivatives go through; the forward computation is repeated for them, not kept."""

    @staticmethod
    def forward(program: Program, parameters: Any, count: int, *xs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        own = xs[:count]
        return tuple(program.run(program.record(own), own))

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.program, ctx.parameters, ctx.count = inputs[:3]
        ctx.floats = [moves(o) for o in output]
        ctx.save_for_backward(*inputs[3:])

    @staticmethod
    def backward(ctx: Any, *cotangents: Any) -> Any:
        saved = ctx.saved_tensors
        needs = tuple([n and moves(x) for n, x in zip(ctx.needs_input_grad[3:], saved, strict=True)])
        given = [turned(c) for c, f in zip(cotangents, ctx.floats, strict=True) if f]
        derivative = ctx.program.derivative(ctx.parameters or (), ctx.count, needs)
        grads = iter(derivative(*saved, *given))
        return None, None, None, *[turned(next(grads)) if n else None for n in needs]

    @staticmethod
    def vmap(  # pyright: ignore[reportIncompatibleMethodOverride]  # with names instead of one tuple
        info: Any, dims: Any, program: Program, parameters: Any, count: int, *xs: torch.Tensor
    ) -> Any:
        if parameters:
            raise NotImplementedError("vmap over a compiled function with parameters that require a gradient.")
        axes = tuple(dims[3:])
        try:
            outputs = program.over(axes)(*xs)
        except NotMapped:
            if recorder() is not None:
                raise
            outputs = torch.func.vmap(program.function, in_dims=axes)(
                *xs
            )  # each step by itself, as long as any item goes on
        return tuple(outputs), (0,) * len(outputs)
