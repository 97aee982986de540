"""Functions that are differentiated by way of another one."""

import functools
from collections.abc import Callable
from typing import Any

from phiml_core.backend.backend import Backend
from phiml_core.tree.flatten import flatten
from phiml_core.tree.structure import Structure

from .boundary import backend_for, conform, entering, prepare
from .custom_gradient import explained
from .outputs import Outputs, record

__all__ = ["differentiated_as"]


def differentiated_as(function: Callable[..., Any], alternative: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, differentiated by way of `alternative`, which has the same values.

    For functions of which one form is computed faster and another one has the faster derivative.

    Args:
        function, alternative: take the same trees of tensors (positional arguments) and return trees of the same structure with
            the same values.  What they read besides their arguments is a constant of the derivative.

    Returns:
        A function of the same arguments, which computes `alternative` wherever a derivative is taken, else `function`.

    Raises (when called):
        TypeError: `alternative` returns another structure than `function`.
        CapturedGradient: either of them reads a value that is being differentiated and is none of the arguments.
    """
    name = getattr(function, "__name__", type(function).__name__)

    @functools.wraps(function)
    def wrapped(*args: Any) -> Any:
        leaves: list[Any] = []
        given = flatten(args, leaves)
        backend = backend_for(given)
        if not backend.can_differentiate or not backend.any_traced(leaves):
            return function(*args)  # no derivative is being taken
        seen = entering(given, backend)
        forms = _Forms(function, alternative, seen, backend, name)
        with explained(backend, name):
            run = backend.differentiated_as(forms.plain, forms.other)
            results = run(*prepare(leaves, given, seen, backend))
        return forms.outputs.build(results)

    return wrapped


class _Forms:
    """The flat form of a function and of its alternative, both with the outputs of the former."""

    def __init__(self, function: Any, alternative: Any, seen: Structure, backend: Backend, name: str):
        self.function, self.alternative, self.seen, self.backend, self.name = function, alternative, seen, backend, name
        self.outputs: Any = None

    def plain(self, *natives: Any) -> tuple[Any, ...]:
        out, self.outputs = self._record(self.function, natives)
        return out

    def other(self, *natives: Any) -> tuple[Any, ...]:
        if self.outputs is None:
            self.backend.eval_shape(self.plain, natives)
        out, outputs = self._record(self.alternative, natives)
        assert self.outputs is not None  # known since `plain` ran
        mine, n = self.outputs, outputs.values
        if len(mine.templates) != len(outputs.templates) or _skeleton(mine) != _skeleton(outputs):
            raise TypeError(f"The alternative to {self.name} must return the same structure and make the same reports.")
        return (*conform(out[:n], outputs.structure, mine.structure), *out[n:])

    def _record(self, function: Any, natives: tuple[Any, ...]) -> tuple[tuple[Any, ...], Outputs]:
        args = self.seen.build(iter(natives))
        out, outputs, _ = record(lambda: function(*args), self.backend, False)
        return out, outputs


def _skeleton(outputs: Outputs) -> list[Any]:
    return [leaf.spec.shape for leaf in outputs.structure.leaf_structures()]
