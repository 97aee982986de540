"""The inputs and the results of hand-written derivatives, by position or by the names of parameters."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["Inputs", "by_position", "parameters"]


class Inputs(tuple[Any, ...]):
    """The arguments of a function, by position or by the name of their parameter."""

    function: Callable[..., Any]

    @classmethod
    def of(cls, function: Callable[..., Any], args: Sequence[Any]) -> "Inputs":
        """The arguments that `function` is called with."""
        inputs = cls(args)
        inputs.function = function
        return inputs

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            key = _place(key, self.function, len(self))
        return super().__getitem__(key)


def parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    """Names of the parameters of a function that take a place."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return tuple([n for n, p in inspect.signature(function).parameters.items() if p.kind in kinds])


def by_position(found: dict[str, Any], function: Callable[..., Any], count: int) -> tuple[Any, ...]:
    """Derivatives by name as one for each of `count` arguments, None for those that are not named."""
    result: list[Any] = [None] * count
    for name, value in found.items():
        result[_place(name, function, count)] = value
    return tuple(result)


def _place(name: str, function: Callable[..., Any], count: int) -> int:
    names = parameters(function)[:count]
    if name not in names:
        called = getattr(function, "__name__", type(function).__name__)
        raise TypeError(
            f"{called} has no argument {name!r}.  It was called with {', '.join(names) or 'no named argument'}."
        )
    return names.index(name)
