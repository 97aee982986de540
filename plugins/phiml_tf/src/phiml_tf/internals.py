"""What TensorFlow does not offer publicly: asking tapes what they record, recording an operation with a derivative of its
own, calling a compiled function without detours, leaving functions as they are, and XLA's barrier.

Each is tried when it is first needed, and has a public substitute that gives the same results: hand-written derivatives
are then applied whether or not anyone records them, calls take ten times as long, barriers are left out.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import tensorflow as tf
from phiml_core.backend import NoGradient

from .tensors import EagerTensor, SymbolicTensor

__all__ = [
    "any_tape",
    "caller",
    "is_recorded",
    "leave_as_they_are",
    "optimization_barrier",
    "recording",
    "stop_recording",
    "variables_of",
    "with_derivative",
]

PullBack = Callable[..., list[Any]]
RULE = "PhimlRule"


def _tapes_answer() -> bool:
    """Whether tapes say what they watch, and follow an operation that is recorded by hand."""
    x, y = tf.constant(3.0), tf.constant(5.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        watched = should_record_backprop([y, x * 2]), should_record_backprop([y, tf.stop_gradient(x) * 2])
        record_operation(RULE, [y], [x], lambda g: [7 * g])
        z = y * y
    slope: Any = tape.gradient(z, x)
    return watched == (True, False) and not should_record_backprop([x]) and float(slope) == 70


try:
    from tensorflow.python import pywrap_tfe as api
    from tensorflow.python.eager.record import could_possibly_record, record_operation, should_record_backprop

    with ThreadPoolExecutor(1) as _thread:  # where no trace is running and no tape is open
        TAPES = _thread.submit(_tapes_answer).result()
except Exception:  # another version; whatever is wrong with it, there is a way without it
    TAPES = False


def is_recorded(xs: Sequence[Any]) -> bool:
    """Whether a tape records operations on any of the tensors.  Where tapes cannot be asked: whether there are tensors."""
    return should_record_backprop(list(xs)) if TAPES else bool(xs)


def any_tape() -> bool:
    """Whether a tape is open.  Where tapes cannot be asked: yes."""
    return not TAPES or could_possibly_record()


@contextlib.contextmanager
def stop_recording() -> Iterator[None]:
    """Operations in the block are recorded by no tape, except by those of blocks `recording()` in it."""
    if not TAPES or api.TFE_Py_TapeSetIsStopped():
        yield
        return
    api.TFE_Py_TapeSetStopOnThread()
    try:
        yield
    finally:
        api.TFE_Py_TapeSetRestartOnThread()


@contextlib.contextmanager
def recording() -> Iterator[None]:
    """Operations in the block are recorded, also inside of `stop_recording()`."""
    if not TAPES or not api.TFE_Py_TapeSetIsStopped():
        yield
        return
    api.TFE_Py_TapeSetRestartOnThread()
    try:
        yield
    finally:
        api.TFE_Py_TapeSetStopOnThread()


def variables_of(graph: Any) -> list[Any]:
    """The variables that operations of a graph read.

    Raises:
        NoGradient: TensorFlow does not tell, so that derivatives by variables would be missing.
    """
    found = getattr(graph, "_watched_variables", None)
    if found is None and any(x.dtype == tf.resource for x, _ in graph.captures):
        raise NoGradient(
            "This TensorFlow does not tell which variables a function with checkpoints reads.  Pass them as arguments."
        )
    return list(found or ())


# --- an operation with a derivative of its own ---


def with_derivative(inputs: Sequence[Any], outputs: Sequence[Any], pull_back: PullBack) -> list[Any]:
    """`outputs`, computed from `inputs` by something nobody recorded, as recorded results with the derivative `pull_back`.

    For tapes, and inside of graphs also for TensorFlow's derivatives of the graph (of loops, branches, functions).

    Args:
        pull_back: from cotangents of the outputs to a list with those of the inputs (None: zero).
    """
    inputs, outputs = list(inputs), list(outputs)
    if not TAPES:
        return _public(inputs, outputs, pull_back)
    if all(type(x) is EagerTensor for x in (*inputs, *outputs)) and tf.executing_eagerly():
        results = [tf.raw_ops.Identity(input=o) for o in outputs]
        record_operation(RULE, results, inputs, lambda *cotangents: pull_back(*cotangents))
        return results
    count = len(outputs)

    def backward(*cotangents: Any) -> list[Any]:
        return [None] * count + list(pull_back(*cotangents[:count]))

    originals = [tf.convert_to_tensor(x) for x in (*outputs, *inputs)]
    graph = tf.compat.v1.get_default_graph()
    with graph.gradient_override_map({"IdentityN": RULE}):
        results = tf.raw_ops.IdentityN(input=originals)
    rules = getattr(
        graph, "_phiml_rules", None
    )  # they live as long as the graph, unlike those in TensorFlow's registry
    if rules is None:
        rules = graph._phiml_rules = {}
    rules[results[0].op.name] = backward
    record_operation(RULE, results, originals, backward)
    return list(results[:count])


@tf.RegisterGradient(RULE)
def _gradient(op: Any, *cotangents: Any) -> list[Any]:
    return op.graph._phiml_rules[op.name](*cotangents)


def _public(inputs: list[Any], outputs: list[Any], pull_back: PullBack) -> list[Any]:
    @tf.custom_gradient
    def operation(*xs: Any) -> Any:
        return tuple([tf.identity(o) for o in outputs]), lambda *cotangents: pull_back(*cotangents)

    return list(operation(*inputs))


# --- AutoGraph ---


def leave_as_they_are(*packages: str) -> None:
    """`tf.function` shall not rewrite the functions of these packages, which need no rewriting: branches and loops on values are words.

    Without this each call of one from a `tf.function` is translated, or warned about where it cannot be.
    """
    try:
        from tensorflow.python.autograph.core import config

        known = {rule._prefix for rule in config.CONVERSION_RULES}
        new = tuple(config.DoNotConvert(p) for p in packages if p not in known)
        config.CONVERSION_RULES = (*new, *config.CONVERSION_RULES)
    except Exception:  # another version: they are rewritten, and compute the same
        return


# --- calls ---


def caller(concrete: Any) -> Callable[[Sequence[Any]], Sequence[Any]]:
    """How a concrete function without structure is called eagerly: tensors in a row in and out."""
    try:
        from tensorflow.python.eager import context, execute

        inference = concrete._inference_function
        name, count = inference.name.decode(), len(concrete.outputs)
        captured = list(concrete.captured_inputs)
        place = context.context()
        run = execute.execute

        def direct(xs: Sequence[Any]) -> Sequence[Any]:
            return run(name, count, [*xs, *captured], (), place)

        if not callable(run) or not count or not place.has_function(name):  # pyright: ignore[reportOptionalMemberAccess]
            raise RuntimeError("the function cannot be executed by its name")
        direct.concrete = concrete  # type: ignore[attr-defined]  # which owns the name
        return direct
    except Exception:  # another version

        def public(xs: Sequence[Any]) -> Sequence[Any]:
            return concrete(*xs)

        return public


try:
    from tensorflow.compiler.tf2xla.ops.gen_xla_ops import xla_optimization_barrier
except ImportError:
    xla_optimization_barrier = None


def optimization_barrier(xs: Sequence[Any]) -> list[Any]:
    """`xs`, behind XLA's barrier; only for code that XLA compiles."""
    return list(xs) if xla_optimization_barrier is None else [*xla_optimization_barrier(list(xs))]  # pyright: ignore


def is_tensor(x: Any) -> bool:
    """Whether `x` is an eager or symbolic tensor."""
    return isinstance(x, (EagerTensor, SymbolicTensor))
