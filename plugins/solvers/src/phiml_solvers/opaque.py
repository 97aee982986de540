"""Functions that could not be traced to an operator with structure: applied as they are.

What such a function reads from its closure is made part of the operator, so that derivatives reach it and compiled code sees it.
"""

import functools
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from phiml_core.solve import LinearFunction
from phiml_core.tensor.tensor import Tensor
from phiml_core.transform import stop_gradient
from phiml_core.tree import tree_leaves

from .operator.linear import LinearOperator

__all__ = ["ClosedFunction", "OpaqueOperator", "captured", "closed", "with_captured"]


@dataclass(frozen=True, eq=False)
class ClosedFunction:
    """A function, with the tensors that it reads from closures as values in their place."""

    function: Callable[..., Any]
    values: tuple[Any, ...]

    __value_attrs__ = ("values",)

    def __call__(self, *args: Any) -> Any:
        return with_captured(self.function, self.values)(*args)

    @property
    def __name__(self) -> str:
        return getattr(self.function, "__name__", type(self.function).__name__)


def closed(value: Any) -> Any:
    """A function of the user that may read traced values, as a tree whose derivatives are zero; anything else as it is."""
    if not isinstance(value, (types.FunctionType, types.MethodType, functools.partial)):
        return value
    values = captured(value)
    return ClosedFunction(value, stop_gradient(values)) if values else value


@dataclass(frozen=True, eq=False)
class OpaqueOperator(LinearOperator):
    """A linear function as an operator.

    Attributes:
        function: the function, or what has one.
        values: the tensors that the function reads from closures, in its place.
        args, kwargs: further arguments of the function.
        symmetric: whether it is promised to be.
    """

    function: Callable[..., Any]
    values: tuple[Any, ...] = ()
    args: tuple[Any, ...] = ()
    kwargs: Any = None
    symmetric: bool = False

    __value_attrs__ = ("values", "args", "kwargs")

    @staticmethod
    def of(function: Any, symmetric: bool = False) -> "OpaqueOperator":
        """The operator of a function, with what it captures."""
        args, kwargs = (), {}
        if isinstance(function, LinearFunction):
            function, args, kwargs = function.function, function.args, function.kwargs
        return OpaqueOperator(function, captured(function), args, kwargs, symmetric)

    def __call__(self, x: Any) -> Any:
        function = with_captured(self.function, self.values) if self.values else self.function
        return function(x, *self.args, **(self.kwargs or {}))

    def with_symmetry(self, symmetric: bool) -> "OpaqueOperator":
        """The same function, promised to be symmetric or not."""
        return OpaqueOperator(self.function, self.values, self.args, self.kwargs, symmetric)


def captured(function: Any) -> tuple[Any, ...]:
    """The trees of tensors in the closure of a function, of functions in it, of partial functions and bound methods."""
    found: list[Any] = []
    _rebuilt(function, found, None, {})
    return tuple(found)


def with_captured(function: Any, values: tuple[Any, ...]) -> Any:
    """The same function with other trees in place of those that `captured` found."""
    return _rebuilt(function, [], iter(values), {})


def _rebuilt(value: Any, found: list[Any], given: Any, seen: dict[int, Any]) -> Any:
    """`value` with its tensors appended to `found`, or replaced by those of `given`."""
    if id(value) in seen:
        return seen[id(value)]
    seen[id(value)] = value  # a function that names itself
    if isinstance(value, functools.partial):
        function = _rebuilt(value.func, found, given, seen)
        args = [_rebuilt(a, found, given, seen) for a in value.args]
        keywords = {k: _rebuilt(v, found, given, seen) for k, v in value.keywords.items()}
        new: Any = functools.partial(function, *args, **keywords) if given else value
    elif isinstance(value, types.MethodType):
        owner = _rebuilt(value.__self__, found, given, seen)
        new = types.MethodType(value.__func__, owner) if given else value
    elif isinstance(value, types.FunctionType):
        new = _function(value, found, given, seen)
    elif isinstance(value, type) or not _holds_tensors(value):
        new = value
    else:
        found.append(value)
        new = next(given) if given else value
    seen[id(value)] = new
    return new


def _function(value: types.FunctionType, found: list[Any], given: Any, seen: dict[int, Any]) -> Any:
    cells = value.__closure__ or ()
    contents = []
    for cell in cells:
        try:
            contents.append(_rebuilt(cell.cell_contents, found, given, seen))
        except ValueError:  # not bound yet
            contents.append(cell)
    defaults = tuple(_rebuilt(d, found, given, seen) for d in value.__defaults__ or ())
    if not given:
        return value
    closure = tuple(c if isinstance(c, types.CellType) else types.CellType(c) for c in contents)
    new = types.FunctionType(value.__code__, value.__globals__, value.__name__, defaults or None, closure or None)
    new.__kwdefaults__ = value.__kwdefaults__
    return new


def _holds_tensors(value: Any) -> bool:
    """Whether a value is a tree of tensors."""
    if isinstance(value, Tensor):
        return True
    if callable(value) and not hasattr(type(value), "__value_attrs__"):
        return False
    try:
        return any(isinstance(leaf, Tensor) for leaf in tree_leaves(value))
    except TypeError:
        return False
