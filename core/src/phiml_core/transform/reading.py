"""What the code of a function names: globals, closure cells and attributes, and the methods and functions that these lead to."""

import dis
import functools
import site
import sys
import sysconfig
import types
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any

from phiml_core.tensor.tensor import Tensor

__all__ = ["ATOMS", "EMPTY_CELL", "Reading", "cell_contents", "inside", "is_own"]

ATOMS = (bool, int, float, complex, str)
EMPTY_CELL = object()
_ON_HEAP = 1 << 9  # of the flags of a type: made by a class statement
_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, types.MethodType)
_content = attrgetter("cell_contents")


class Reading:
    """What a function reads besides its arguments, and whatever code of the user it calls.

    Followed are functions in closures; functions and classes that are named in code of the user; methods that are named, of objects
    of such classes; and what calls an object.  Code of installed packages and of the standard library is taken for constant.

    Attributes:
        scopes: the globals of modules, and which of them are named.
        cells: closure variables with their names.
        attributes: all names that stand behind a dot.
        owners: objects that methods are bound to, and arguments of partial functions.
    """

    def __init__(self, function: Callable[..., Any], arguments: Sequence[Any] = ()):
        self.scopes: dict[int, tuple[dict[str, Any], dict[str, None]]] = {}
        self.cells: list[tuple[str, Any]] = []
        self.attributes: set[str] = set()
        self.owners: list[Any] = list(arguments)
        self._read: dict[int, Any] = {}
        self._add(function)
        count = 0
        while count != len(self._read):  # methods that are named are read, and name more
            count = len(self._read)
            self._follow()

    def _add(self, function: Any) -> None:
        """Add what a function names, or what calls an object."""
        function = _unwrapped(function)
        if id(function) in self._read:
            return
        self._read[id(function)] = function  # kept, so that the identity stays taken
        if isinstance(function, functools.partial):
            self.owners += [*function.args, *function.keywords.values()]
            self._add(function.func)
        elif isinstance(function, types.MethodType):
            self.owners.append(function.__self__)
            self._add(function.__func__)
        elif isinstance(function, types.FunctionType):
            self._add_code(function)
        elif not isinstance(function, type):
            self.owners.append(function)
            call = vars(type(function)).get("__call__")
            if isinstance(call, types.FunctionType):
                self._add(call)

    def _add_code(self, function: types.FunctionType) -> None:
        module = function.__globals__
        _, names = self.scopes.setdefault(id(module), (module, {}))
        read, attributes = _names(function.__code__)
        names.update(dict.fromkeys(n for n in read if n in module))
        self.attributes.update(attributes)
        self.owners += [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
        for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
            self.cells.append((name, cell))
            value = cell_contents(cell)
            if callable(value) and not isinstance(value, (type, Tensor)):
                self._add(value)

    def _follow(self) -> None:
        """Read code of the user that is found in values."""
        seen: dict[int, Any] = {}
        named = [scope[n] for scope, names in self.scopes.values() for n in names if n in scope]
        stack = [*self.owners, *[cell_contents(c) for _, c in self.cells], *named]
        while stack:
            value = stack.pop()
            if id(value) in seen or isinstance(value, (*ATOMS, Tensor)):
                continue
            seen[id(value)] = value
            if _is_function(value):
                if self._is_own(value):
                    self._add(value)
                else:
                    stack += self._made_of(value)
                continue
            kind = value if isinstance(value, type) else type(value)
            methods = [m for m in _methods(kind, self.attributes, value is kind) if self._is_own(m)]
            for method in methods:
                self._add(method)
            if methods and value is not kind:
                stack.append(kind)  # for what it says of all its objects
            stack += [v for _, v in inside(value, self.attributes)]

    def _made_of(self, function: Any) -> list[Any]:
        """The functions that an installed function, such as a derivative, was made of; objects that are called are read at once."""
        found = []
        for cell in getattr(_unwrapped(function), "__closure__", None) or ():
            value = cell_contents(cell)
            if _is_function(value):
                found.append(value)
            elif callable(value) and not isinstance(value, (type, Tensor)) and is_own(type(value)):
                self._add(value)
        return found

    def _is_own(self, function: Any) -> bool:
        function = _unwrapped(function)
        while isinstance(function, (types.MethodType, functools.partial)):
            function = _unwrapped(function.__func__ if isinstance(function, types.MethodType) else function.func)
        module = getattr(function, "__globals__", None)
        return module is not None and (id(module) in self.scopes or _is_users(function.__module__ or "phiml_"))


def inside(value: Any, attributes: Iterable[str]) -> list[tuple[str, Any]]:
    """The parts of a value that code can reach which names these attributes, with what they are called."""
    if isinstance(value, (list, tuple)):
        return [("", v) for v in value]
    if isinstance(value, dict):
        return [("", v) for v in value.values()]
    if isinstance(value, type):
        return [
            (n, v)
            for c in value.__mro__
            if is_own(c)
            for n, v in vars(c).items()
            if n in attributes and not _is_function(v) and not hasattr(v, "__get__")
        ]
    own = getattr(value, "__dict__", None)
    if own is None:
        slots = {n for c in type(value).__mro__ for n in _slots(c)}
        return [(n, getattr(value, n)) for n in sorted(slots & set(attributes)) if hasattr(value, n)]
    found = [(n, own[n]) for n in own if n in attributes]
    if callable(value) and _is_foreign(type(value)):  # networks: what they hold, and switches such as `training`
        found += [
            (n, v)
            for n, v in own.items()
            if n not in attributes and (type(v) is bool or (isinstance(v, dict) and any(map(callable, v.values()))))
        ]
    return found


def _slots(kind: type) -> Sequence[str]:
    slots = vars(kind).get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)


def is_own(kind: type) -> bool:
    """Whether a class is code of the user; code that is executed without a module calls its classes built in."""
    return _is_users(kind.__module__) or (kind.__module__ == "builtins" and bool(kind.__flags__ & _ON_HEAP))


def _is_foreign(kind: type) -> bool:
    """Whether calls of objects of a class are handled by an installed package, which none of ours is."""
    for c in kind.__mro__:
        if "__call__" in vars(c):
            return not _is_users(c.__module__) and not _is_ours(c.__module__)
    return False


def _is_ours(module: str) -> bool:
    return module.startswith("phiml_")


@functools.cache
def _is_users(module: str) -> bool:
    """Whether a module is code of the user: neither part of Python nor installed, nor of this project."""
    if module.partition(".")[0] in sys.stdlib_module_names or _is_ours(module):
        return False
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is None:
        return True  # a session, a notebook
    installed = {sysconfig.get_path(n) for n in ("stdlib", "purelib", "platlib")} | {site.getusersitepackages()}
    return not any(Path(file).is_relative_to(p) for p in installed)


def _is_function(value: Any) -> bool:
    return isinstance(value, (*_FUNCTIONS, functools.partial)) or "__wrapped__" in getattr(value, "__dict__", ())


def _unwrapped(function: Any) -> Any:
    """The function of the user that a compiled function was made of; a bound method stays bound."""
    while not isinstance(function, (*_FUNCTIONS, functools.partial)) and hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    return function


def _methods(kind: type, names: Iterable[str], is_class: bool) -> Iterator[Any]:
    """The functions of a class that are called by these names, or, if an installed package says what a call does, all it could call."""
    wanted = {*names, "__call__"} if not is_class else set(names)
    everything = not is_class and callable(kind) and _is_foreign(kind)
    for c in kind.__mro__:
        if c is object or not (everything or is_own(c) or c is kind):
            continue
        for name, member in vars(c).items():
            if name in wanted or (everything and not name.startswith("__")):
                for part in ("fget", "func", "__func__"):  # properties, cached ones, static and class methods
                    member = getattr(member, part, None) or member
                if _is_function(member):
                    yield member


@functools.lru_cache(1024)
def _names(code: types.CodeType) -> tuple[tuple[str, ...], frozenset[str]]:
    """The globals and the attributes that code and the functions defined in it name."""
    read: dict[str, None] = {}
    attributes: set[str] = set()
    for part in _all_code(code):
        for step in dis.get_instructions(part):
            if step.opname == "LOAD_GLOBAL":
                read[step.argval] = None
            elif step.opname in ("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR"):
                attributes.add(step.argval)
    return tuple(read), frozenset(attributes)


def _all_code(code: types.CodeType) -> Iterator[types.CodeType]:
    """The code of a function and of the functions defined in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _all_code(constant)


def cell_contents(cell: Any) -> Any:
    """What a closure variable is bound to, if it is."""
    try:
        return _content(cell)
    except ValueError:
        return EMPTY_CELL
