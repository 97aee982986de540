"""Saving memory of reverse derivatives: computing again what they need instead of keeping it."""

import functools
from collections.abc import Callable
from typing import Any

from phiml_core.tree.flatten import flatten

from .boundary import backend_for, entering, prepare, wide
from .custom_gradient import explained
from .outputs import Outputs, record

__all__ = ["checkpoint"]


def checkpoint(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, of which derivatives keep the arguments only: they compute it again instead of keeping what it computes on the way.

    Args:
        function: takes and returns trees of tensors (positional arguments).  It may read other values, which get their derivatives
            and are kept as well.  It runs again for each derivative, so it must have no side effects.

    Returns:
        A function of the same arguments with the same values and derivatives.

    >>> from phiml_core import math
    >>> math.checkpoint(lambda x: math.sin(x) * x)(math.wrap(0.0))
    0.0
    """
    if not callable(function):
        raise TypeError(f"checkpoint needs a function, not a {type(function).__name__}.")
    name = getattr(function, "__name__", type(function).__name__)

    @functools.wraps(function)
    def wrapped(*args: Any) -> Any:
        leaves: list[Any] = []
        given = flatten(args, leaves)
        backend = backend_for(given)
        if not backend.can_differentiate or not (backend.any_traced(leaves) or backend.is_compiling()):
            return function(*args)
        seen = entering(given, backend)
        outputs: Outputs | None = None

        def flat(*natives: Any) -> tuple[Any, ...]:
            nonlocal outputs
            out, outputs, _ = record(lambda: function(*seen.build(iter(natives))), backend)
            return out

        with backend.context(wide(seen)), explained(backend, name):
            results = backend.checkpoint(flat)(*prepare(leaves, given, seen, backend))
        assert outputs is not None
        return outputs.build(results)

    return wrapped
