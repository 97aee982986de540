"""Derivatives of functions of flat tensors by tapes, and functions with a derivative of their own.

Cotangents of complex numbers follow the convention of core, in which that of z for a real loss L is ∂L/∂x − i ∂L/∂y;
TensorFlow's is its conjugate.
"""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from .internals import is_recorded, is_tensor, recording, with_derivative

__all__ = ["CapturedValue", "custom_vjp", "differentiable", "symmetric", "vjp"]

raw = tf.raw_ops


class CapturedValue(TypeError):
    """A function with a derivative of its own reads a recorded tensor that is none of its arguments."""


def differentiable(x: Any) -> bool:
    """Whether a tensor has derivatives: floating point and complex numbers."""
    return x.dtype.is_floating or x.dtype.is_complex


def _conjugate(x: Any) -> Any:
    return raw.Conj(input=x) if x.dtype.is_complex else x


def _dense(gradient: Any, like: Any) -> Any:
    """A gradient as a tensor: those of gathers come as lists of rows."""
    if gradient is None:
        return tf.zeros(like.shape, like.dtype)
    return _conjugate(tf.convert_to_tensor(gradient))


def vjp(function: Callable[..., Any], args: Sequence[Any]) -> tuple[tuple[Any, ...], Callable[..., Any], Any]:
    """For `function(*args) -> (outputs, auxiliary)`: the outputs, the pull-back of their cotangents to `args`, the auxiliary."""
    xs = [raw.Identity(input=x) for x in args]  # tapes know tensors by identity, and one may be given twice
    with recording(), tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
        tape.watch([x for x in xs if differentiable(x)])
        outputs, auxiliary = function(*xs)
    outputs = tuple(outputs)

    def pull_back(cotangents: Sequence[Any]) -> tuple[Any, ...]:
        pairs = [(o, _conjugate(c)) for o, c in zip(outputs, cotangents, strict=True) if differentiable(o)]
        found = tape.gradient([o for o, _ in pairs], xs, output_gradients=[c for _, c in pairs])
        return tuple([_dense(g, x) for g, x in zip(found, xs, strict=True)])

    return outputs, pull_back, auxiliary


def custom_vjp(
    forward: Callable[..., Any], backward: Callable[..., Any], plain: Callable[..., Any]
) -> Callable[..., Any]:
    """`plain`, differentiated by `forward(*args) -> (outputs, residuals)` and `backward(residuals, cotangents) -> gradients`.

    Of the residuals, arguments and outputs are followed by further derivatives; what else `forward` keeps is a constant.

    Raises:
        CapturedValue: `forward` reads a recorded tensor that is none of its arguments.
    """

    def rule(*args: Any) -> tuple[Any, ...]:
        xs = [tf.convert_to_tensor(x) for x in args]
        if not tf.executing_eagerly():
            xs = [
                raw.Identity(input=x) for x in xs
            ]  # of this graph: those of an outer one are out of reach of its derivative
        elif not is_recorded(xs):
            return tuple(plain(*xs))
        inner = [tf.stop_gradient(x) for x in xs]  # the raw operation is followed by eager tapes
        found, residuals = forward(*inner)
        found = [tf.convert_to_tensor(o) for o in found]
        if _reads_more(found):
            raise CapturedValue("a recorded tensor is read that is no argument")
        followed: dict[int, Any] = {}

        def pull_back(*cotangents: Any) -> list[Any]:
            slopes = [
                tf.zeros(o.shape, o.dtype) if c is None else _conjugate(tf.convert_to_tensor(c))
                for o, c in zip(found, cotangents, strict=True)
            ]
            gradients = backward(_replace(residuals, followed), tuple(slopes))
            pairs = zip(gradients, xs, strict=True)
            return [None if g is None or not differentiable(x) else _conjugate(g) for g, x in pairs]

        results = with_derivative(xs, found, pull_back)
        followed.update({id(i): x for i, x in zip(inner, xs, strict=True)})
        # of equal ones the first: later ones are statuses, whose cotangents are dropped
        followed.update({id(o): r for o, r in reversed(tuple(zip(found, results, strict=True)))})
        return tuple(results)

    return rule


def _reads_more(outputs: list[Any]) -> bool:
    """Whether outputs are recorded, though the arguments they were computed from are not."""
    from .internals import TAPES

    return TAPES and is_recorded(outputs)


def _replace(tree: Any, by: dict[int, Any]) -> Any:
    """A nest of tuples, lists and dicts with some of its tensors replaced."""
    if is_tensor(tree):
        return by.get(id(tree), tree)
    if isinstance(tree, (tuple, list)):
        return type(tree)([_replace(t, by) for t in tree])
    return {k: _replace(v, by) for k, v in tree.items()} if isinstance(tree, dict) else tree


def symmetric(operator: Callable[[Any], Any], x: Any) -> Any:
    """operator(x) of a linear operator that is its own transpose: so is its derivative, of any order."""
    if tf.executing_eagerly() and not is_recorded([x]):
        return operator(x)

    def forward(y: Any) -> Any:
        return (operator(y),), ()

    rule = custom_vjp(forward, lambda _, cotangents: (symmetric(operator, cotangents[0]),), lambda y: (operator(y),))
    return rule(x)[0]
