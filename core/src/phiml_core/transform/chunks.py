"""Iterating a compiled function in compiled loops of many steps, between which Python has its turn."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from phiml_core.ops.slicing import slice_
from phiml_core.shape import Shape

from .jit import JitFunction, jit_compile
from .loop import fori_loop, scan
from .trajectory import State, result_of, state_of, wait, with_start
from .until import guard, guarded, unguarded

__all__ = ["Chunks"]

_FIRST_CHUNK = 4
_MANY_PROGRAMS = 16
_CHUNK_SECONDS = 0.25


@dataclass(frozen=True)
class Chunks:
    """A compiled function that is repeated; `size` steps per compiled loop, by default as many as take about a quarter of a second."""

    compiled: JitFunction[..., Any]
    kwargs: dict[str, Any]
    substeps: int
    dim: Shape | None
    until: Callable[..., Any] | None
    size: int | None

    def run(self, x0: State, count: int, bar: Any) -> Any:
        """The last state, or the trajectory, after up to `count` steps."""
        if self.dim is None:
            return result_of(self._last(x0, count, bar))
        return result_of(with_start(x0, self._pieces(x0, count, bar), self.dim))

    def _last(self, x0: State, count: int, bar: Any) -> State:
        state, done, size = self._begin(x0), 0, self.size or _FIRST_CHUNK
        while done < count and not self._stopped(state):
            n = min(size, count - done)
            start, traces = time.perf_counter(), self._program.traces
            state = self._call(n, state)
            done += n
            wait(state)  # here Python has its turn: Ctrl-C, progress
            bar.update(n)
            quick = time.perf_counter() - start < _CHUNK_SECONDS / 2 or self._program.traces > traces
            if self.size is None and quick:
                size *= 2
        return unguarded(state) if self.until else state

    def _pieces(self, x0: State, count: int, bar: Any) -> list[State]:
        """The trajectories of all loops, whose sizes are part of their program and so stay the same."""
        assert self.dim is not None
        pieces: list[State] = []
        state, done = self._begin(x0), 0
        while done < count and not self._stopped(state):
            n = min(self.size or _FIRST_CHUNK, count - done)
            state, piece = self._call(n, state)
            if self.until:
                taken, piece = int(state[1]) - done, unguarded(piece)
                piece = piece if taken == n else slice_(piece, {self.dim.name: slice(0, taken)})
            pieces.append(piece)
            done += n
            wait(state)
            bar.update(n)
        return pieces

    def _begin(self, x0: State) -> State:
        return guard(self.until, x0) if self.until else x0

    def _stopped(self, state: State) -> bool:
        return self.until is not None and bool(state[0])

    def _call(self, n: int, state: State) -> Any:
        auxiliary = self.compiled.auxiliary_args
        static = {k: v for k, v in self.kwargs.items() if k in auxiliary}
        varying = {k: v for k, v in self.kwargs.items() if k not in auxiliary}
        return self._program(n, state, varying, static)

    @property
    def _program(self) -> JitFunction[..., Any]:
        """The compiled loop, kept with the function that it repeats."""
        programs, dim = self.compiled._chunks, self.dim
        key = self.substeps, dim and (dim.names, dim.types), *([self.until] if self.until else ())
        if key not in programs:
            if len(programs) >= _MANY_PROGRAMS:  # conditions that are made anew for each call
                programs.pop(next(iter(programs)))
            run = _loop(self.compiled.function, self.substeps, dim, self.until)
            run.__name__ = f"steps of {self.compiled.__name__}"
            run.made_of = self.compiled.function  # type: ignore[attr-defined]
            programs[key] = jit_compile(run, "static" if dim is None else "n,static")
        return programs[key]


def _loop(function: Callable[..., Any], substeps: int, dim: Shape | None, until: Any) -> Callable[..., Any]:
    """A function of a number of steps, the state and the arguments of `function`: the state after these, and if `dim` is given all."""

    def steps(state: State, kwargs: dict[str, Any]) -> State:
        def several(*state: Any) -> State:
            for _ in range(substeps):
                state = state_of(function(*state, **kwargs), state)
            return state

        return several(*state) if until is None else guarded(several, until)(*state)

    def run(n: Any, state: State, kwargs: dict[str, Any], static: dict[str, Any]) -> Any:
        if dim is not None:
            return scan(lambda i, *s: steps(s, kwargs | static), state, n, dim)
        return fori_loop(n, lambda i, *s: steps(s, kwargs | static), state)

    return run
