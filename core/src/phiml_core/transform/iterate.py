"""Repeating a step: as a Python loop, or in compiled chunks, with trajectory and progress bar."""

import builtins
import time
from collections.abc import Callable, Iterable
from typing import Any

from phiml_core.ops.create import wrap
from phiml_core.ops.join import concat, stack
from phiml_core.ops.slicing import slice_
from phiml_core.shape import Shape, ShapeError
from phiml_core.tree.flatten import flatten
from phiml_core.tree.tree import tree_map

from .boundary import backend_for
from .branch import cond, predicate
from .jit import JitFunction, jit_compile
from .loop import State, fori_loop, is_known, scan
from .progress import bar_of

__all__ = ["iterate"]

_FIRST_CHUNK = 4
_MANY_CHUNKS = 16
_CHUNK_SECONDS = 0.25


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
    dim = iterations if isinstance(iterations, Shape) else None
    if dim is not None and (dim.rank != 1 or dim.size is None):
        raise ShapeError(f"iterate needs a number of steps or one dim with a size, e.g. batch(time=100), not {dim}.")
    count = int(dim.size) if dim is not None else _whole(iterations)  # type: ignore[arg-type]
    leaves: list[Any] = []
    backend = backend_for(flatten((x0, kwargs), leaves))

    def step(*state: Any) -> State:
        for _ in builtins.range(substeps):
            state = _state(map_function(*state, **kwargs), state)
        return state

    if backend.any_traced(leaves) or (checkpoint and measure is None and dim is None):
        return _in_trace(step, x0, count, dim, until, checkpoint)
    bar = bar_of(progress, range, count)
    try:
        begins = all([x is not None for x in x0])  # else the first step makes a structure that later ones keep
        if isinstance(map_function, JitFunction) and backend.can_jit and measure is None and begins:
            return _in_chunks(map_function, x0, kwargs, count, dim, bar, chunk, substeps, until)
        return _in_python(step, x0, count, dim, bar, measure, until, checkpoint)
    finally:
        bar.close()


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


def _state(result: Any, before: State) -> State:
    """What a step returned, as a tuple; one value may be returned as it is."""
    if result is None and any(x is not None for x in before):
        raise TypeError("The function given to iterate returned None.  Return the new state, one value or a tuple.")
    if isinstance(result, tuple) and (len(before) != 1 or len(result) == 1):
        return result
    return (result,)


def _result(state: State) -> Any:
    return state[0] if len(state) == 1 else state


def _in_trace(
    step: Callable[..., State], x0: State, count: int, dim: Shape | None, until: Any, checkpoint: bool
) -> Any:
    if dim is None:
        if until is None:
            return _result(fori_loop(count, lambda i, *s: step(*s), x0, checkpoint))
        last = fori_loop(count, lambda i, *s: guarded(step, until)(*s), guard(until, x0), checkpoint)
        return _result(last[2:])
    if count == 0:
        return _result(_trajectory([x0], dim))
    if until is None:
        _, states = scan(lambda i, *s: step(*s), x0, count, dim, checkpoint)
    else:
        _, states = scan(lambda i, *s: guarded(step, until)(*s), guard(until, x0), count, dim, checkpoint)
        states = states[2:]
    return _result(_with_start(x0, [states], dim))


def guard(until: Callable[..., Any], x0: State) -> State:
    """The state of a loop that may stop early: whether it has, the number of steps taken, and the state proper."""
    return (_holds(until, x0), wrap(0), *x0)


def guarded(step: Callable[..., State], until: Callable[..., Any]) -> Callable[..., State]:
    """A step that does nothing once the loop has stopped."""

    def advance(taken: Any, *state: Any) -> State:
        new = step(*state)
        return (_holds(until, new), taken + 1, *new)

    return lambda stopped, taken, *state: cond(
        stopped, lambda taken, *s: (wrap(True), taken, *s), advance, taken, *state
    )


def _holds(until: Callable[..., Any], state: State) -> Any:
    found = predicate(until(*state))
    return wrap(found) if isinstance(found, bool) else found


def _trajectory(states: list[State], dim: Shape) -> State:
    """States along a new dim.  A value that only the first step makes, from None, begins after it."""
    columns = [[v for v in column if v is not None] for column in zip(*states, strict=True)]
    return tuple([stack(column, dim.with_size(len(column))) if column else None for column in columns])


def _with_start(x0: State, pieces: list[State], dim: Shape) -> State:
    """One trajectory from the initial state and the trajectories of chunks."""
    rows = [_trajectory([x0], dim), *pieces]
    return tuple(
        [tree_map(lambda *parts: concat(list(parts), dim.name), *column) for column in zip(*rows, strict=True)]
    )


def _in_python(
    step: Any, x0: State, count: int, dim: Shape | None, bar: Any, measure: Any, until: Any, checkpoint: bool
) -> Any:
    states, times, state = [x0], [], x0
    for i in range(count):
        if until is not None:
            stop = predicate(until(*state))
            if not isinstance(stop, bool) and i == 0:
                return _in_trace(step, x0, count, dim, until, checkpoint)
            if stop:
                break
        start = measure() if measure else None
        state = step(*state)
        if i == 0 and not is_known(state):  # a transform is tracing what the step reads besides
            return _in_trace(step, x0, count, dim, until, checkpoint)
        if measure:
            _wait(state)
            times.append(measure() - start)
        if dim is not None:
            states.append(state)
        bar.update(1)
    if dim is not None:
        state = _trajectory(states, dim)
    if not measure:
        return _result(state)
    measured = stack([wrap(t) for t in times], dim.with_size(len(times))) if dim is not None and times else sum(times)
    return (*state, measured)


def _in_chunks(
    compiled: JitFunction[..., Any],
    x0: State,
    kwargs: dict[str, Any],
    count: int,
    dim: Shape | None,
    bar: Any,
    chunk: int | None,
    substeps: int,
    until: Any,
) -> Any:
    run = _chunk_program(compiled, substeps, dim, until)
    static = {k: v for k, v in kwargs.items() if k in compiled.auxiliary_args}
    varying = {k: v for k, v in kwargs.items() if k not in compiled.auxiliary_args}
    extra = 2 if until is not None else 0
    state, done, size = guard(until, x0) if until is not None else x0, 0, chunk or _FIRST_CHUNK
    pieces: list[State] = []
    while done < count and not (extra and bool(state[0])):
        n = min(size, count - done)
        start, traces = time.perf_counter(), run.traces
        if dim is None:
            state = run(n, state, varying, static)
        else:
            state, piece = run(n, state, varying, static)
            taken = int(state[1]) - done if extra else n
            pieces.append(piece[extra:] if taken == n else slice_(piece[extra:], {dim.name: slice(0, taken)}))
        done += n
        _wait(state)  # here Python has its turn: Ctrl-C, progress
        bar.update(n)
        quick = time.perf_counter() - start < _CHUNK_SECONDS / 2 or run.traces > traces
        if chunk is None and dim is None and quick:
            size *= 2
    return _result(state[extra:] if dim is None else _with_start(x0, pieces, dim))


def _wait(state: State) -> None:
    leaves: list[Any] = []
    structure = flatten(state, leaves)
    for leaf, x in zip(structure.leaf_structures(), leaves, strict=True):
        leaf.spec.backend.block_until_ready(x)


def _chunk_program(
    compiled: JitFunction[..., Any], substeps: int, dim: Shape | None, until: Any
) -> JitFunction[..., Any]:
    """The compiled loop over steps of a compiled function, kept with it."""
    programs, key = compiled._chunks, (substeps, dim and (dim.names, dim.types), *([until] if until else ()))
    if key in programs:
        return programs[key]
    function = compiled.function

    def steps(state: State, kwargs: dict[str, Any]) -> State:
        def several(*state: Any) -> State:
            for _ in range(substeps):
                state = _state(function(*state, **kwargs), state)
            return state

        return several(*state) if until is None else guarded(several, until)(*state)

    def run(n: Any, state: State, kwargs: dict[str, Any], static: dict[str, Any]) -> Any:
        if dim is not None:
            return scan(lambda i, *s: steps(s, kwargs | static), state, n, dim)
        return fori_loop(n, lambda i, *s: steps(s, kwargs | static), state)

    run.__name__ = f"steps of {compiled.__name__}"
    run.made_of = function  # type: ignore[attr-defined]
    if len(programs) >= _MANY_CHUNKS:  # conditions that are made anew for each call
        programs.pop(next(iter(programs)))
    programs[key] = jit_compile(run, "static" if dim is None else "n,static")
    return programs[key]
