"""Compiled functions: one trace per structure of the arguments, everything that varies in a simulation is a leaf."""

import functools
import inspect
import logging
from collections.abc import Callable, Sequence
from typing import Any, Generic, ParamSpec, TypeVar, overload

from phiml_core.backend.backend import Backend
from phiml_core.backend.choose import default_backend
from phiml_core.backend.precision import current
from phiml_core.dispatch import epoch
from phiml_core.tree.structure import Structure, flatten

from . import status
from .boundary import backend_for, entering, is_traced, prepare, wide
from .captured import Captured
from .explain import difference

__all__ = ["JitFunction", "forget_traces", "jit_compile", "trace_count"]

P = ParamSpec("P")
R = TypeVar("R")
log = logging.getLogger("phiml_core")


class Compiled:
    """One trace: the compiled program, what its outputs are, and what it reports."""

    __slots__ = ("backend", "captured", "output", "program", "seen", "templates", "values", "wide")

    def __init__(self, backend: Backend, seen: Structure, is_wide: bool):
        self.backend, self.seen, self.wide = backend, seen, is_wide
        self.program: Any = None
        self.output: Any = None
        self.templates: Sequence[Any] = ()
        self.values = 0
        self.captured: Captured | None = None


class JitFunction(Generic[P, R]):
    """A compiled function; see `jit_compile`."""

    def __init__(self, function: Callable[P, R], auxiliary_args: tuple[str, ...]):
        functools.update_wrapper(self, function)
        self.function = function
        self.auxiliary_args = auxiliary_args
        self._signature = inspect.signature(function)
        unknown = [n for n in auxiliary_args if n not in self._signature.parameters]
        if unknown:
            raise TypeError(
                f"auxiliary_args names {', '.join(unknown)}, which {function.__name__}{self._signature} has no parameter of."
            )
        self._entries: dict[Any, Compiled] = {}
        self.traces = 0
        self.log: list[str] = []

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        statics, dynamic = self._split(args, kwargs)
        leaves: list[Any] = []
        given = flatten(dynamic, leaves)
        backend = backend_for(given)
        if not backend.can_jit or is_traced(leaves, given):
            return self.function(*args, **kwargs)  # eager backends run it, inside a trace it is recorded
        key = (given, statics, current(), default_backend(), epoch())
        entry = self._entries.get(key)
        if entry is not None and entry.captured is not None and (changed := entry.captured.changed()):
            self._note(
                f"the captured name {changed!r} was bound to another value since the trace; pass it as an argument"
            )
            entry = None
        if entry is None:
            entry = self._trace(key, given, statics, backend, leaves)
        ready = prepare(leaves, given, entry.seen, backend)
        if entry.wide:
            with backend.context(True):
                outputs = entry.program(*ready)
        else:
            outputs = entry.program(*ready)
        if entry.output is None:
            raise RuntimeError(
                f"{self.__name__} was compiled without being traced.  This is a bug of the backend {backend.name}."
            )
        n = entry.values
        result = entry.output.build(iter(outputs[:n]))
        if entry.templates:
            status.deliver_all(entry.templates, outputs[n:])
        return result

    def _split(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """Auxiliary arguments by value, all others as one tree."""
        if not self.auxiliary_args:
            return (), (args, kwargs) if kwargs else (args, {})
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        static = tuple([(n, bound.arguments[n]) for n in self.auxiliary_args if n in bound.arguments])
        dynamic = {n: v for n, v in bound.arguments.items() if n not in self.auxiliary_args}
        return static, ((), dynamic)

    def _call(self, dynamic: Any, statics: Any) -> Any:
        args, kwargs = dynamic
        if not self.auxiliary_args:
            return self.function(*args, **kwargs)
        values = {**kwargs, **dict(statics)}
        positional: list[Any] = []
        named: dict[str, Any] = {}
        for name, p in self._signature.parameters.items():
            if name not in values:
                continue
            if p.kind is p.VAR_POSITIONAL:
                positional.extend(values[name])
            elif p.kind is p.VAR_KEYWORD:
                named.update(values[name])
            elif p.kind is p.KEYWORD_ONLY:
                named[name] = values[name]
            else:
                positional.append(values[name])
        return self.function(*positional, **named)

    def _trace(self, key: Any, given: Structure, statics: Any, backend: Backend, leaves: list[Any]) -> Compiled:
        self.traces += 1
        self._note("first call" if not self._entries else difference(key, list(self._entries)))
        seen = entering(given, backend)
        entry = Compiled(backend, seen, wide(seen))
        entry.captured = Captured(self.function)

        def flat(*natives: Any) -> tuple[Any, ...]:
            dynamic = seen.build(iter(natives))
            with status.collect() as collected:
                result = self._call(dynamic, statics)
            out: list[Any] = []
            entry.output = _as_output(flatten(result, out), backend)
            out = prepare_outputs(out, entry, backend)
            entry.values = len(out)
            hidden, entry.templates = collected.flatten()
            return (*out, *hidden)

        entry.program = backend.jit(flat)
        self._entries[key] = entry
        return entry

    def _note(self, why: str) -> None:
        text = f"trace {self.traces} of {self.__name__}: {why}"
        self.log.append(text)
        log.debug(text)

    def forget(self) -> None:
        """Drop all compiled programs."""
        self._entries.clear()

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __repr__(self) -> str:
        return f"<compiled {self.__name__}, {self.traces} traces>"


def _as_output(structure: Structure, backend: Backend) -> Structure:
    return entering(structure, backend)


def prepare_outputs(leaves: list[Any], entry: Compiled, backend: Backend) -> list[Any]:
    """Outputs as arrays of the backend: constants that the function returns become arrays."""
    result = []
    for x, leaf in zip(leaves, entry.output.leaf_structures(), strict=True):
        result.append(backend.as_array(x, leaf.spec.dtype))
    return result


@overload
def jit_compile(f: Callable[P, R], auxiliary_args: str = ...) -> JitFunction[P, R]: ...
@overload
def jit_compile(f: None = None, auxiliary_args: str = ...) -> Callable[[Callable[P, R]], JitFunction[P, R]]: ...
def jit_compile(f: Any = None, auxiliary_args: str = "") -> Any:
    """Compile a function of trees of tensors.

    The function is traced once per structure of its arguments: tree, dims, element types, and the values of booleans, strings, None,
    functions and static attributes.  Values of tensors, numbers and value attributes never cause a new trace.  With backends that
    have no compiler (NumPy) the function runs as it is.

    Args:
        f: function of tensors, numbers and trees of them.  Results must depend on the arguments only: side effects happen while
            tracing, not when the compiled program runs.
        auxiliary_args: names of parameters, separated by commas, that are static: a new value is a new trace.

    Returns:
        A function alike, with `traces` (how often it was traced), `log` (why) and `forget()`.

    Raises (when called):
        NotConcrete: the function needs the value of an argument as a Python number.
        NotConverged and others: what the compiled code reports.

    >>> from phiml_core import math
    >>> @math.jit_compile
    ... def double(x):
    ...     return 2 * x
    >>> double(math.wrap(3.0))
    6.0
    """
    names = tuple(n.strip() for n in auxiliary_args.split(",") if n.strip())
    if f is None:
        return lambda function: JitFunction(function, names)
    return JitFunction(f, names)


def trace_count(f: JitFunction[..., Any]) -> int:
    """How often a compiled function has been traced."""
    return f.traces


def forget_traces(f: JitFunction[..., Any]) -> None:
    """Drop the compiled programs of a function; the next call traces again."""
    f.forget()
