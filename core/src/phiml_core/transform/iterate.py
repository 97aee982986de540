"""Repeating a step: as a Python loop, or in compiled chunks, with trajectory and progress bar."""

import time
from collections.abc import Callable
from typing import Any

from phiml_core.backend.choose import default_backend
from phiml_core.shape import Shape, ShapeError
from phiml_core.tree.structure import flatten

from .boundary import backend_for, is_traced
from .jit import JitFunction, jit_compile
from .loop import fori_loop, scan

__all__ = ["iterate"]

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

    def step(*state: Any) -> tuple[Any, ...]:
        for _ in range(substeps):
            result = map_function(*state, **kwargs)
            state = result if isinstance(result, tuple) and (len(x0) != 1 or len(result) == 1) else (result,)
        return state

    if is_traced(leaves, structure):
        return _in_trace(step, x0, count, dim)
    bar = _bar(progress, count)
    try:
        if isinstance(map_function, JitFunction) and backend.can_jit and measure is None:
            return _in_chunks(map_function, step, x0, kwargs, count, dim, bar, chunk, substeps)
        return _in_python(step, x0, count, dim, bar, measure)
    finally:
        bar.close()


def _result(state: tuple[Any, ...]) -> Any:
    return state[0] if len(state) == 1 else state


def _in_trace(step: Callable[..., tuple[Any, ...]], x0: tuple[Any, ...], count: int, dim: Shape | None) -> Any:
    if dim is None:
        return _result(fori_loop(count, lambda i, *s: step(*s), x0))
    _, states = scan(lambda i, *s: step(*s), x0, count, dim)
    return _result(_with_start(x0, states, dim))


def _with_start(x0: tuple[Any, ...], states: tuple[Any, ...], dim: Shape) -> tuple[Any, ...]:
    from phiml_core.ops.join import concat, stack
    from phiml_core.tree import tree_map

    one = dim.with_size(1)
    return tuple(
        tree_map(lambda a, b: concat([stack([a], one), b], dim.name), a, b) for a, b in zip(x0, states, strict=True)
    )


def _in_python(step: Any, x0: tuple[Any, ...], count: int, dim: Shape | None, bar: Any, measure: Any) -> Any:
    from phiml_core.ops.create import wrap
    from phiml_core.ops.join import stack

    states, times, state = [x0], [], x0
    for _ in range(count):
        start = measure() if measure else None
        state = step(*state)
        if measure:
            times.append(measure() - start)
        if dim is not None:
            states.append(state)
        bar.update(1)
    if dim is not None:
        longer = dim.with_size(count + 1)
        state = tuple(stack(list(column), longer) for column in zip(*states, strict=True))
    if not measure:
        return _result(state)
    measured = stack([wrap(t) for t in times], dim.with_size(count)) if dim is not None else sum(times)
    return (*state, measured)


def _in_chunks(
    compiled: JitFunction[..., Any],
    step: Any,
    x0: Any,
    kwargs: Any,
    count: int,
    dim: Any,
    bar: Any,
    chunk: int | None,
    substeps: int,
) -> Any:
    from phiml_core.ops.join import concat
    from phiml_core.tree import tree_map

    run = _chunk_program(compiled, substeps, dim is not None)
    state, done, pieces = x0, 0, []
    size = chunk or (count if bar.silent else max(1, min(count, 4)))
    backend = default_backend()
    while done < count:
        n = min(size, count - done)
        start = time.perf_counter()
        if dim is None:
            state = run(n, state, kwargs)
        else:
            state, piece = run(n, state, kwargs, dim)
            pieces.append(piece)
        done += n
        if not bar.silent:
            _wait(state, backend)
        bar.update(n)
        if chunk is None and not bar.silent and dim is None and time.perf_counter() - start < _CHUNK_SECONDS / 2:
            size *= 2
    if dim is None:
        return _result(state)
    joined = tuple(tree_map(lambda *parts: concat(parts, dim.name), *column) for column in zip(*pieces, strict=True))
    return _result(_with_start(x0, joined, dim))


def _wait(state: Any, backend: Any) -> None:
    leaves: list[Any] = []
    structure = flatten(state, leaves)
    for leaf, x in zip(structure.leaf_structures(), leaves, strict=True):
        leaf.spec.backend.block_until_ready(x)


def _chunk_program(compiled: JitFunction[..., Any], substeps: int, trajectory: bool) -> JitFunction[..., Any]:
    """The compiled loop over steps of a compiled function, kept with it."""
    programs = compiled.__dict__.setdefault("_chunks", {})
    if (substeps, trajectory) in programs:
        return programs[substeps, trajectory]
    function = compiled.function

    def steps(state: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        single = len(state) == 1
        for _ in range(substeps):
            result = function(*state, **kwargs)
            state = result if isinstance(result, tuple) and not (single and len(result) != 1) else (result,)
        return state

    if trajectory:

        def run(n: Any, state: Any, kwargs: Any, dim: Any) -> Any:
            return scan(lambda i, *s: steps(s, kwargs), state, n, dim)

        program = jit_compile(run, auxiliary_args="n,dim")
    else:

        def run_all(n: Any, state: Any, kwargs: Any) -> Any:
            return fori_loop(n, lambda i, *s: steps(s, kwargs), state)

        program = jit_compile(run_all)
    programs[substeps, trajectory] = program
    return program


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
    if callable(progress):
        return _Callback(progress, total)
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return _Callback(_print, total)
    bar = tqdm(total=total, unit="step")
    bar.silent = False
    return bar


def _print(done: int, total: int) -> None:
    print(f"\r{done}/{total} steps", end="\n" if done == total else "", flush=True)
