"""Repeating a step: as a Python loop, or in compiled chunks, with trajectory and progress bar."""

import time
from collections.abc import Callable
from typing import Any

from phiml_core.ops.create import wrap
from phiml_core.ops.join import concat, stack
from phiml_core.shape import Shape, ShapeError
from phiml_core.tree.flatten import flatten
from phiml_core.tree.tree import tree_map

from .boundary import backend_for
from .jit import JitFunction, jit_compile
from .loop import State, fori_loop, is_known, scan

__all__ = ["iterate"]

_FIRST_CHUNK = 4
_CHUNK_SECONDS = 0.25


def iterate(
    map_function: Callable[..., Any],
    iterations: int | Shape,
    *x0: Any,
    f_kwargs: dict[str, Any] | None = None,
    measure: Callable[[], Any] | None = None,
    substeps: int = 1,
    progress: bool | Callable[[int, int], None] = False,
    chunk: int | None = None,
) -> Any:
    """Call `x = map_function(*x)` again and again.

    A compiled `map_function` runs in compiled loops of many steps; between two of them Python has a turn, for the progress bar and for
    Ctrl-C.  Inside a compiled or differentiated function the whole iteration is one loop.

    Args:
        map_function: takes the state and `f_kwargs`, returns the new state (a tuple if there are several values).
        iterations: number of steps, or a dim such as `batch(time=100)`: then the result is the trajectory along it, from `x0` to the
            last state, so one longer than its size.
        x0: initial state.
        f_kwargs: further arguments of `map_function`.
        measure: called before and after each step; the differences are returned as an additional last value.
        substeps: steps of `map_function` per iteration.
        progress: show a progress bar, or call `progress(done, total)`.
        chunk: steps per compiled loop, by default as many as take about a quarter of a second.

    Returns:
        The last state or the trajectory: one value, or a tuple if there are several.
    """
    kwargs = f_kwargs or {}
    dim = iterations if isinstance(iterations, Shape) else None
    if dim is not None and (dim.rank != 1 or dim.size is None):
        raise ShapeError(f"iterate needs a number of steps or one dim with a size, e.g. batch(time=100), not {dim}.")
    count = int(dim.size) if dim is not None else int(iterations)  # type: ignore[arg-type]
    leaves: list[Any] = []
    structure = flatten((x0, kwargs), leaves)
    backend = backend_for(structure)

    def step(*state: Any) -> State:
        for _ in range(substeps):
            state = _state(map_function(*state, **kwargs), state)
        return state

    if backend.any_traced(leaves):
        return _in_trace(step, x0, count, dim)
    bar = _bar(progress, count)
    try:
        if isinstance(map_function, JitFunction) and backend.can_jit and measure is None:
            return _in_chunks(map_function, x0, kwargs, count, dim, bar, chunk, substeps)
        return _in_python(step, x0, count, dim, bar, measure)
    finally:
        bar.close()


def _state(result: Any, before: State) -> State:
    """What a step returned, as a tuple; one value may be returned as it is."""
    if isinstance(result, tuple) and (len(before) != 1 or len(result) == 1):
        return result
    return (result,)


def _result(state: State) -> Any:
    return state[0] if len(state) == 1 else state


def _in_trace(step: Callable[..., State], x0: State, count: int, dim: Shape | None) -> Any:
    if dim is None:
        return _result(fori_loop(count, lambda i, *s: step(*s), x0))
    if count == 0:
        return _result(_trajectory([x0], dim))
    _, states = scan(lambda i, *s: step(*s), x0, count, dim)
    return _result(_with_start(x0, [states], dim))


def _trajectory(states: list[State], dim: Shape) -> State:
    along = dim.with_size(len(states))
    return tuple([stack(list(column), along) for column in zip(*states, strict=True)])


def _with_start(x0: State, pieces: list[State], dim: Shape) -> State:
    """One trajectory from the initial state and the trajectories of chunks."""
    rows = [_trajectory([x0], dim), *pieces]
    return tuple(
        [tree_map(lambda *parts: concat(list(parts), dim.name), *column) for column in zip(*rows, strict=True)]
    )


def _in_python(step: Any, x0: State, count: int, dim: Shape | None, bar: Any, measure: Any) -> Any:
    states, times, state = [x0], [], x0
    for i in range(count):
        start = measure() if measure else None
        state = step(*state)
        if i == 0 and not is_known(state):  # a transform is tracing what the step reads besides
            return _in_trace(step, x0, count, dim)
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
    measured = stack([wrap(t) for t in times], dim.with_size(count)) if dim is not None else sum(times)
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
) -> Any:
    run = _chunk_program(compiled, substeps, dim)
    static = {k: v for k, v in kwargs.items() if k in compiled.auxiliary_args}
    varying = {k: v for k, v in kwargs.items() if k not in compiled.auxiliary_args}
    state, done, size = x0, 0, chunk or _FIRST_CHUNK
    pieces: list[State] = []
    while done < count:
        n = min(size, count - done)
        start, traces = time.perf_counter(), run.traces
        if dim is None:
            state = run(n, state, varying, static)
        else:
            state, piece = run(n, state, varying, static)
            pieces.append(piece)
        done += n
        _wait(state)  # here Python has its turn: Ctrl-C, progress
        bar.update(n)
        quick = time.perf_counter() - start < _CHUNK_SECONDS / 2 or run.traces > traces
        if chunk is None and dim is None and quick:
            size *= 2
    return _result(state if dim is None else _with_start(x0, pieces, dim))


def _wait(state: State) -> None:
    leaves: list[Any] = []
    structure = flatten(state, leaves)
    for leaf, x in zip(structure.leaf_structures(), leaves, strict=True):
        leaf.spec.backend.block_until_ready(x)


def _chunk_program(compiled: JitFunction[..., Any], substeps: int, dim: Shape | None) -> JitFunction[..., Any]:
    """The compiled loop over steps of a compiled function, kept with it."""
    programs, key = compiled._chunks, (substeps, dim and (dim.names, dim.types))
    if key in programs:
        return programs[key]
    function = compiled.function

    def steps(state: State, kwargs: dict[str, Any]) -> State:
        for _ in range(substeps):
            state = _state(function(*state, **kwargs), state)
        return state

    def run(n: Any, state: State, kwargs: dict[str, Any], static: dict[str, Any]) -> Any:
        if dim is not None:
            return scan(lambda i, *s: steps(s, kwargs | static), state, n, dim)
        return fori_loop(n, lambda i, *s: steps(s, kwargs | static), state)

    run.__name__ = f"steps of {compiled.__name__}"
    programs[key] = jit_compile(run, "static" if dim is None else "n,static")
    return programs[key]


class _Silent:
    silent = True

    def update(self, n: int) -> None:
        pass

    def close(self) -> None:
        pass


class _Callback(_Silent):
    silent = False

    def __init__(self, function: Callable[[int, int], None], total: int):
        self.function, self.total, self.done = function, total, 0

    def update(self, n: int) -> None:
        self.done += n
        self.function(self.done, self.total)


def _bar(progress: Any, total: int) -> Any:
    if not progress:
        return _Silent()
    if progress is not True:
        return _Callback(progress, total)
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return _Callback(_print, total)
    return tqdm(total=total, unit="step")


def _print(done: int, total: int) -> None:
    print(f"\r{done}/{total} steps", end="\n" if done == total else "", flush=True)
