"""Compiled functions: one trace per structure of the arguments, everything that varies in a simulation is a leaf."""

import functools
import inspect
import types
from collections.abc import Callable, Sequence
from typing import Any, Generic, ParamSpec, TypeVar, overload

from phiml_core.backend.choose import default_backend
from phiml_core.backend.precision import current
from phiml_core.dispatch import epoch
from phiml_core.tree.flatten import Recording, flatten
from phiml_core.tree.structure import Node

from .arguments import Arguments
from .boundary import backend_for, entering
from .history import History
from .program import Program
from .programs import Programs, frozen

__all__ = ["JitFunction", "forget_traces", "jit_compile", "trace_check", "trace_count"]

P = ParamSpec("P")
R = TypeVar("R")


class JitFunction(Generic[P, R]):
    """A compiled function; see `jit_compile`."""

    def __init__(self, function: Callable[P, R], auxiliary_args: tuple[str, ...], only_latest: bool = False):
        functools.update_wrapper(self, function)
        self.function = function
        self.auxiliary_args = auxiliary_args
        self.arguments = Arguments(function, auxiliary_args)
        self.__name__ = self.arguments.name
        self._history = History(function, self.__name__)
        self._programs = Programs(only_latest)
        self._chunks: dict[Any, JitFunction[..., Any]] = {}  # see iterate

    @property
    def traces(self) -> int:
        """How often it was traced."""
        return self._history.traces

    @property
    def log(self) -> list[str]:
        """Why it was traced, one line per trace."""
        return self._history.lines

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        varying, static = self.arguments.bind(*args, **kwargs)
        programs = self._programs
        recognise, key, program, convert = programs.last
        leaves = recognise(varying) if not static and key[2] is current() and key[3] is default_backend() else None
        if leaves is None:
            leaves = []
            try:
                key = self._key(varying, static, leaves)
            except Recording:
                return self.function(*args, **kwargs)
            program, convert = programs.find(key, varying, leaves)
        if program is None or (program.backend.any_traced(leaves) and program.backend.any_recorded(leaves)):
            return self.function(*args, **kwargs)  # eager backends run it, inside a trace it is recorded
        for i, f in convert:
            leaves[i] = f(leaves[i])
        trace = program.trace
        if trace is None or programs.epoch != epoch() or trace.captured.changed():
            return self._trace((program.seen, *key[1:]), program, static, leaves)
        return program.run(trace, leaves)

    def _key(self, varying: tuple[Any, ...], static: tuple[Any, ...], leaves: list[Any]) -> Any:
        """What decides which program runs a call; adds the native leaves of its arguments to `leaves`."""
        structures = tuple([flatten(v, leaves) for v in varying])
        constants = frozen(static, self.arguments.static, self.__name__) if static else ()
        return structures, constants, current(), default_backend()

    def _trace(self, seen: Any, program: Program, static: tuple[Any, ...], leaves: list[Any]) -> Any:
        """A call that traces: the first of its structure, or the first after something outside of its arguments changed."""
        programs = self._programs
        why = programs.why(seen, program, self.arguments) or "first call"
        reasons = [f"{why}; pass it as an argument to avoid this" if why.startswith("the captured") else why]
        if program.trace is not None or programs.epoch != epoch():
            programs.drop_traces()  # all have read the same

        def note() -> None:
            self._history.note(reasons.pop() if reasons else f"{program.backend.name} asked for it")

        return program.record(self.function, self.arguments, static, leaves, note)

    def check(self, *args: P.args, **kwargs: P.kwargs) -> tuple[bool, str]:
        """See `trace_check`."""
        key = self._key(*self.arguments.bind(*args, **kwargs), [])
        given = Node(tuple, None, key[0])
        backend = backend_for(given)
        if not backend.can_jit:
            return True, ""
        seen = entering(given, backend), *key[1:]
        why = self._programs.why(seen, self._programs.get(seen), self.arguments)
        return why is None, "" if why is None else why or "it was never traced"

    def forget(self) -> None:
        """Drop all compiled programs."""
        self._programs.forget()
        self._chunks.clear()

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __repr__(self) -> str:
        return f"<compiled {self.__name__}, {self.traces} traces>"


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
    return JitFunction(f, static, bool(forget_traces))


def trace_count(f: JitFunction[..., Any]) -> int:
    """How often a compiled function has been traced."""
    return _compiled(f, "trace_count")[0].traces


def forget_traces(f: JitFunction[..., Any]) -> None:
    """Drop the compiled programs of a function; the next call traces again."""
    _compiled(f, "forget_traces")[0].forget()


def trace_check(traced_function: JitFunction[P, R], *args: P.args, **kwargs: P.kwargs) -> tuple[bool, str]:
    """Whether a compiled function has been traced already for arguments like these; nothing is computed or traced.

    Returns:
        `(True, "")` if a call would run a program that is there, or if the backend compiles nothing; else `(False, why)`.
    """
    function, first = _compiled(traced_function, "trace_check")
    return function.check(*first, *args, **kwargs)


def _compiled(f: Any, what: str) -> tuple[JitFunction[..., Any], tuple[Any, ...]]:
    """A compiled function and, of a compiled method, the object that it is bound to."""
    first: tuple[Any, ...] = ()
    if isinstance(f, types.MethodType):
        f, first = f.__func__, (f.__self__,)
    if not isinstance(f, JitFunction):
        raise TypeError(f"{what} needs a function made by jit_compile, not a {type(f).__name__}.")
    return f, first
