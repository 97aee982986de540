"""Branches, loops and calls of Python code inside recorded functions: parts that are recorded by themselves.

What PyTorch offers for this (`torch.cond`, `torch.while_loop`) has wrong derivatives or none.  Here a part is an opaque operator over
recorded functions, and its derivative is another such part, to any order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from phiml_core.backend import NoGradient

from .derivative import invoke, moves, pull_back_of
from .opaque import Kernel, run_part
from .record import Recorded, record_function

__all__ = ["Unbounded", "again", "branch", "host", "repeat", "repeat_while"]

Function = Callable[..., Any]


class Unbounded(NoGradient):
    """The reverse derivative of a loop whose number of steps is known only when it runs."""

    def __init__(self) -> None:
        super().__init__(
            "A loop whose number of steps depends on values has no reverse derivative in compiled code.  Use fori_loop or iterate "
            "with a fixed number of steps, or custom_gradient around the loop."
        )


class HostGradient(NoGradient):
    """The derivative of Python code."""

    def __init__(self) -> None:
        super().__init__("A callback to Python code has no derivative.  Put custom_gradient around it.")


def _union(*parts: Recorded) -> tuple[list[torch.Tensor], list[list[int]]]:
    """What several parts have captured, each once, and where each part finds its own."""
    found: dict[int, int] = {}
    values: list[torch.Tensor] = []
    places = []
    for part in parts:
        mine = []
        for x in part.captured:
            if id(x) not in found:
                found[id(x)] = len(values)
                values.append(x)
            mine.append(found[id(x)])
        places.append(mine)
    return values, places


def _cotangents(cotangents: Sequence[Any], outputs: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Cotangents of the outputs that have derivatives, zeros where none came."""
    return [torch.zeros_like(o) if c is None else c for c, o in zip(cotangents, outputs, strict=True) if moves(o)]


def _spread(grads: Sequence[Any], needs: Sequence[bool]) -> list[Any]:
    stream = iter(grads)
    return [next(stream) if n else None for n in needs]


# --- branches ---


class _Branch(Kernel):
    def __init__(self, functions: tuple[Function, Function], args: Sequence[torch.Tensor]):
        self.functions = functions
        self.parts = tuple([record_function(f, args, fresh=True) for f in functions])
        if self.parts[0].sizes != self.parts[1].sizes:
            raise TypeError(f"The branches return different arrays: {self.parts[0].sizes} and {self.parts[1].sizes}.")
        self.sizes, self.count = self.parts[0].sizes, len(args)
        self.captured, self.places = _union(*self.parts)

    def run(self, xs: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
        i = 0 if xs[0] else 1
        own = self.count + 1
        return run_part(self.parts[i], [*xs[1:own], *[xs[own + k] for k in self.places[i]]])

    def pull_back(self, xs: Any, outputs: Any, cotangents: Any, needs: Any) -> Sequence[Any]:
        backs = [
            pull_back_of(f, self.captured, self.count, needs[1:], part.before)
            for f, part in zip(self.functions, self.parts, strict=True)
        ]
        grads = branch(xs[0], backs[0], backs[1], (*xs[1:], *_cotangents(cotangents, outputs)))
        return [None, *_spread(grads, needs[1:])]


def branch(
    predicate: torch.Tensor, on_true: Function, on_false: Function, args: Sequence[torch.Tensor]
) -> tuple[Any, ...]:
    """`on_true(*args)` or `on_false(*args)`, by a value known when the recorded function runs."""
    kernel = _Branch((on_true, on_false), args)
    return invoke(kernel, (predicate, *args, *kernel.captured))


# --- parts that are computed again for their derivative ---


class _Again(Kernel):
    def __init__(self, function: Function, args: Sequence[torch.Tensor]):
        self.function, self.count = function, len(args)
        self.part = record_function(function, args, fresh=True)
        self.captured, self.sizes = self.part.captured, self.part.sizes

    def run(self, xs: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
        return run_part(self.part, list(xs))

    def pull_back(self, xs: Any, outputs: Any, cotangents: Any, needs: Any) -> Sequence[Any]:
        back = pull_back_of(self.function, self.captured, self.count, needs, self.part.before)
        return _spread(again(back, (*xs, *_cotangents(cotangents, outputs))), needs)


def again(function: Function, args: Sequence[torch.Tensor]) -> tuple[Any, ...]:
    """`function(*args)`, of which a derivative keeps arguments and captured values only."""
    kernel = _Again(function, args)
    return invoke(kernel, (*args, *kernel.captured))


# --- loops with a fixed number of steps ---


class _Repeat(Kernel):
    """`state, outs = body(i, *state)` for a number of steps; outs, and on demand the states before each step, are stacked."""

    def __init__(self, body: Function, state: Sequence[torch.Tensor], count: int, keep: bool):
        self.body, self.count, self.keep, self.width = body, count, keep, len(state)
        index = torch.zeros((), dtype=torch.int32)
        self.part = record_function(lambda i, *s: _flat(body(i, *s)), (index, *state), fresh=True)
        self.captured = self.part.captured
        before = [(tuple(x.shape), x.dtype) for x in state] if keep else []
        stacked = [((count, *shape), dtype) for shape, dtype in (*self.part.sizes[self.width :], *before)]
        self.sizes = [*self.part.sizes[: self.width], *stacked]

    def run(self, xs: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
        state, captured = list(xs[: self.width]), xs[self.width :]
        device = state[0].device if state else torch.device("cpu")
        stacked = [torch.empty(shape, dtype=dtype, device=device) for shape, dtype in self.sizes[self.width :]]
        outs = len(self.part.sizes) - self.width
        for i in range(self.count):
            if self.keep:
                for row, x in zip(stacked[outs:], state, strict=True):
                    row[i] = x
            result = run_part(self.part, [torch.tensor(i, dtype=torch.int32), *state, *captured])
            state = list(result[: self.width])
            for row, x in zip(stacked, result[self.width :]):
                row[i] = x
        if not self.count:
            state = [x.clone() for x in state]
        return [*state, *stacked]

    def pull_back(self, xs: Any, outputs: Any, cotangents: Any, needs: Any) -> Sequence[Any]:
        width, count = self.width, self.count
        outs = len(self.part.sizes) - width
        assert self.keep
        state, captured = xs[:width], xs[width:]
        befores = outputs[width + outs :]
        float_state = [moves(x) for x in state]
        wanted = [n for n in needs[width:]]
        back = pull_back_of(
            lambda i, *s: _flat(self.body(i, *s)),
            self.captured,
            width + 1,
            [False, *float_state, *wanted],
            self.part.before,
        )
        ends = _cotangents(cotangents[:width], outputs[:width])
        rows = _cotangents(cotangents[width : width + outs], outputs[width : width + outs])
        kept = [c for c, o in zip(cotangents[width + outs :], befores, strict=True) if moves(o)]
        sums = [torch.zeros_like(x) for x, n in zip(captured, wanted, strict=True) if n]
        moving = len(ends)

        def step(j: torch.Tensor, *carry: torch.Tensor) -> tuple[tuple[torch.Tensor, ...], tuple[Any, ...]]:
            i = count - 1 - j
            here = [_row(x, i) for x in befores]
            grads = back(i, *here, *captured, *carry[:moving], *[_row(r, i) for r in rows])
            slopes = [g if k is None else g + _row(k, i) for g, k in zip(grads[:moving], kept, strict=True)]
            return (*slopes, *[a + g for a, g in zip(carry[moving:], grads[moving:], strict=True)]), ()

        final, _ = repeat(step, (*ends, *sums), count)
        grads = [*_spread(final[:moving], float_state), *_spread(final[moving:], wanted)]
        return [g if n else None for g, n in zip(grads, needs, strict=True)]


def _flat(result: Any) -> tuple[Any, ...]:
    state, outs = result
    return (*state, *outs)


def _row(x: torch.Tensor, i: torch.Tensor) -> torch.Tensor:
    return torch.index_select(x, 0, i.reshape(1)).reshape(x.shape[1:])


def repeat(body: Function, state: Sequence[torch.Tensor], count: int) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """`state, outs = body(i, *state)` for i = 0 … count-1; the outs stacked along a new first axis."""
    width = len(state)
    kernel = _Repeat(body, state, count, keep=False)
    from .derivative import is_differentiated
    from .substitution import substituted

    if is_differentiated(substituted((*state, *kernel.captured))):
        kernel = _Repeat(body, state, count, keep=True)
    results = invoke(kernel, (*state, *kernel.captured))
    return results[:width], results[width : len(kernel.part.sizes)]


# --- loops with an unknown number of steps ---


class _While(Kernel):
    """Steps while a condition holds, or a number of times known when the loop runs."""

    def __init__(self, condition: Function | None, body: Function, state: Sequence[torch.Tensor]):
        index = () if condition is not None else (torch.zeros((), dtype=torch.int32),)
        self.body, self.width, self.condition = body, len(state), None
        self.part = record_function(body, (*index, *state), fresh=True)
        parts = [self.part]
        if condition is not None:
            self.condition = record_function(lambda *s: (condition(*s),), state)
            parts.append(self.condition)
        self.captured, self.places = _union(*parts)
        self.sizes = self.part.sizes

    def run(self, xs: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
        lead = 0 if self.condition is not None else 1
        start = state = list(xs[lead : lead + self.width])
        captured = xs[lead + self.width :]
        for_body = [captured[k] for k in self.places[0]]
        if self.condition is None:
            for i in range(int(xs[0])):
                state = list(run_part(self.part, [torch.tensor(i, dtype=torch.int32), *state, *for_body]))
        else:
            for_condition = [captured[k] for k in self.places[1]]
            while run_part(self.condition, [*state, *for_condition])[0]:
                state = list(run_part(self.part, [*state, *for_body]))
        return [x.clone() for x in state] if state is start else state

    def pull_back(self, xs: Any, outputs: Any, cotangents: Any, needs: Any) -> Sequence[Any]:
        if self.condition is not None:
            raise Unbounded
        from .reverse import Reverse

        kernel = Reverse(self, xs, needs)
        grads = invoke(kernel, (*xs, *_cotangents(cotangents, outputs), *kernel.captured))
        return _spread(grads, needs)


def repeat_while(condition: Function, body: Function, state: Sequence[torch.Tensor]) -> tuple[Any, ...]:
    """`state = body(*state)` while `condition(*state)` holds."""
    kernel = _While(condition, body, state)
    return invoke(kernel, (*state, *kernel.captured))


def repeat_some(count: torch.Tensor, body: Function, state: Sequence[torch.Tensor]) -> tuple[Any, ...]:
    """`state = body(i, *state)` a number of times that is known when the recorded function runs."""
    kernel = _While(None, body, state)
    return invoke(kernel, (count, *state, *kernel.captured))


# --- Python code ---


class _Host(Kernel):
    def __init__(self, function: Function, sizes: Sequence[tuple[tuple[int, ...], torch.dtype]]):
        self.function, self.sizes = function, sizes

    def run(self, xs: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
        import numpy as np

        found = self.function(*[x.detach().cpu().numpy() for x in xs])
        device = xs[0].device if xs else torch.device("cpu")
        return [
            torch.from_numpy(np.array(o)).to(device=device, dtype=dtype)
            for o, (_, dtype) in zip(found, self.sizes, strict=True)
        ]

    def pull_back(self, xs: Any, outputs: Any, cotangents: Any, needs: Any) -> Sequence[Any]:
        raise HostGradient


def host(function: Function, sizes: Any, args: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """`function` of NumPy arrays, called when the recorded function runs."""
    return invoke(_Host(function, sizes), args)
