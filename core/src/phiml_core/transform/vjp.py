"""Products with the derivative of a function, of any shapes: with its transpose (reverse) and with itself (forward)."""

from collections.abc import Callable, Sequence
from typing import Any

from phiml_core.ops.repeat import expand, store
from phiml_core.shape import merge_shapes
from phiml_core.tree import tree_leaves, tree_map

from .custom_gradient import explained
from .flat import Flat, fitted
from .wrt import backend_of

__all__ = ["jvp", "vjp"]


def vjp(f: Callable[..., Any], *args: Any, **kwargs: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """The value of a function and its pull-back: the product of a cotangent with its derivative, in reverse mode.

    Args:
        f: takes and returns trees of tensors.
        args: trees of tensors that it is differentiated by.
        kwargs: further arguments, constants of the derivative.

    Returns:
        `(f(*args, **kwargs), pull_back)`.  `pull_back(cotangent)` takes a tree like the value, where None (also for parts of a tree)
        stands for zero, and returns one gradient per argument in `args`.  It may be called any number of times.

    Raises:
        NoGradient: the backend of the arguments has no derivatives (NumPy).
        TypeError: a cotangent is not shaped like the value (raised by `pull_back`).

    >>> from phiml_core import math
    >>> math.vjp(lambda x: x**2, math.wrap(3.0))
    Traceback (most recent call last):
    phiml_core.backend.errors.NoGradient: vjp of <lambda> needs derivatives, which numpy does not have. ...
    """
    flat, name = _prepared(f, args, kwargs, "vjp")
    backend = flat.backend
    with flat.context(), explained(backend, name):
        _, pull_back, results = backend.vjp(flat, flat.point)
    assert flat.outputs is not None
    output = flat.outputs.build(results)
    structure, following = flat.outputs.structure, flat.following

    def pull(cotangent: Any) -> tuple[Any, ...]:
        found = fitted(cotangent, structure, backend, f"The cotangent of {name}")
        with flat.context(), explained(backend, name):
            return flat.beside_input(pull_back(tuple([found[i] for i in following])))

    return output, pull


def jvp(f: Callable[..., Any], args: Sequence[Any], tangents: Sequence[Any], **kwargs: Any) -> tuple[Any, Any]:
    """The value of a function and its derivative in one direction.

    By forward differentiation where the framework has it for all that `f` does (JAX, except through hand-written derivatives), else
    as the derivative of the pull-back by its cotangent, which gives the same numbers for about twice the work.

    Args:
        f: takes and returns trees of tensors.
        args: tuple of its arguments.
        tangents: the direction, one tree per argument and shaped like it, where None stands for zero.  Batch dims that no argument has
            count several directions.
        kwargs: further arguments, constants of the derivative.

    Returns:
        `(f(*args, **kwargs), tangent)`, two trees alike.  Of several directions the value is repeated.

    Raises:
        NoGradient: the backend of the arguments has no derivatives (NumPy).
        TypeError: there is not one tangent per argument, shaped like it.
    """
    args, tangents = tuple(args), tuple(tangents)
    if len(args) != len(tangents):
        raise TypeError(
            f"jvp needs one tangent per argument, but there are {len(args)} arguments and {len(tangents)} tangents."
        )
    flat, name = _prepared(f, _repeated(args, tangents), kwargs, "jvp")
    backend = flat.backend
    found = fitted(tangents, flat.seen, backend, f"The tangent of {name}")
    direction = tuple([found[i] for i in flat.moving])
    with flat.context(), explained(backend, name):
        _, pushed, results = backend.jvp(flat, flat.point, direction)
    assert flat.outputs is not None
    return flat.outputs.build(results), flat.beside_output(pushed)


def _repeated(args: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, ...]:
    """Arguments with the batch dims that count directions."""
    directions = merge_shapes(*[t.shape.batch for t in tree_leaves(tangents)])
    more = directions.without(merge_shapes(*[a.shape for a in tree_leaves(args)])) if directions else directions
    return tree_map(lambda a: store(expand(a, more), more.names), args) if more else args


def _prepared(f: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], what: str) -> tuple[Flat, str]:
    name = getattr(f, "__name__", "f")
    if not callable(f):
        raise TypeError(f"{what} needs a function, not a {type(f).__name__}.")
    backend = backend_of(args, (args, kwargs))
    if not backend.can_differentiate:
        raise backend.no_gradient(f"{what} of {name}")
    return Flat(lambda values: f(*values, **kwargs), args, backend), name
