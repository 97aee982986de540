"""Branches and loops of traced code.  Eagerly Python branches and loops, on values."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
from phiml_core.backend.dtype import DType

from .tensors import SymbolicTensor, dtype_of, sizes_of

__all__ = ["cond", "eval_shape", "fori_loop", "scan", "while_loop"]

State = tuple[Any, ...]


def cond(predicate: Any, on_true: Callable[..., Any], on_false: Callable[..., Any], args: State) -> State:
    """`on_true(*args)` or `on_false(*args)`; the predicate is symbolic."""

    def branch(function: Callable[..., Any]) -> Callable[[], list[Any]]:
        return lambda: [tf.convert_to_tensor(o) for o in function(*args)]

    found = tf.cond(predicate, branch(on_true), branch(on_false))
    return tuple(found) if isinstance(found, (tuple, list)) else (found,)


def while_loop(condition: Callable[..., Any], body: Callable[..., Any], state: State) -> State:
    """Repeat `body` on the state while `condition(*state)` holds."""
    first = condition(*state)
    if not any(isinstance(x, SymbolicTensor) for x in (first, *state)):
        while bool(first):
            state = tuple(body(*state))
            first = condition(*state)
        return tuple(state)
    return _loop(condition, body, state, None)


def _loop(condition: Callable[..., Any], body: Callable[..., Any], state: Sequence[Any], most: int | None) -> State:
    """A loop of the graph; with `most` steps known XLA can also compute its derivative."""
    if not state:
        return ()
    found = tf.while_loop(
        condition, lambda *s: [*body(*s)], [_tensor(s) for s in state], maximum_iterations=most, parallel_iterations=1
    )
    return tuple(found)


def _tensor(x: Any) -> Any:
    return x if isinstance(x, tf.TensorArray) else tf.convert_to_tensor(x)


def fori_loop(count: Any, body: Callable[..., Any], state: State) -> State:
    """`state = body(i, *state)` for i = 0 … count-1, as a loop of the graph."""
    most = count if isinstance(count, int) else None
    last = tf.constant(count, tf.int32) if most is not None else tf.cast(count, tf.int32)
    start = tf.constant(0, tf.int32)
    found = _loop(lambda i, *s: i < last, lambda i, *s: (i + 1, *body(i, *s)), (start, *state), most)
    return found[1:]


def scan(body: Callable[..., Any], state: State, count: int) -> tuple[State, State]:
    """`state, out = body(i, *state)` for i = 0 … count-1; the outs stacked along a new first axis."""
    start = tf.constant(0, tf.int32)
    shapes = _results(lambda *xs: body(*xs)[1], (start, *state))
    arrays = [tf.TensorArray(o.dtype, size=count, element_shape=o.shape) for o in shapes]

    def step(i: Any, *all_: Any) -> tuple[Any, ...]:
        new, outs = body(i, *all_[: len(state)])
        kept = [a.write(i, o) for a, o in zip(all_[len(state) :], outs, strict=True)]
        return (i + 1, *new, *kept)

    found = _loop(lambda i, *s: i < count, step, (start, *state, *arrays), count)[1:]
    return found[: len(state)], tuple([a.stack() for a in found[len(state) :]])


def _results(function: Callable[..., Any], args: State) -> list[Any]:
    """The symbolic results of a function, in a graph that is thrown away."""
    with tf.__internal__.FuncGraph("shape").as_default():
        inputs = [tf.compat.v1.placeholder(x.dtype, x.shape) for x in args]
        return [tf.convert_to_tensor(o) for o in function(*inputs)]


def eval_shape(function: Callable[..., Any], args: State) -> tuple[tuple[tuple[int, ...], DType], ...]:
    """Sizes and types of `function(*args)` without computing it."""
    return tuple([(sizes_of(o), dtype_of(o)) for o in _results(function, args)])
