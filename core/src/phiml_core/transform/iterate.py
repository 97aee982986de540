"""Repeating a step: as a Python loop, as part of a transformed function, or in compiled chunks."""

import builtins
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from phiml_core.ops.create import wrap
from phiml_core.ops.join import stack
from phiml_core.shape import Shape, ShapeError
from phiml_core.tree.flatten import flatten

from .boundary import backend_for
from .branch import predicate
from .chunks import Chunks
from .jit import JitFunction
from .loop import fori_loop, is_known, scan
from .progress import bar_of
from .trajectory import State, result_of, state_of, trajectory, wait, with_start
from .until import guard, guarded, unguarded

__all__ = ["iterate"]


def iterate(
    map_function: Callable[..., Any],
    iterations: int | Shape,
    *x0: Any,
    f_kwargs: dict[str, Any] | None = None,
    range: Callable[[int], Iterable[int]] = builtins.range,
    measure: Callable[[], Any] | None = None,
    substeps: int = 1,
    progress: bool | Callable[[int, int], None] = False,
    chunk: int | None = None,
    until: Callable[..., Any] | None = None,
    checkpoint: bool = False,
    **f_kwargs_: Any,
) -> Any:
    """Call `x = map_function(*x)` again and again.

    A compiled `map_function` runs in compiled loops of many steps; between two of them Python has a turn, for the progress bar and for
    Ctrl-C.  Inside a compiled or differentiated function the whole iteration is one loop.

    Args:
        map_function: takes the state and `f_kwargs`, returns the new state (a tuple if there are several values).
        iterations: number of steps, or a dim such as `batch(time=100)`: then the result is the trajectory along it, from `x0` to the
            last state, so one longer than its size.
        x0: initial state.
        f_kwargs, f_kwargs_: further arguments of `map_function`, as a dict or by name.
        range: makes the iterator over the steps; `trange` of tqdm shows a progress bar.
        measure: called before and after each step; the differences are returned as an additional last value.
        substeps: steps of `map_function` per iteration.
        progress: show a progress bar, or call `progress(done, total)`.
        chunk: steps per compiled loop, by default as many as take about a quarter of a second.
        until: a function of the state; the iteration stops with the first state, from `x0` on, for which it holds.  Inside a compiled
            function, where sizes are fixed, the last state is repeated in the rest of a trajectory.
        checkpoint: where derivatives are taken, keep few states and compute steps again, see `fori_loop` and `scan`.

    Returns:
        The last state or the trajectory: one value, or a tuple if there are several.

    Raises:
        ShapeError: `iterations` is a shape, but not one dim with a size.
        TypeError: `iterations` is no whole number; `map_function` returns None, or changes the structure of the state in a compiled
            loop.
    """
    kwargs = {**(f_kwargs or {}), **f_kwargs_}
    dim, count = _counted(iterations)
    repeated = _Repeated(map_function, kwargs, substeps, count, dim, until, checkpoint)
    leaves: list[Any] = []
    backend = backend_for(flatten((x0, kwargs), leaves))
    if backend.any_traced(leaves) or (checkpoint and measure is None and dim is None):
        return repeated.in_one_loop(x0)
    bar = bar_of(progress, range, count)
    try:
        begins = all([x is not None for x in x0])  # else the first step makes a structure that later ones keep
        if isinstance(map_function, JitFunction) and backend.can_jit and measure is None and begins:
            return Chunks(map_function, kwargs, substeps, dim, until, chunk).run(x0, count, bar)
        return repeated.in_python(x0, bar, measure)
    finally:
        bar.close()


def _counted(iterations: Any) -> tuple[Shape | None, int]:
    """The dim of a trajectory, if one is asked for, and the number of steps."""
    if not isinstance(iterations, Shape):
        return None, _whole(iterations)
    if iterations.rank != 1 or iterations.size is None:
        raise ShapeError(
            f"iterate needs a number of steps or one dim with a size, e.g. batch(time=100), not {iterations}."
        )
    return iterations, int(iterations.size)


def _whole(iterations: Any) -> int:
    """A number of steps, from what Python takes for an index, or a float or tensor without fraction."""
    try:
        count = int(iterations)
    except (TypeError, ValueError):
        count = -1
    if count < 0 or count != iterations:
        raise TypeError(
            f"iterate needs a number of steps, e.g. 100, or a dim with a size, e.g. batch(time=100), not {iterations!r}."
        )
    return count


@dataclass(frozen=True)
class _Repeated:
    """A function that is repeated, see `iterate`."""

    function: Callable[..., Any]
    kwargs: dict[str, Any]
    substeps: int
    count: int
    dim: Shape | None
    until: Callable[..., Any] | None
    checkpoint: bool

    def step(self, *state: Any) -> State:
        """One iteration."""
        for _ in range(self.substeps):
            state = state_of(self.function(*state, **self.kwargs), state)
        return state

    def in_one_loop(self, x0: State) -> Any:
        """As part of a compiled or differentiated function."""
        dim, count, until = self.dim, self.count, self.until
        if dim is not None and count == 0:
            return result_of(trajectory([x0], dim))
        step, state = (self.step, x0) if until is None else (guarded(self.step, until), guard(until, x0))
        if dim is None:
            last = fori_loop(count, lambda i, *s: step(*s), state, self.checkpoint)
            return result_of(last if until is None else unguarded(last))
        _, states = scan(lambda i, *s: step(*s), state, count, dim, self.checkpoint)
        return result_of(with_start(x0, [states if until is None else unguarded(states)], dim))

    def in_python(self, x0: State, bar: Any, measure: Callable[[], Any] | None) -> Any:
        """Step by step."""
        states, times, state = [x0], [], x0
        for i in range(self.count):
            stop = self.until is not None and predicate(self.until(*state))
            if not isinstance(stop, bool) and i == 0:
                return self.in_one_loop(x0)
            if stop:
                break
            start = measure() if measure else None
            state = self.step(*state)
            if i == 0 and not is_known(state):  # a transform is tracing what the step reads besides
                return self.in_one_loop(x0)
            if measure:
                wait(state)
                times.append(measure() - start)
            if self.dim is not None:
                states.append(state)
            bar.update(1)
        if self.dim is not None:
            state = trajectory(states, self.dim)
        return (*state, self._total(times)) if measure else result_of(state)

    def _total(self, times: list[Any]) -> Any:
        """What was measured: of each step along the dim of the trajectory, else of all together."""
        if self.dim is None or not times:
            return sum(times)
        return stack([wrap(t) for t in times], self.dim.with_size(len(times)))
