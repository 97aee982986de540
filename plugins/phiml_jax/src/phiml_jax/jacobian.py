"""Jacobians by one vectorised pass: backward from all values, or forward from all arguments, whichever are fewer."""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

__all__ = ["jacobian"]

Found = tuple[Any, list[tuple[Any, ...]]]


def jacobian(
    function: Callable[..., Any], args: tuple[Any, ...], examples: tuple[tuple[int, ...], ...], best: bool
) -> Found:
    """See `Backend.jacobian`; `best`: by the way of fewer passes, else by the other one."""
    outputs, _ = jax.eval_shape(function, *args)
    columns = sum(math.prod(_own(x.shape, e)) for x, e in zip(args, examples, strict=True))
    forward = columns < sum(o.shape[0] for o in outputs)
    return _by_columns(function, args, examples) if forward is best else _by_rows(function, args)


def _own(sizes: tuple[int, ...], examples: tuple[int, ...]) -> list[int]:
    return [n for i, n in enumerate(sizes) if i not in examples]


def _by_rows(function: Callable[..., Any], args: tuple[Any, ...]) -> Found:
    outputs, pull_back, auxiliary = jax.vjp(function, *args, has_aux=True)
    found = []
    for i, output in enumerate(outputs):
        n, *others = output.shape
        units = np.eye(n, dtype=output.dtype).reshape(n, n, *[1] * len(others))

        def row(unit: Any, i: int = i) -> Any:
            return pull_back(tuple([unit if k == i else jnp.zeros_like(o) for k, o in enumerate(outputs)]))

        found.append(jax.vmap(row)(jnp.broadcast_to(units, (n, n, *others))))
    return auxiliary, found


def _by_columns(function: Callable[..., Any], args: tuple[Any, ...], examples: tuple[tuple[int, ...], ...]) -> Found:
    outputs, push_forward, auxiliary = jax.linearize(function, *args, has_aux=True)
    by_argument = []
    for k, (x, axes) in enumerate(zip(args, examples, strict=True)):
        own = _own(x.shape, axes)
        n = math.prod(own)
        units = np.eye(n, dtype=x.dtype).reshape(n, *[1 if i in axes else s for i, s in enumerate(x.shape)])

        def column(unit: Any, k: int = k) -> Any:
            return push_forward(*[unit if j == k else jnp.zeros_like(a) for j, a in enumerate(args)])

        pushed = jax.vmap(column)(jnp.broadcast_to(units, (n, *x.shape)))
        by_argument.append([_turned(p, x.shape, axes) for p in pushed])
    return auxiliary, [tuple([column[i] for column in by_argument]) for i in range(len(outputs))]


def _turned(pushed: Any, sizes: tuple[int, ...], axes: tuple[int, ...]) -> Any:
    """From (values of the argument but for examples, values of the output, examples) to (values of the output, argument)."""
    own = _own(sizes, axes)
    array = pushed.reshape(*own, *pushed.shape[1:])
    at, order = 0, [len(own)]
    for i in range(len(sizes)):
        if i in axes:
            order.append(len(own) + 1 + axes.index(i))
        else:
            order.append(at)
            at += 1
    return jnp.transpose(array, order)
