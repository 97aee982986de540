"""The parameters that a function is differentiated by."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from phiml_core.backend.backend import Backend
from phiml_core.backend.choose import join
from phiml_core.tree.flatten import flatten
from phiml_core.tree.tree import tree_leaves

from .boundary import backend_for
from .flat import moves
from .jit import JitFunction

__all__ = ["Wrt", "backend_of"]


@dataclass(frozen=True)
class Wrt:
    """A function, its signature, and the names of parameters; `single` if the caller named one, not a sequence of them."""

    function: Callable[..., Any]
    signature: inspect.Signature
    names: tuple[str, ...]
    single: bool

    @classmethod
    def of(cls, f: Callable[..., Any], wrt: str | Sequence[str] | None, what: str) -> "Wrt":
        """The parameters of `f` that `wrt` names: separated by commas, a sequence, or None for the first.

        Raises:
            TypeError: `f` has no such parameter, or none at all.
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
                f"{what}: wrt names {', '.join(unknown) or 'nothing'}, but {getattr(f, '__name__', 'f')} has {signature}."
            )
        single = len(names) == 1 and not isinstance(wrt, (tuple, list)) and "," not in (wrt or "")
        return cls(f, signature, names, single)

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> inspect.BoundArguments:
        """The arguments by their parameters, with defaults."""
        try:
            bound = self.signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{getattr(self.function, '__name__', 'The function')}(): {error}.") from None
        bound.apply_defaults()
        return bound

    def call(self, bound: inspect.BoundArguments, values: Sequence[Any]) -> Any:
        """The function with other values for the named parameters."""
        arguments = {**bound.arguments, **dict(zip(self.names, values, strict=True))}
        changed = inspect.BoundArguments(self.signature, arguments)  # type: ignore[arg-type]
        return self.function(*changed.args, **changed.kwargs)

    def with_function(self, function: Callable[..., Any]) -> "Wrt":
        """The same parameters of another function."""
        return replace(self, function=function)

    def check_floats(self, seen: Any, what: str) -> None:
        """Raises TypeError if an argument of the structure holds nothing that has derivatives."""
        for name, part in zip(self.names, seen.parts, strict=True):
            if not any(map(moves, part.leaf_structures())):
                raise TypeError(
                    f"{what}: argument {name!r} holds no floating point values to differentiate by.  Give it as float."
                )

    def dress(self, derivative: Callable[..., Any]) -> Callable[..., Any]:
        """`derivative`, which takes the parameters of the function, with its name and signature."""
        inner = self.function.function if isinstance(self.function, JitFunction) else self.function
        derivative.__name__ = getattr(inner, "__name__", type(inner).__name__)
        derivative.__doc__ = inner.__doc__
        derivative.__signature__ = self.signature  # type: ignore[attr-defined]
        derivative.made_of = inner  # type: ignore[attr-defined]
        return derivative


def backend_of(values: Any, arguments: Any) -> Backend:
    """The backend that differentiates by `values`: that of all tensors among the arguments."""
    backend = backend_for(flatten(values, []))
    for value in tree_leaves(arguments):
        backend = join(backend, value.backend)
    return backend
