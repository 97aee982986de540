"""Words: generic functions that anyone can extend with methods.

A word is an ordinary typed function in front (Python itself normalises keywords and defaults) and a table from the classes
of its dispatch arguments to methods behind; what the table does not know yet, plum resolves.
"""

import inspect
import types
from collections.abc import Callable
from typing import Any, ParamSpec, Protocol, TypeVar, cast, overload

from . import autoload
from .errors import AmbiguousMethod, NoMethod
from .method import Method, expand, signature_classes
from .transaction import LOCK, current_owner, record

__all__ = ["Word", "generic", "words"]

P = ParamSpec("P")
R = TypeVar("R", covariant=True)
F = TypeVar("F", bound=Callable[..., Any])

_WORDS: list["Word[..., Any]"] = []


class Word(Protocol[P, R]):
    """What type checkers see of a word: its declared signature, and the ways to add and look up methods."""

    __name__: str
    __module__: str
    methods: "MethodTable"

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R: ...

    def dispatch(self, function: F, /) -> F:
        """Register `function` for the classes its dispatch parameters are annotated with."""
        ...

    def register(self, classes: tuple[Any, ...], function: F, /, priority: int = 0) -> F:
        """Register `function` for a tuple of classes (or unions of classes), one per dispatch parameter."""
        ...

    def resolve(self, *classes: type) -> Callable[..., Any]:
        """The method that a call with arguments of these classes takes.  Raises `NoMethod`, `AmbiguousMethod`."""
        ...


class MethodTable(dict[Any, Callable[..., Any]]):
    """From classes of dispatch arguments to methods; a missing entry is resolved once and kept until methods change."""

    def __init__(self, name: str, on: tuple[str, ...], fallback: Callable[..., Any] | None):
        super().__init__()
        self.name, self.on, self.fallback = name, on, fallback
        self.methods: tuple[Method, ...] = ()
        self.missed = False
        self._resolver: Any = None

    def __missing__(self, key: Any) -> Callable[..., Any]:
        classes = key if type(key) is tuple else (key,)
        with LOCK:
            method = self.find(classes)
            function = method.function if method else self._without_method(classes)
            self[key] = function
            return function

    def find(self, classes: tuple[type, ...]) -> Method | None:
        """The most specific method for `classes`, or None."""
        from plum import AmbiguousLookupError, NotFoundLookupError, Signature

        if any(
            issubclass(c, types.GenericAlias) for c in classes
        ):  # list[int], which passes for a class: no method is for hints
            return None
        try:
            return cast(Method, self._plum().resolve(Signature(*classes)).implementation.method)
        except NotFoundLookupError:
            return None
        except AmbiguousLookupError:
            rivals = [m for m in self.methods if m.accepts(classes)]
            raise AmbiguousMethod(
                f"{self.name}({', '.join(c.__name__ for c in classes)}) is ambiguous between\n  "
                + "\n  ".join(map(repr, rivals))
                + "\nRegister a method for exactly these classes, or give one of them a priority."
            ) from None

    def _plum(self) -> Any:
        if self._resolver is None:
            from plum import Method as PlumMethod
            from plum import Signature
            from plum._resolver import Resolver

            self._resolver = Resolver(self.name)
            for method in self.methods:
                carrier = _Carrier(method)
                signature = Signature(*method.classes, precedence=method.priority)
                self._resolver.register(PlumMethod(carrier, signature, function_name=self.name))
        return self._resolver

    def _without_method(self, classes: tuple[type, ...]) -> Callable[..., Any]:
        if autoload.load_provider(classes):
            method = self.find(classes)
            if method:
                return method.function
        if self.fallback is not None:
            return self.fallback
        self.missed = True
        known = (
            "\n  ".join(map(repr, self.methods)) or "none: a plugin that implements it is not installed or not loaded"
        )
        raise NoMethod(
            f"{self.name}() has no method for ({', '.join(f'{c.__module__}.{c.__qualname__}' for c in classes)}).\n"
            f"Methods of {self.name} ({', '.join(self.on)}):\n  {known}\n"
            f"Convert the argument to one of these types, or write `@{self.name}.dispatch` for yours."
        )

    def add(self, methods: list[Method]) -> None:
        """Add methods; one with the same classes replaces the earlier one."""
        with LOCK:
            record(self)
            new = {m.classes for m in methods}
            self.set_methods(tuple(m for m in self.methods if m.classes not in new) + tuple(methods))

    def set_methods(self, methods: tuple[Method, ...]) -> None:
        """Replace all methods and forget what was resolved."""
        self.methods, self._resolver, self.missed = methods, None, False
        self.clear()


class _Carrier:
    """A callable for plum's Method that leads back to ours."""

    def __init__(self, method: Method):
        self.method = method
        self.__name__ = getattr(method.function, "__name__", "method")

    def __call__(self, *args: Any) -> Any:
        return self.method.function(*args)


def _empty_doc() -> None:
    """doc"""


def _empty_dots() -> None: ...


_EMPTY = {_empty_doc.__code__.co_code, _empty_dots.__code__.co_code}


def _is_empty(function: Callable[..., Any]) -> bool:
    """Whether the body of a function is nothing but its docstring, or dots."""
    code = function.__code__
    constants = set(code.co_consts) - {function.__doc__, None, ...}
    return code.co_code in _EMPTY and not constants  # `return 1` has the same code as a docstring alone


@overload
def generic(function: Callable[P, R], /) -> Word[P, R]: ...
@overload
def generic(*, on: str | tuple[str, ...]) -> Callable[[Callable[P, R]], Word[P, R]]: ...
def generic(function: Any = None, /, *, on: Any = None) -> Any:
    """Declare a word: a function whose methods are chosen by the classes of some of its arguments.

    Args:
        function: the declaration: signature, types and contract.  An empty body means that a call without matching method
            raises `NoMethod`; any other body is the fallback for all classes.
        on: name or names of the parameters that dispatch; by default all parameters without default value.

    Returns:
        A plain function with the same signature and the attributes `dispatch`, `register`, `resolve` and `methods`.

    >>> @generic
    ... def area(shape, scale=1.0):
    ...     '''Area of a shape in square units.'''
    >>> @area.dispatch
    ... def _(shape: int, scale):
    ...     return scale * shape**2
    >>> area(3, scale=2)
    18
    """
    if function is None:
        return lambda f: generic_on(f, (on,) if isinstance(on, str) else on)
    return generic_on(function, None)


def generic_on(function: Callable[..., Any], on: tuple[str, ...] | None) -> Word[..., Any]:
    """Build the plain function in front of a table of methods."""
    parameters = inspect.signature(function).parameters
    if on is None:
        positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        on = tuple(n for n, p in parameters.items() if p.default is p.empty and p.kind in positional)
    unknown = [name for name in on if name not in parameters]
    if unknown or not on:
        raise TypeError(
            f"{function.__name__}() must dispatch on at least one of its parameters {tuple(parameters)}, not on {on}."
        )
    name = function.__name__
    table = MethodTable(name, on, None if _is_empty(function) else function)
    word = _front(function, parameters, on, table)

    def register(classes: Any, method: Callable[..., Any], /, priority: int = 0) -> Callable[..., Any]:
        annotations = classes if isinstance(classes, tuple) else (classes,)
        if len(annotations) != len(table.on):
            raise TypeError(f"{name}() dispatches on {table.on}; {len(annotations)} classes were given.")
        owner = current_owner(method)
        table.add([Method(c, method, owner, priority) for c in expand(annotations, name)])
        return method

    def dispatch(method: Callable[..., Any], /) -> Callable[..., Any]:
        return register(signature_classes(method, table.on, name), method)

    word.dispatch, word.register, word.methods = dispatch, register, table
    word.resolve = lambda *classes: table[classes[0] if len(classes) == 1 else classes]
    _WORDS.append(word)
    return cast(Word[..., Any], word)


def _front(function: Any, parameters: Any, on: tuple[str, ...], table: MethodTable) -> Any:
    """Generate the function with the declared signature that looks its method up and calls it."""
    declared, passed, scope, keyword_only, positional_only = [], [], {"_table": table, "_type": type}, False, False
    for i, (name, p) in enumerate(parameters.items()):
        if positional_only and p.kind is not p.POSITIONAL_ONLY:
            declared.append("/")
        positional_only = p.kind is p.POSITIONAL_ONLY
        if p.kind is p.KEYWORD_ONLY and not keyword_only:
            declared.append("*")
            keyword_only = True
        star = {p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "")
        keyword_only = keyword_only or p.kind is p.VAR_POSITIONAL
        default = ""
        if p.default is not p.empty:
            scope[f"_default{i}"] = p.default
            default = f"=_default{i}"
        declared.append(f"{star}{name}{default}")
        passed.append(f"{name}={name}" if p.kind is p.KEYWORD_ONLY else f"{star}{name}")
    if positional_only:
        declared.append("/")
    key = ", ".join(f"_type({name})" for name in on)
    source = f"def {function.__name__}({', '.join(declared)}):\n    return _table[{key}]({', '.join(passed)})\n"
    exec(compile(source, f"<word {function.__module__}.{function.__qualname__}>", "exec"), scope)
    word: Any = scope[function.__name__]
    for attribute in ("__module__", "__qualname__", "__doc__", "__annotations__"):
        setattr(word, attribute, getattr(function, attribute))
    word.__wrapped__ = function
    return word


def words() -> list[Word[..., Any]]:
    """All words declared so far."""
    return list(_WORDS)
