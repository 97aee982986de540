"""Tracers: what stands for values that JAX does not know yet, and whether it still may."""

from collections.abc import Callable, Sequence
from typing import Any

import jax
from jax.core import Tracer
from phiml_core.backend import LeakedTensor

try:
    from jax._src.core import trace_ctx
except ImportError:  # another version
    trace_ctx = None  # type: ignore[assignment]

__all__ = ["IS_TRACER", "in_trace", "is_leaked", "is_recorded"]


class _IsTracer(dict[type, bool]):
    def __missing__(self, cls: type) -> bool:
        found = self[cls] = issubclass(cls, Tracer)
        return found


IS_TRACER = _IsTracer()
"""Whether a class is one of tracers: a table, since `isinstance` of them takes longer."""


def is_recorded(x: Any) -> bool:
    """Whether a tracer stands, below derivatives and batches of it, for a value that is not computed yet."""
    while isinstance(x, Tracer):
        wrapped = {"LinearizeTracer": "primal", "JVPTracer": "primal", "BatchTracer": "val"}.get(type(x).__name__)
        if wrapped is None or not hasattr(x, wrapped):
            return True
        x = getattr(x, wrapped)
    return False


def is_leaked(x: Any) -> bool:
    """Whether a tracer belongs to a trace that has ended.  Where JAX does not say what it is tracing: no."""
    if not isinstance(x, Tracer) or trace_ctx is None:
        return False
    trace = trace_ctx.trace
    while trace is not None and trace is not x._trace:
        trace = getattr(trace, "parent_trace", None)
    return trace is None


def in_trace(function: Callable[..., Any], xs: Sequence[Any]) -> Any:
    """`function(*xs)` where some are tracers: the plain operations are recorded."""
    try:
        return function(*xs)
    except jax.errors.UnexpectedTracerError as error:
        if any(is_leaked(x) for x in xs):
            raise LeakedTensor from error
        raise
