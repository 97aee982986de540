"""Noticing that what a compiled function reads besides its arguments has changed since it was traced."""

import functools
import types
from collections.abc import Callable, Sequence
from operator import attrgetter, is_
from typing import Any

from phiml_core.tensor.tensor import Tensor
from phiml_core.tree.tree import tree_leaves

from .reading import ATOMS, Reading, cell_contents, inside

__all__ = ["Captured"]

_CODE = (type, types.FunctionType, types.BuiltinFunctionType, types.MethodType)
_HINTS = (types.GenericAlias, types.UnionType, type(Callable[[int], int]))
"""Aliases of types that annotations name: they pass for classes, but no word can dispatch on them."""
_content = attrgetter("cell_contents")


class Captured:
    """Everything that a function, and the code of the user that it calls, read from closures, modules, classes and objects.

    Names are compared by identity (numbers and strings by value), lists and dicts by their items, other objects, classes and modules by
    the attributes that the code names.  Arrays are not compared: one that is changed in place goes unnoticed.
    `known`: no value is one that another transform is tracing.
    """

    __slots__ = ("_seen", "_watches", "known")

    def __init__(self, function: Callable[..., Any], arguments: Sequence[Any] = ()):
        read = Reading(function, arguments)
        self._watches: list[tuple[Any, Callable[[], tuple[Any, ...]], tuple[Any, ...]]] = []
        self._seen: dict[int, Any] = {}
        for scope, found in read.scopes.values():
            names = tuple(found)
            self._watch(names, functools.partial(_values, scope, names), read.attributes)
        if read.cells:
            names, cells = zip(*read.cells, strict=True)
            self._watch(names, functools.partial(_contents, cells), read.attributes)
        for value in read.owners:
            self._look_inside(type(value).__name__, value, read.attributes)
        del self._seen
        values = [v for _, _, then in self._watches for v in then if not isinstance(v, _HINTS)]
        self.known = all(t.available for v in values for t in tree_leaves(v))

    def _watch(self, names: Any, read: Callable[[], tuple[Any, ...]], attributes: set[str]) -> None:
        then = read()
        self._watches.append((names, read, then))
        for name, value in zip(names if isinstance(names, tuple) else [names] * len(then), then, strict=True):
            self._look_inside(name, value, attributes)

    def _look_inside(self, name: str, value: Any, attributes: set[str]) -> None:
        """Watch the parts of a value that can change while it stays the same object."""
        if isinstance(value, (*ATOMS, *_CODE[1:], Tensor)) or id(value) in self._seen:
            return
        self._seen[id(value)] = value
        if isinstance(value, list):
            self._watch(name, lambda: tuple(value), attributes)
        elif isinstance(value, dict):
            self._watch(name, lambda: (*value, *value.values()), attributes)
        elif isinstance(value, tuple):
            for part in value:
                self._look_inside(name, part, attributes)
        else:
            self._look_at(name, value, attributes)

    def _look_at(self, name: str, value: Any, attributes: set[str]) -> None:
        """Watch the attributes of an object, a class or a module, and the class of an object."""
        module = isinstance(value, types.ModuleType)
        parts = inside(value, attributes)
        data = [n for n, v in parts if not isinstance(v, (*_CODE, types.ModuleType) if module else types.ModuleType)]
        frozen = getattr(getattr(value, "__dataclass_params__", None), "frozen", False) and not isinstance(value, type)
        if data and not frozen:
            label = getattr(value, "__name__", name)
            self._watch(tuple([f"{label}.{n}" for n in data]), _reader(value, data), attributes)
        else:
            for n, v in parts:
                if n in data:
                    self._look_inside(f"{name}.{n}", v, attributes)
        if not isinstance(value, (type, types.ModuleType)):
            self._look_inside(type(value).__name__, type(value), attributes)

    def refresh(self) -> None:
        """Take what is there now as what was there when it was traced."""
        self._watches = [(names, read, read()) for names, read, _ in self._watches]

    def changed(self) -> str | None:
        """The first captured name whose value is another now, or None."""
        for names, read, then in self._watches:
            now = read()
            if len(now) == len(then):
                if all(map(is_, now, then)):
                    continue
                different = [i for i, (a, b) in enumerate(zip(now, then, strict=True)) if not _same(a, b)]
                if not different:
                    continue
                return names if isinstance(names, str) else names[different[0]]
            return names if isinstance(names, str) else names[0]
        return None


def _reader(value: Any, names: Sequence[str]) -> Callable[[], tuple[Any, ...]]:
    own = None if isinstance(value, type) else getattr(value, "__dict__", None)
    if own is not None:
        return functools.partial(_values, own, names)
    return lambda: tuple([getattr(value, n, None) for n in names])  # of classes, and of objects with slots


def _values(scope: dict[str, Any], names: Sequence[str]) -> tuple[Any, ...]:
    return tuple(map(scope.get, names))


def _contents(cells: tuple[Any, ...]) -> tuple[Any, ...]:
    try:
        return tuple(map(_content, cells))
    except ValueError:  # one is not bound yet
        return tuple(map(cell_contents, cells))


def _same(a: Any, b: Any) -> bool:
    return a is b or (type(a) in ATOMS and type(a) is type(b) and a == b)
