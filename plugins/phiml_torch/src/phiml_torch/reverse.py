"""The derivative of a loop whose number of steps is known when it runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from .control import Unbounded
from .derivative import moves, pull_back_of
from .opaque import Kernel, run_part
from .record import record_function

__all__ = ["Reverse"]


class Reverse(Kernel):
    """Repeats the loop, keeps the state before each step, and pulls cotangents of the last state back through all steps.

    Args:
        loop: has `body(i, *state)` and its recorded `part`.
        xs: number of steps, state, and what the loop has captured.
        needs: whether the gradient by each of `xs` is wanted.
    """

    def __init__(self, loop: Any, xs: Sequence[torch.Tensor], needs: Sequence[bool]):
        self.loop, self.width, self.total = loop, loop.width, len(xs)
        state, captured = xs[1 : 1 + loop.width], xs[1 + loop.width :]
        self.follows = [moves(x) for x in state]
        self.wanted = [n and moves(x) for x, n in zip(captured, needs[1 + loop.width :], strict=True)]
        self.returns = [n for x, n in zip(state, needs[1 : 1 + loop.width], strict=True) if moves(x)]
        self.moving = sum(self.follows)
        back = pull_back_of(
            loop.body, loop.captured, loop.width + 1, [False, *self.follows, *self.wanted], loop.part.before
        )
        ends = [x for x, f in zip(state, self.follows, strict=True) if f]
        index = torch.zeros((), dtype=torch.int32)
        self.part = record_function(back, (index, *state, *captured, *ends), fresh=True)
        self.captured = self.part.captured
        kept = [(tuple(x.shape), x.dtype) for x, r in zip(ends, self.returns, strict=True) if r]
        self.sizes = [*kept, *[(tuple(x.shape), x.dtype) for x, w in zip(captured, self.wanted, strict=True) if w]]

    def run(self, xs: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
        count, state = int(xs[0]), list(xs[1 : 1 + self.width])
        captured = xs[1 + self.width : self.total]
        slopes = [x.clone() for x in xs[self.total : self.total + self.moving]]
        others = xs[self.total + self.moving :]
        for_body = [captured[k] for k in self.loop.places[0]]
        befores = []
        for i in range(count):
            befores.append(state)
            step = torch.tensor(i, dtype=torch.int32)
            state = list(run_part(self.loop.part, [step, *state, *for_body]))[: self.width]
        sums = [torch.zeros_like(x) for x, w in zip(captured, self.wanted, strict=True) if w]
        for i in reversed(range(count)):
            step = torch.tensor(i, dtype=torch.int32)
            grads = run_part(self.part, [step, *befores[i], *captured, *slopes, *others])
            slopes = list(grads[: self.moving])
            sums = [a + g for a, g in zip(sums, grads[self.moving :], strict=True)]
        return [*[g for g, r in zip(slopes, self.returns, strict=True) if r], *sums]

    def pull_back(self, xs: Any, outputs: Any, cotangents: Any, needs: Any) -> Sequence[Any]:
        raise Unbounded
