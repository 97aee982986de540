"""Functions and loops that are computed again for their derivatives, which thus keep arguments, states and captured values only.

TensorFlow's `recompute_grad` has no derivatives by captured tensors, and its derivatives of loops keep all that steps compute.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from . import control
from .derivative import differentiable
from .internals import any_tape, is_recorded, recording, stop_recording, variables_of, with_derivative

__all__ = ["checkpoint", "checkpointed_loop"]

Function = Callable[..., Sequence[Any]]
State = Sequence[Any]


def checkpoint(function: Function) -> Function:
    """`function` of flat tensors, computed again for derivatives, eagerly and in graphs."""

    def call(*args: Any) -> tuple[Any, ...]:
        xs = [tf.convert_to_tensor(x) for x in args]
        if not any_tape():
            return tuple(function(*xs))
        captured = _captured(function, xs)
        xs = [tf.raw_ops.Identity(input=x) for x in xs]
        with stop_recording():
            results = [tf.convert_to_tensor(o) for o in function(*xs)]

        def pull_back(*cotangents: Any) -> list[Any]:
            slopes = _slopes(cotangents, results)
            return _spread(_derivative(function, captured, xs, slopes), (*xs, *captured))

        return tuple(with_derivative([*xs, *map(_here, captured)], results, pull_back))

    return call


def checkpointed_loop(count: int, body: Function, state: State) -> tuple[Any, ...]:
    """`state = body(i, *state)` for i = 0 … count-1, of which derivatives keep about 2 √count states."""
    state = [tf.convert_to_tensor(x) for x in state]
    if not any_tape() or count < 1:
        return _plain(count, body, state)
    captured = _captured(body, (tf.constant(0, tf.int32), *state))
    size = math.isqrt(count - 1) + 1

    def segment(first: Any, steps: int, state: State) -> tuple[Any, ...]:
        return _loop(lambda i, *s: body(first + i, *s), state, steps, captured)

    state = _loop(lambda k, *s: segment(k * size, size, s), state, count // size, captured)
    return tuple(segment(count - count % size, count % size, state) if count % size else state)


def _plain(count: int, body: Function, state: State) -> tuple[Any, ...]:
    if tf.executing_eagerly():
        for i in range(count):
            state = body(tf.constant(i, tf.int32), *state)
        return tuple(state)
    return control.fori_loop(count, body, tuple(state))


def _loop(body: Function, state: State, count: int, captured: Sequence[Any] | None = None) -> tuple[Any, ...]:
    """A loop whose derivative keeps the state before each step and computes the step again."""
    if captured is None:
        captured = _captured(body, (tf.constant(0, tf.int32), *state)) if any_tape() else []
    here = list(map(_here, captured))
    xs = [tf.raw_ops.Identity(input=x) for x in state]
    if not any_tape() or not is_recorded([*xs, *here, *[x for x in captured if not isinstance(x, tf.Variable)]]):
        return _plain(count, body, xs)
    with stop_recording():
        results, befores = _with_states(body, xs, count)

    def pull_back(slopes: State, kept: Sequence[Any]) -> list[Any]:
        """From cotangents of the last state and of the states before each step, if any."""
        sums = [tf.zeros(x.shape, x.dtype) for x in here]
        moving = [i for i, x in enumerate(xs) if differentiable(x)]

        def step(j: Any, *carry: Any) -> tuple[Any, ...]:
            i = count - 1 - j
            grads = _derivative(body, captured, (i, *[_row(b, i) for b in followed]), carry[: len(moving)])
            more = [g + _row(kept[k], i) if kept else g for g, k in zip(grads[: len(moving)], moving, strict=True)]
            return (*more, *[a + g for a, g in zip(carry[len(moving) :], grads[len(moving) :], strict=True)])

        return _spread(_loop(step, (*slopes, *sums), count), (*xs, *here))

    # two operations, so that a first derivative needs no cotangents of the states before each step
    last = with_derivative([*xs, *here], list(results), lambda *cotangents: pull_back(_slopes(cotangents, results), ()))
    blank = lambda: [tf.zeros(x.shape, x.dtype) for x in xs if differentiable(x)]
    rows = with_derivative(
        [*xs, *here], [r for b in befores for r in b], lambda *kept: pull_back(blank(), _columns(kept, befores))
    )
    followed = _columns(rows, befores)
    return tuple(last)


def _with_states(body: Function, state: State, count: int) -> tuple[State, list[list[Any]]]:
    """The last state, and each part of the states before each step: stacked in graphs, eagerly one after the other."""
    if not tf.executing_eagerly():
        last, befores = control.scan(lambda i, *s: (tuple(body(i, *s)), s), tuple(state), count)
        return last, [[b] for b in befores]
    columns: list[list[Any]] = [[] for _ in state]
    for i in range(count):
        for column, x in zip(columns, state, strict=True):
            column.append(x)
        state = [tf.convert_to_tensor(x) for x in body(tf.constant(i, tf.int32), *state)]
    return state, columns


def _columns(rows: Sequence[Any], like: list[list[Any]]) -> list[Any]:
    """The states before each step by their parts: a stacked tensor, or a list."""
    stream = iter(rows)
    columns = [[next(stream) for _ in column] for column in like]
    return columns if tf.executing_eagerly() else [column[0] for column in columns]


def _row(column: Any, i: Any) -> Any:
    if not isinstance(column, list):
        return tf.gather(column, i)
    return column[int(i)] if tf.executing_eagerly() else tf.gather(tf.stack(column), i)


def _captured(function: Function, args: Sequence[Any]) -> list[Any]:
    """The tensors that a function reads besides its arguments and that have derivatives, and the variables that tapes watch."""
    with stop_recording(), tf.__internal__.FuncGraph("captured").as_default() as graph:
        inputs = [tf.compat.v1.placeholder(x.dtype, x.shape) for x in args]
        function(*inputs)
    found = [
        outer for outer, _ in graph.captures if outer.dtype not in (tf.resource, tf.variant) and differentiable(outer)
    ]
    variables = [v for v in variables_of(graph) if differentiable(v) and is_recorded([tf.convert_to_tensor(v)])]
    return [*found, *variables]


def _here(x: Any) -> Any:
    """A tensor as operations of this moment see it, or the value of a variable."""
    if isinstance(x, tf.Variable):
        return tf.convert_to_tensor(x)
    if tf.executing_eagerly():
        return x
    graph = tf.compat.v1.get_default_graph()
    return x if getattr(x, "graph", None) is graph else graph.capture(x)


def _is_link(x: Any) -> bool:
    """Whether tapes know that the symbol of a tensor in this graph stands for it."""
    with recording(), tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        symbol = _here(x)
    return tape.gradient(symbol, x) is not None


def _derivative(function: Function, captured: Sequence[Any], args: Sequence[Any], slopes: Sequence[Any]) -> list[Any]:
    """The derivatives by arguments and captured tensors, of those that have any."""
    xs = [tf.raw_ops.Identity(input=x) for x in args]
    # a captured tensor has two names in tapes: calls of functions take the tensor itself, operations the symbol that stands for it here
    here = [x if isinstance(x, tf.Variable) else _here(x) for x in captured]
    others = [x if y is not x and not _is_link(x) else None for x, y in zip(captured, here, strict=True)]
    here = [x if o is None else y for x, y, o in zip(captured, here, others, strict=True)]
    wrt = [x for x in (*xs, *here) if differentiable(x)]
    again = [None] * (len(wrt) - len(here)) + others
    with recording(), tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
        tape.watch([*wrt, *[x for x in others if x is not None]])
        outputs = [o for o in map(tf.convert_to_tensor, function(*xs)) if differentiable(o)]
    found = tape.gradient(outputs, wrt, output_gradients=list(slopes))
    more = iter(tape.gradient(outputs, [x for x in again if x is not None], output_gradients=list(slopes)))
    result = []
    for g, x, other in zip(found, wrt, again, strict=True):
        g = tf.zeros(x.shape, x.dtype) if g is None else tf.convert_to_tensor(g)
        h = None if other is None else next(more)
        result.append(g if h is None else g + h)  # pyright: ignore[reportOperatorIssue]
    return result


def _slopes(cotangents: Sequence[Any], results: Sequence[Any]) -> list[Any]:
    """Cotangents of the results that have derivatives, zeros where none came."""
    return [
        tf.zeros(o.shape, o.dtype) if c is None else tf.convert_to_tensor(c)
        for o, c in zip(results, cotangents, strict=True)
        if differentiable(o)
    ]


def _spread(found: Sequence[Any], values: Sequence[Any]) -> list[Any]:
    stream = iter(found)
    return [next(stream) if differentiable(x) else None for x in values]
