"""Derivatives of functions of trees."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

from phiml_core.backend import primitive
from phiml_core.backend.backend import Backend
from phiml_core.backend.choose import join
from phiml_core.ops.create import wrap
from phiml_core.ops.reduce import sum_
from phiml_core.ops.repeat import store
from phiml_core.shape import ShapeError
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.stacked import as_dense
from phiml_core.tensor.tensor import Tensor
from phiml_core.tree.flatten import flatten
from phiml_core.tree.structure import Node, Structure
from phiml_core.tree.tree import tree_leaves

from .boundary import backend_for, entering, prepare, wide
from .custom_gradient import explained
from .jit import JitFunction
from .outputs import Outputs, record

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
    function = f.function if isinstance(f, JitFunction) else f
    signature = inspect.signature(function)
    if wrt is None:
        names = tuple(signature.parameters)[:1]
    else:
        names = tuple(n.strip() for n in wrt.split(",")) if isinstance(wrt, str) else tuple(wrt)
    unknown = [n for n in names if n not in signature.parameters]
    if unknown or not names:
        raise TypeError(
            f"gradient: wrt names {', '.join(unknown) or 'nothing'}, but {getattr(f, '__name__', 'f')} has {signature}."
        )
    single = len(names) == 1 and not isinstance(wrt, (tuple, list)) and "," not in (wrt or "")

    @functools.wraps(function)
    def derivative(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        output, grads = _differentiate(f, bound, names)
        grads = grads[0] if single else grads
        return (output, grads) if get_output else grads

    derivative.__dict__.pop("__wrapped__", None)
    derivative.__signature__ = signature  # type: ignore[attr-defined]
    return derivative


def value_and_gradient(f: Callable[..., Any], wrt: Any = None) -> Callable[..., Any]:
    """`gradient` with the output: returns `(output, gradient)`."""
    return gradient(f, wrt, get_output=True)


def _differentiate(
    function: Callable[..., Any], bound: inspect.BoundArguments, names: tuple[str, ...]
) -> tuple[Any, tuple[Any, ...]]:
    name = getattr(function, "__name__", "f")
    values = tuple([bound.arguments[n] for n in names])
    leaves: list[Any] = []
    given = flatten(values, leaves)
    backend = _backend(given, bound)
    if not backend.can_differentiate:
        raise backend.no_gradient(f"gradient of {name}")
    seen = entering(given, backend)
    assert isinstance(seen, Node)
    specs = [leaf.spec for leaf in seen.leaf_structures()]
    moving = [i for i, s in enumerate(specs) if s.dtype.kind in (float, complex)]
    for argument, part in zip(names, seen.parts, strict=True):
        kinds = [leaf.spec.dtype.kind for leaf in part.leaf_structures()]
        if not any(k in (float, complex) for k in kinds):
            raise TypeError(
                f"gradient: argument {argument!r} holds no floating point values to differentiate by.  Give it as float."
            )
    natives = prepare(leaves, given, seen, backend)
    loss = _Loss(function, bound, names, seen, backend)

    def flat(*xs: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        full = list(natives)
        for i, x in zip(moving, xs, strict=True):
            full[i] = x
        return loss.run(full)

    with backend.context(wide(seen)), explained(backend, name):
        _, pull_back, results = backend.vjp(flat, tuple([natives[i] for i in moving]))
        found = pull_back((primitive.full(backend, (), 1, loss.dtype),))
    assert loss.outputs is not None
    output = loss.outputs.build(results)
    grads = [None if i in moving else primitive.zeros(backend, s.stored.sizes, s.dtype) for i, s in enumerate(specs)]
    for i, g in zip(moving, found, strict=True):
        grads[i] = g
    return output, seen.build(iter(grads))


def _backend(given: Structure, bound: inspect.BoundArguments) -> Backend:
    """The backend that differentiates: that of all tensors among the arguments."""
    backend = backend_for(given)
    for value in tree_leaves(dict(bound.arguments)):
        backend = join(backend, value.backend)
    return backend


class _Loss:
    """The flat form of a loss: the sum over the batch, and beside it all outputs and status leaves."""

    def __init__(
        self, function: Callable[..., Any], bound: Any, names: tuple[str, ...], seen: Structure, backend: Backend
    ):
        self.function, self.bound, self.names, self.seen, self.backend = function, bound, names, seen, backend
        self.outputs: Outputs | None = None
        self.dtype: Any = None

    def run(self, natives: list[Any]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        arguments = dict(self.bound.arguments)
        arguments.update(zip(self.names, self.seen.build(iter(natives)), strict=True))
        call = inspect.BoundArguments(self.bound.signature, arguments)  # type: ignore[arg-type]
        out, self.outputs, result = record(lambda: self.function(*call.args, **call.kwargs), self.backend)
        total = self._total(result[0] if isinstance(result, (tuple, list)) else result)
        self.dtype = total.dtype
        return (self.backend.as_array(total.native_array, total.dtype),), out

    def _total(self, loss: Any) -> Dense:
        """The number that is differentiated: the loss summed over the batch."""
        name = getattr(self.function, "__name__", "f")
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
