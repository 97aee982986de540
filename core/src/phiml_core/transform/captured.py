"""Noticing that what a compiled function reads besides its arguments has changed since it was traced."""

import dis
import functools
import types
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter, is_
from typing import Any

from phiml_core.tensor.tensor import Tensor
from phiml_core.tree.tree import tree_leaves

__all__ = ["Captured"]

_ATOMS = (bool, int, float, complex, str)
_CODE = (type, types.FunctionType, types.BuiltinFunctionType, types.MethodType)
_HINTS = (types.GenericAlias, types.UnionType, type(Callable[[int], int]))
"""Aliases of types that annotations name: they pass for classes, but no word can dispatch on them."""
_EMPTY_CELL = object()
_content = attrgetter("cell_contents")


class Captured:
    """Everything that a function, and the functions of its module that it calls, read from closures and modules.

    Names are compared by identity (numbers and strings by value), lists and dicts by their items, other objects and modules by the
    attributes that the code names.  Arrays are not compared: one that is changed in place goes unnoticed.
    `known`: no value is one that another transform is tracing.
    """

    __slots__ = ("_seen", "_watches", "known")

    def __init__(self, function: Callable[..., Any], arguments: Sequence[Any] = ()):
        code = _Code()
        code.read(function)
        self._watches: list[tuple[Any, Callable[[], tuple[Any, ...]], tuple[Any, ...]]] = []
        self._seen: set[int] = set()
        for scope, found in code.scopes.values():
            names = tuple(found)
            self._watch(names, functools.partial(_values, scope, names), code.attributes)
        if code.cells:
            names, cells = zip(*code.cells, strict=True)
            self._watch(names, functools.partial(_contents, cells), code.attributes)
        for value in (*code.owners, *arguments):
            self._look_inside(type(value).__name__, value, code.attributes)
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
        if isinstance(value, (*_ATOMS, *_CODE, Tensor)) or id(value) in self._seen:
            return
        self._seen.add(id(value))
        if isinstance(value, list):
            self._watch(name, lambda: tuple(value), attributes)
        elif isinstance(value, dict):
            self._watch(name, lambda: (*value, *value.values()), attributes)
        elif isinstance(value, tuple):
            for part in value:
                self._look_inside(name, part, attributes)
        elif hasattr(value, "__dict__"):
            own = vars(value)
            data = [n for n in own if n in attributes and not isinstance(own[n], (*_CODE, types.ModuleType))]
            frozen = getattr(getattr(value, "__dataclass_params__", None), "frozen", False)
            if data and not frozen:
                label = getattr(value, "__name__", name)
                self._watch(tuple([f"{label}.{n}" for n in data]), functools.partial(_values, own, data), attributes)
            else:
                for n in data:
                    self._look_inside(f"{name}.{n}", own[n], attributes)

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


def _values(scope: dict[str, Any], names: Sequence[str]) -> tuple[Any, ...]:
    return tuple(map(scope.get, names))


def _contents(cells: tuple[Any, ...]) -> tuple[Any, ...]:
    try:
        return tuple(map(_content, cells))
    except ValueError:  # one is not bound yet
        return tuple(map(_content_or_nothing, cells))


def _content_or_nothing(cell: Any) -> Any:
    try:
        return _content(cell)
    except ValueError:
        return _EMPTY_CELL


def _same(a: Any, b: Any) -> bool:
    return a is b or (type(a) in _ATOMS and type(a) is type(b) and a == b)


class _Code:
    """What the code of functions names: globals by module, closure cells, attributes, and the objects that methods are bound to."""

    def __init__(self) -> None:
        self.scopes: dict[int, tuple[dict[str, Any], dict[str, None]]] = {}
        self.cells: list[tuple[str, Any]] = []
        self.attributes: set[str] = set()
        self.owners: list[Any] = []
        self._read: set[int] = set()

    def read(self, function: Any, scope: dict[str, Any] | None = None) -> None:
        """Add what `function` names; with `scope`, only if it belongs to that module."""
        if not isinstance(function, types.FunctionType):
            function = getattr(function, "__wrapped__", function)  # of a compiled function
        if isinstance(function, functools.partial):
            self.owners += [*function.args, *function.keywords.values()]
            return self.read(function.func, scope)
        if isinstance(function, types.MethodType):
            self.owners.append(function.__self__)
            return self.read(function.__func__, scope)
        if not isinstance(function, types.FunctionType):
            call = vars(type(function)).get("__call__")
            if not isinstance(call, types.FunctionType) or isinstance(function, type) or scope is not None:
                return None
            self.owners.append(function)
            function = call
        if id(function) in self._read or (scope is not None and function.__globals__ is not scope):
            return None
        self._read.add(id(function))
        module = function.__globals__
        _, names = self.scopes.setdefault(id(module), (module, {}))
        for code in _all_code(function.__code__):
            for step in dis.get_instructions(code):
                if step.opname == "LOAD_GLOBAL" and step.argval in module:
                    names[step.argval] = None
                elif step.opname in ("LOAD_ATTR", "LOAD_METHOD"):
                    self.attributes.add(step.argval)
        for name in list(names):
            if callable(module[name]):
                self.read(module[name], module)
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            self.cells.append((name, cell))
            value = _content_or_nothing(cell)
            if callable(value) and not isinstance(value, (type, Tensor)):
                self.read(value)
        return None


def _all_code(code: types.CodeType) -> Iterator[types.CodeType]:
    """The code of a function and of the functions defined in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _all_code(constant)
