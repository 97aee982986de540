"""Derivatives of functions of trees."""

from collections.abc import Callable
from typing import Any

from phiml_core.backend import primitive
from phiml_core.ops.create import wrap
from phiml_core.ops.reduce import sum_
from phiml_core.ops.repeat import store
from phiml_core.shape import ShapeError
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.stacked import as_dense
from phiml_core.tensor.tensor import Tensor

from .custom_gradient import explained
from .flat import Flat
from .wrt import Wrt, backend_of

__all__ = ["gradient", "value_and_gradient"]


def gradient(f: Callable[..., Any], wrt: Any = None, get_output: bool = True) -> Callable[..., Any]:
    """The derivative of a scalar function.

    Args:
        f: returns the loss, or a tuple of the loss and auxiliary values.  The loss may have batch dims: its entries are summed, so
            that each gets its own gradient.
        wrt: names of the parameters to differentiate by, separated by commas (or a tuple); by default the first.
        get_output: whether the function returned also returns the output of `f`.

    Returns:
        A function with the parameters of `f` that returns `(output, gradient)`, or the gradient alone; the gradient is a tuple if `wrt`
        names several parameters.  Gradients are trees like the arguments.

    Raises (when called):
        NoGradient: the backend of the arguments has no derivatives (NumPy).
        ShapeError: the loss has dims other than batch dims.
        TypeError: an argument to differentiate by holds no floating point values.

    >>> from phiml_core import math
    >>> math.gradient(lambda x: x**2)  # doctest: +ELLIPSIS
    <function ...>
    """
    by = Wrt.of(f, wrt, "gradient")
    function = by.function  # in the closure, where compiled functions look for what a function reads

    def derivative(*args: Any, **kwargs: Any) -> Any:
        output, grads = _differentiate(function, by, by.bind(args, kwargs))
        grads = grads[0] if by.single else grads
        return (output, grads) if get_output else grads

    return by.dress(derivative)


def value_and_gradient(f: Callable[..., Any], wrt: Any = None) -> Callable[..., Any]:
    """`gradient` with the output: returns `(output, gradient)`."""
    return gradient(f, wrt, get_output=True)


def _differentiate(function: Callable[..., Any], by: Wrt, bound: Any) -> tuple[Any, tuple[Any, ...]]:
    name = getattr(function, "__name__", "f")
    values = tuple([bound.arguments[n] for n in by.names])
    backend = backend_of(values, dict(bound.arguments))
    if not backend.can_differentiate:
        raise backend.no_gradient(f"gradient of {name}")
    dtype: Any = None

    def call(values: tuple[Any, ...]) -> tuple[list[Any], Any]:
        nonlocal dtype
        result = by.call(bound, values)
        total = _total(result[0] if isinstance(result, (tuple, list)) else result, name)
        dtype = total.dtype
        return [backend.as_array(total.native_array, dtype)], result

    flat = Flat(call, values, backend, chosen=True)
    by.check_floats(flat.seen, "gradient")
    with flat.context(), explained(backend, name):
        _, pull_back, results = backend.vjp(flat, flat.point)
        found = pull_back((primitive.full(backend, (), 1, dtype),))
    assert flat.outputs is not None
    return flat.outputs.build(results), flat.beside_input(found)


def _total(loss: Any, name: str) -> Dense:
    """The number that is differentiated: the loss summed over the batch."""
    try:
        loss = loss if isinstance(loss, Tensor) else wrap(loss)
    except TypeError:
        raise TypeError(f"gradient needs a loss, a tensor or number, but {name} returned {loss!r}.") from None
    if loss.shape.non_batch:
        raise ShapeError(
            f"gradient needs a scalar loss (batch dims allowed), but {name} returned {loss.shape}.  "
            "Reduce it, e.g. with l2_loss or sum."
        )
    if loss.dtype.kind is not float:
        raise TypeError(f"gradient needs a real floating point loss, but {name} returned {loss.dtype}.")
    return as_dense(sum_(store(loss), loss.shape))
