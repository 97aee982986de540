"""Compiled functions: one trace per structure of the arguments, everything that varies in a simulation is a leaf."""

import functools
import inspect
import logging
import types
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar, overload

from phiml_core.backend.backend import Backend
from phiml_core.backend.choose import default_backend
from phiml_core.backend.precision import current
from phiml_core.dispatch import epoch
from phiml_core.ops.native import NotConcrete
from phiml_core.tree.flatten import Recording, StaticError, flatten
from phiml_core.tree.recognise import recogniser
from phiml_core.tree.structure import Node, Static, Structure

from .arguments import Arguments
from .boundary import backend_for, converters, entering, wide
from .captured import Captured
from .compact import Compact
from .custom_gradient import explained
from .explain import difference, with_argument
from .outputs import record

__all__ = ["JitFunction", "forget_traces", "jit_compile", "trace_check", "trace_count"]

P = ParamSpec("P")
R = TypeVar("R")
log = logging.getLogger("phiml_core")
_NOTHING: tuple[Any, Any, Any, Any] = (None, (None,) * 4, None, ())
_MADE: dict[tuple[str, int, str], int] = {}  # how often the code of a function was compiled, by where it stands
_MANY = 256  # programs of one function; the oldest is dropped for the next


@dataclass(slots=True)
class Trace:
    """The compiled program, what its outputs are, and what it reads besides its arguments."""

    run: Callable[..., tuple[Any, ...]]
    outputs: Compact
    captured: Captured


class Program:
    """What runs calls of one structure: its trace, once there is one."""

    __slots__ = ("__weakref__", "backend", "seen", "trace", "wide")

    def __init__(self, backend: Backend, seen: Structure):
        self.backend, self.seen, self.wide = backend, seen, wide(seen)
        self.trace: Trace | None = None

    def followed(self, function: Callable[[Any], Any]) -> Callable[[Any], None]:
        """A function of the user that is called with results: what it changes, such as a list of them, is no reason to trace again."""
        _SHOWING.add(self)

        def call(values: Any) -> None:
            steady = [
                p.trace.captured for p in list(_SHOWING) if p.trace is not None and not p.trace.captured.changed()
            ]
            try:
                function(values)
            finally:
                for captured in steady:
                    captured.refresh()

        return call


_SHOWING: "weakref.WeakSet[Program]" = weakref.WeakSet()  # programs that call functions of the user with results


class JitFunction(Generic[P, R]):
    """A compiled function; see `jit_compile`."""

    def __init__(self, function: Callable[P, R], auxiliary_args: tuple[str, ...], kept: int = _MANY):
        functools.update_wrapper(self, function)
        self.function = function
        self.auxiliary_args = auxiliary_args
        self.kept = kept
        self.arguments = Arguments(function, auxiliary_args)
        self.__name__ = self.arguments.name
        self.traces = 0
        self.log: list[str] = []
        self._programs: dict[Any, Program] = {}  # by what the function sees: one trace each
        self._calls: dict[Any, tuple[Program | None, Any]] = {}  # by what is given: how that becomes what is seen
        self._chunks: dict[Any, JitFunction[..., Any]] = {}  # see iterate
        self._last: tuple[Any, Any, Program | None, Any] = _NOTHING  # how to recognise the arguments of the usual call
        self._unknown = 0  # calls whose arguments were not recognised
        self._epoch = epoch()

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        varying, static = self.arguments.bind(*args, **kwargs)
        recognise, key, program, convert = self._last
        leaves = recognise(varying) if not static and key[2] is current() and key[3] is default_backend() else None
        if leaves is None:
            leaves = []
            try:
                structures = tuple([flatten(v, leaves) for v in varying])
            except Recording:
                return self.function(*args, **kwargs)
            key = (
                structures,
                self._frozen(static) if static else (),
                current(),
                default_backend(),
            )
            try:
                program, convert = self._calls[key]
                self._remember(varying, key, leaves)
            except KeyError:
                program, convert = self._prepare(key)
        if program is None or (program.backend.any_traced(leaves) and program.backend.any_recorded(leaves)):
            return self.function(*args, **kwargs)  # eager backends run it, inside a trace it is recorded
        for i, f in convert:
            leaves[i] = f(leaves[i])
        trace = program.trace
        if trace is None or self._epoch != epoch() or trace.captured.changed():
            return self._trace((program.seen, *key[1:]), program, static, leaves)
        if not program.wide:
            return trace.outputs.build(leaves, trace.run(*leaves))
        with program.backend.context(True):
            results = trace.run(*leaves)
        return trace.outputs.build(leaves, results)

    def _remember(self, varying: Any, key: Any, leaves: list[Any]) -> None:
        """Recognise arguments like these from now on; tried less and less often where they keep changing."""
        self._unknown += 1
        if not key[1] and self._unknown & (self._unknown - 1) == 0:
            self._last = recogniser(varying, key[0], leaves), key, *self._calls[key]

    def _frozen(self, static: tuple[Any, ...]) -> Any:
        """Auxiliary arguments as part of a key, in which 1, True and 1.0 differ.  Raises StaticError for tensors."""
        values: list[Any] = []
        structures = tuple([flatten(v, values) for v in static])
        for name, structure in zip(self.arguments.static, structures, strict=True):
            if not all(isinstance(leaf.kind, type) for leaf in structure.leaf_structures()):
                raise StaticError(
                    f"The auxiliary argument {name!r} of {self.__name__} holds a tensor or array, whose values cannot be part of the "
                    "trace.  Take it out of auxiliary_args, or pass Python numbers."
                )
        return structures, tuple(values)

    def _prepare(self, key: Any) -> tuple[Program | None, Any]:
        """How calls of a structure that was not met before are run."""
        given = Node(tuple, None, key[0])
        backend = backend_for(given)
        program: Program | None = None
        convert: Any = ()
        if backend.can_jit:
            seen = entering(given, backend)
            program = self._programs.setdefault((seen, *key[1:]), Program(backend, seen))
            convert = converters(given, seen, backend)
            while len(self._programs) > self.kept:
                self._programs.pop(next(iter(self._programs)))
                self._calls.clear()
                self._last = _NOTHING
        if len(self._calls) > 4 * _MANY:
            self._calls.clear()
        self._calls[key] = program, convert
        return program, convert

    def _trace(self, key: Any, program: Program, static: tuple[Any, ...], leaves: list[Any]) -> Any:
        """A call that traces: the first of its structure, or the first after something outside of its arguments changed."""
        known = [k for k, p in self._programs.items() if p.trace is not None]
        if self._epoch != epoch():
            why = [f"methods were registered since trace {self.traces}" if known else "first call"]
        elif program.trace is not None:
            name = program.trace.captured.changed()
            why = [f"the captured {name} has changed since it was traced; pass it as an argument to avoid this"]
        else:
            why = [difference(key, known, self.arguments) if known else "first call"]
        if program.trace is not None or self._epoch != epoch():
            self._epoch = epoch()
            self._last = _NOTHING
            for p in self._programs.values():
                p.trace = None  # they have read the same
        found: Trace | None = None
        objects = [s.value for s in _statics(program.seen) if type(s.value).__hash__ is object.__hash__]

        def flat(*natives: Any) -> tuple[Any, ...]:
            nonlocal found
            again = program.backend.is_deriving()  # the same trace once more, for its derivative
            if not again:
                self._note(why.pop() if why else f"{program.backend.name} asked for it")
            varying = program.seen.build(iter(natives))
            try:
                out, outputs, _ = record(lambda: self.arguments.call(self.function, varying, static), program.backend)
            except NotConcrete as error:
                raise with_argument(error, self.arguments, program.seen, natives) from None
            captured = Captured(self.function, objects)
            for t in outputs.templates:
                t.then = t.then and program.followed(t.then)
            compact = Compact(outputs, natives, out, program.backend)
            found = Trace(run, compact, captured)
            if again and program.trace is not None:
                program.trace.captured = found.captured
            return compact.pack(out)

        run = program.backend.jit(flat)
        with program.backend.context(program.wide), explained(program.backend, self.__name__):
            results = run(*leaves)
        assert found is not None, f"{program.backend.name} compiled {self.__name__} without tracing it"
        program.trace = found if found.captured.known else None  # what belongs to another trace must not outlive it
        return found.outputs.build(leaves, results)

    def _note(self, why: str) -> None:
        self.traces += 1
        if self.traces == 1:
            self._count()
        text = f"trace {self.traces} of {self.__name__}: {why}"
        self.log.append(text)
        often = self.traces >= 16 and self.traces & (self.traces - 1) == 0
        log.log(logging.WARNING if often or "captured" in why else logging.DEBUG, text)

    def _count(self) -> None:
        """Say so if the same code is compiled again and again, each time as a new function."""
        code = getattr(_origin(self.function), "__code__", None)
        if code is None:
            return
        key = code.co_filename, code.co_firstlineno, code.co_name  # not the code itself, which would be kept alive
        if len(_MADE) > 4 * _MANY:
            _MADE.clear()
        made = _MADE[key] = _MADE.get(key, 0) + 1
        if made == 16:
            log.warning(
                "%s (%s, line %d) was made anew, compiled and traced %d times.  Define and compile it once, outside of the loop that "
                "calls it, and pass what varies as arguments.",
                *(self.__name__, *key[:2], made),
            )

    def check(self, *args: P.args, **kwargs: P.kwargs) -> tuple[bool, str]:
        """See `trace_check`."""
        varying, static = self.arguments.bind(*args, **kwargs)
        leaves: list[Any] = []
        given = tuple([flatten(v, leaves) for v in varying])
        backend = backend_for(Node(tuple, None, given))
        if not backend.can_jit:
            return True, ""
        settings = self._frozen(static) if static else (), current(), default_backend()
        key = entering(Node(tuple, None, given), backend), *settings
        known = [k for k, p in self._programs.items() if p.trace is not None]
        program = self._programs.get(key)
        if program is None or program.trace is None:
            return False, difference(key, known, self.arguments) if known else "it was never traced"
        if self._epoch != epoch():
            return False, "methods were registered since"
        name = program.trace.captured.changed()
        return not name, f"the captured {name} has changed since it was traced" if name else ""

    def forget(self) -> None:
        """Drop all compiled programs."""
        self._programs.clear()
        self._calls.clear()
        self._chunks.clear()
        self._last = _NOTHING

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __repr__(self) -> str:
        return f"<compiled {self.__name__}, {self.traces} traces>"


def _origin(function: Any) -> Any:
    """The function of the user that a transform has made another one of."""
    while inner := getattr(function, "made_of", None) or getattr(function, "__wrapped__", None):
        function = inner
    return function


def _statics(structure: Structure) -> list[Static]:
    if isinstance(structure, Node):
        return [s for p in structure.parts for s in _statics(p)]
    return [structure] if isinstance(structure, Static) else []


@overload
def jit_compile(
    f: Callable[P, R], auxiliary_args: str | Sequence[str] = ..., forget_traces: bool | None = ...
) -> JitFunction[P, R]: ...
@overload
def jit_compile(
    f: None = None, auxiliary_args: str | Sequence[str] = ..., forget_traces: bool | None = ...
) -> Callable[[Callable[P, R]], JitFunction[P, R]]: ...
def jit_compile(f: Any = None, auxiliary_args: str | Sequence[str] = "", forget_traces: bool | None = None) -> Any:
    """Compile a function of trees of tensors.

    The function is traced once per structure of its arguments: tree, dims, element types, and the values of booleans, strings, None,
    functions and static attributes.  Values of tensors, numbers and value attributes never cause a new trace.  With backends that
    have no compiler (NumPy) the function runs as it is.

    Args:
        f: function of tensors, numbers and trees of them.  Results must depend on the arguments only: side effects happen while
            tracing, not when the compiled program runs.  What it reads besides (names, attributes of objects and classes, also in
            methods and functions of yours that it calls) is a constant of the trace; when such a name has changed, the next call
            traces again and says so.  Arrays changed in place, and what installed packages read, go unnoticed.
        auxiliary_args: names of parameters, separated by commas, that are static: a new value is a new trace.
        forget_traces: whether only the latest program is kept, instead of 256.

    Returns:
        A function alike, with `traces` (how often it was traced), `log` (why) and `forget()`.  Arguments that are not given are
        constants; numbers that the function returns are those of the trace.

    Raises (when called):
        NotConcrete: the function needs the value of an argument as a Python number.
        StaticError: an argument is neither a tree of values nor hashable.
        NotConverged and others: what the compiled code reports.

    >>> from phiml_core import math
    >>> @math.jit_compile
    ... def double(x):
    ...     return 2 * x
    >>> double(math.wrap(3.0))
    6.0
    """
    names = auxiliary_args.split(",") if isinstance(auxiliary_args, str) else auxiliary_args
    static = tuple(n.strip() for n in names if n.strip())
    if f is None:
        return lambda function: jit_compile(function, auxiliary_args, forget_traces)
    if not callable(f):
        raise TypeError(f"jit_compile needs a function, not {f!r}.")
    if inspect.isgeneratorfunction(f) or inspect.iscoroutinefunction(f):
        raise TypeError(
            f"{f.__name__} goes on after it has returned, which compiled functions cannot.  Return a tuple or a list instead."
        )
    return JitFunction(f, static, 1 if forget_traces else _MANY)


def trace_count(f: JitFunction[..., Any]) -> int:
    """How often a compiled function has been traced."""
    return f.traces


def forget_traces(f: JitFunction[..., Any]) -> None:
    """Drop the compiled programs of a function; the next call traces again."""
    f.forget()


def trace_check(traced_function: JitFunction[P, R], *args: P.args, **kwargs: P.kwargs) -> tuple[bool, str]:
    """Whether a compiled function has been traced already for arguments like these; nothing is computed or traced.

    Returns:
        `(True, "")` if a call would run a program that is there, or if the backend compiles nothing; else `(False, why)`.
    """
    if not isinstance(traced_function, JitFunction):
        raise TypeError(f"trace_check needs a function made by jit_compile, not a {type(traced_function).__name__}.")
    return traced_function.check(*args, **kwargs)
