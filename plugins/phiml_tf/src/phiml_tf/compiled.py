"""Compiled functions of flat tensors: traced once per sizes and types, by XLA where it can, else as a graph.

TensorFlow differentiates a compiled function from outside by returning all of its intermediate results, and not twice if
it contains hand-written derivatives.  Here its derivative is a second compiled function, that of the tape inside, which
computes the forward pass again; and so on for the derivative of that.
"""

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from typing import Any

import tensorflow as tf

from .derivative import differentiable, vjp
from .internals import any_tape, caller, is_recorded, is_tensor, stop_recording, with_derivative
from .tensors import EagerTensor, sizes_of

__all__ = ["Compiled", "is_deriving", "needs_graph", "traces_for_xla"]

log = logging.getLogger("phiml_core")


class _Session:
    """One trace: whether it is for XLA, and what XLA cannot do of it."""

    def __init__(self, xla: bool):
        self.xla, self.obstacle = xla, ""


_session: ContextVar[_Session | None] = ContextVar("phiml_tf_session", default=None)


_deriving: ContextVar[bool] = ContextVar("phiml_tf_deriving", default=False)


def is_deriving() -> bool:
    """Whether a function that was traced already runs again: for its derivative, for another compiler, or not compiled."""
    return _deriving.get()


@contextlib.contextmanager
def _again() -> Iterator[None]:
    token = _deriving.set(True)
    try:
        yield
    finally:
        _deriving.reset(token)


@contextlib.contextmanager
def _tracing(xla: bool) -> Iterator[_Session]:
    session = _Session(xla)
    token = _session.set(session)
    try:
        yield session
    finally:
        _session.reset(token)


def traces_for_xla() -> bool:
    """Whether what is traced now is going to be compiled by XLA."""
    session = _session.get()
    return session is not None and session.xla


def needs_graph(obstacle: str) -> None:
    """Tell the trace that is running that XLA cannot compile it, and why."""
    session = _session.get()
    if session is not None:
        session.obstacle = session.obstacle or obstacle


class _Program:
    """A traced function: how it is called, what it reads besides its arguments, and which of its results have derivatives."""

    __slots__ = ("call", "captured", "moving", "ran", "variables")

    def __init__(self, concrete: Any):
        self.call = caller(concrete)
        self.captured = [x for x in concrete.captured_inputs if type(x) is EagerTensor and differentiable(x)]
        self.variables = bool(concrete.graph.variables)
        self.moving = [i for i, o in enumerate(concrete.outputs) if differentiable(o)]
        self.ran = False

    def reads_recorded(self) -> bool:
        """Whether tapes record what it reads besides its arguments."""
        return bool(self.captured and is_recorded(self.captured)) or (self.variables and any_tape())


class Compiled:
    """A compiled version of a function of flat tensors that returns a tuple of tensors."""

    def __init__(self, function: Callable[..., Sequence[Any]], xla: bool = True):
        self.function, self.xla = function, xla
        self._programs: dict[Any, _Program] = {}
        self._derivatives: dict[Any, Compiled] = {}

    def __call__(self, *args: Any) -> tuple[Any, ...]:
        key = []
        for x in args:
            if type(x) is not EagerTensor:
                return self._convert(args)
            key.append((x.dtype, x.shape))
        if not tf.executing_eagerly():
            return tuple(self.function(*args))
        kind = tuple(key)
        program = self._programs.get(kind)
        if program is None:
            program = self._programs[kind] = self._traced(args)
        if program.reads_recorded():  # and may write to, so that it must not run twice
            with _again():
                return tuple(self.function(*args))
        if program.ran:
            results = program.call(args)
        else:
            program, results = self._first(kind, program, args)
        if program.moving and is_recorded(args):
            return self._recorded(kind, program, args, results)
        return tuple(results)

    def _convert(self, args: Sequence[Any]) -> tuple[Any, ...]:
        """Arguments that are no eager tensors: symbolic ones belong to a trace that records this function too."""
        xs = [x if is_tensor(x) else tf.convert_to_tensor(x) for x in args]
        return self(*xs) if all(type(x) is EagerTensor for x in xs) else tuple(self.function(*xs))

    def _traced(self, args: Sequence[Any]) -> _Program:
        """A program for XLA, or a graph where the trace tells that XLA cannot compile it."""
        program, obstacle = self._trace(args)
        return self._without_xla(args, obstacle) if obstacle and self.xla else program

    def _first(self, kind: Any, program: _Program, args: Sequence[Any]) -> tuple[_Program, Sequence[Any]]:
        """Run a program for the first time, when XLA compiles it."""
        try:
            results = program.call(args)
        except (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError) as error:
            obstacle = _obstacle(error) if self.xla else ""
            if not obstacle:
                raise
            program = self._programs[kind] = self._without_xla(args, obstacle)
            results = program.call(args)
        program.ran = True
        return program, results

    def _without_xla(self, args: Sequence[Any], obstacle: str) -> _Program:
        log.warning("A function runs as a TensorFlow graph, since XLA cannot compile it: %s", obstacle)
        self.xla = False
        with _again():
            return self._trace(args)[0]

    def _trace(self, args: Sequence[Any]) -> tuple[_Program, str]:
        specs = [tf.TensorSpec(x.shape, x.dtype) for x in args]
        function = self.function  # the trace must not keep this object alive

        def flat(*xs: Any) -> tuple[Any, ...]:
            return tuple([tf.convert_to_tensor(o) for o in function(*xs)])

        with _tracing(self.xla) as session, stop_recording():  # a derivative is another trace
            traced = tf.function(flat, autograph=False, jit_compile=True if self.xla else None)
            concrete = traced.get_concrete_function(*specs)
        return _Program(concrete), session.obstacle

    def _recorded(self, kind: Any, program: _Program, args: Sequence[Any], results: Sequence[Any]) -> tuple[Any, ...]:
        moving = program.moving
        wrt = [i for i, x in enumerate(args) if differentiable(x)]

        def pull_back(*cotangents: Any) -> list[Any]:
            slopes = [
                tf.zeros(sizes_of(results[i]), results[i].dtype)
                if cotangents[i] is None
                else tf.convert_to_tensor(cotangents[i])
                for i in moving
            ]
            found = iter(self._derivative(kind, len(args), tuple(wrt), tuple(moving))(*args, *slopes))
            return [next(found) if i in wrt else None for i in range(len(args))]

        return tuple(with_derivative(args, results, pull_back))

    def _derivative(self, kind: Any, count: int, wrt: tuple[int, ...], moving: tuple[int, ...]) -> "Compiled":
        """From arguments and cotangents of the results `moving` to those of the arguments `wrt`, in TensorFlow's convention."""
        if kind not in self._derivatives:
            function = self.function

            def derivative(*inputs: Any) -> tuple[Any, ...]:
                args = list(inputs[:count])

                def of_moving(*xs: Any) -> tuple[Any, Any]:
                    for i, x in zip(wrt, xs, strict=True):
                        args[i] = x
                    outputs = function(*args)
                    return tuple([outputs[i] for i in moving]), ()

                with _again():
                    _, pull_back, _ = vjp(of_moving, [args[i] for i in wrt])
                return tuple(map(_conjugate, pull_back(tuple(map(_conjugate, inputs[count:])))))

            self._derivatives[kind] = Compiled(derivative, self.xla)
        return self._derivatives[kind]


def _conjugate(x: Any) -> Any:
    return tf.math.conj(x) if x.dtype.is_complex else x


def _obstacle(error: Exception) -> str:
    """What XLA cannot compile, from its error; empty if the error is another."""
    text = str(error)
    for sign in (
        "Detected unsupported operations",
        "requires a fixed tensor list size",
        "must be a compile-time constant",
        "UNIMPLEMENTED",
        "No registered",
    ):
        if sign in text or isinstance(error, tf.errors.UnimplementedError):
            return text.partition("\n")[0][:300]
    return ""
