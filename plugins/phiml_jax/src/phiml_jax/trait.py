"""What is true of JAX as a whole: devices, compilation, derivatives, control flow."""

import contextlib
import os
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxlib._jax import ArrayImpl
from phiml_core.backend import Backend, DType
from phiml_core.backend.dtype import dtype_named

from .callback import call_back
from .forward import has_reverse_rule, lacks_forward
from .tracers import IS_TRACER, in_trace, is_leaked, is_recorded
from .wide import WIDE, narrowed, wide_call

__all__ = ["JAX", "Jax"]


class _DTypes(dict[Any, DType]):
    def __missing__(self, dtype: Any) -> DType:
        found = self[dtype] = dtype_named(dtype.name)
        return found


_DTYPES = _DTypes()
_PATIENCE = 2e-3  # seconds; beyond, what waking up takes does not count
_yield = getattr(os, "sched_yield", None)  # to the threads that compute


class Jax(Backend):
    """JAX arrays and tracers: eager, compiled by XLA, differentiable to any order, vectorised, in both precisions."""

    name = "jax"
    array_types = (ArrayImpl, Tracer)
    can_jit = True
    can_differentiate = True
    differentiates_forward = True
    cannot = {"while gradient": "XLA does not reverse a loop whose number of steps is a value"}  # noqa: RUF012
    rank = 1

    # --- arrays ---

    def dtype(self, x: Any) -> DType:
        return _DTYPES[x.dtype]

    def sizes(self, x: Any) -> tuple[int, ...]:
        return x.shape

    def context(self, wide: bool) -> Any:
        return jax.enable_x64(True) if wide else contextlib.nullcontext()

    def as_array(self, x: Any, dtype: DType | None = None, device: Any = None) -> Any:
        if isinstance(x, (ArrayImpl, Tracer)):
            return x if dtype is None or self.dtype(x) is dtype else wide_call(jnp.asarray)(x, dtype.name)
        array = np.asarray(x, None if dtype is None else dtype.name)
        with self.context(array.dtype in WIDE):
            result = jnp.asarray(array, device=device)
        if array.ndim and isinstance(result, ArrayImpl):
            result.block_until_ready()  # JAX copies in the background, while the caller may go on to change the NumPy array
        return result

    def scalar(self, dtype: DType) -> Callable[[Any], Any]:
        return np.dtype(dtype.name).type  # compiled programs take NumPy scalars; a JAX array costs twenty times as much

    def from_dlpack(self, x: Any, source: Backend, dtype: DType) -> Any:
        with self.context(dtype.precision == 64):
            try:
                return jnp.from_dlpack(x)
            except (TypeError, BufferError, RuntimeError, AttributeError):  # strided, read-only or without the protocol
                return jnp.asarray(source.to_numpy(x))

    def to_numpy(self, x: Any) -> Any:
        if IS_TRACER[type(x)]:
            raise TypeError("The values of a traced JAX array are not known until the compiled function runs.")
        return np.asarray(x)

    def watch(self, x: Any) -> bool:
        ready, end = x.is_ready, perf_counter() + _PATIENCE
        while not ready():
            if _yield is None or perf_counter() > end:
                return False
            _yield()
        return True

    def is_traced(self, x: Any) -> bool:
        return IS_TRACER[type(x)]

    def any_traced(self, xs: Sequence[Any]) -> bool:
        for x in xs:
            if IS_TRACER[type(x)]:
                return True
        return False

    def is_leaked(self, x: Any) -> bool:
        return is_leaked(x)

    def is_compiling(self) -> bool:
        return isinstance(jnp.zeros(()), Tracer)

    def any_recorded(self, xs: Sequence[Any]) -> bool:
        return any(is_recorded(x) for x in xs)

    def fuse(self, function: Callable[..., Any], wide: bool = False) -> Callable[..., Any]:
        compiled = jax.jit(function)  # one call into C++ instead of one per operation

        def call(first: Any, *others: Any) -> Any:
            if not others and type(first) is ArrayImpl:
                return compiled(first)
            xs, mixed = (first, *others), False
            for x in xs:
                if type(x) is not ArrayImpl:
                    if isinstance(x, Tracer):
                        return in_trace(function, xs)
                    mixed = True
            if mixed and not wide:
                xs = tuple([narrowed(x) for x in xs])
            return compiled(*xs)

        if not wide:
            return call

        def wide_variant(*xs: Any) -> Any:
            with jax.enable_x64(True):
                return call(*xs)

        return wide_variant

    def block_until_ready(self, x: Any) -> Any:
        return x if isinstance(x, Tracer) else jax.block_until_ready(x)

    # --- devices ---

    def devices(self) -> list[Any]:
        return [str(d) for d in jax.devices()]

    def device(self, x: Any) -> Any:
        return "traced" if isinstance(x, Tracer) else ", ".join(sorted(map(str, x.devices())))

    def to_device(self, x: Any, device: Any) -> Any:
        found = next((d for d in jax.devices() if str(d) == str(device) or d is device), None)
        if found is None:
            raise ValueError(f"JAX has no device {device!r}.  Its devices are {self.devices()}.")
        with self.context(x.dtype in WIDE):
            return jax.device_put(x, found)

    # --- transforms of functions of flat arrays ---

    def jit(self, function: Callable[..., tuple[Any, ...]]) -> Callable[..., tuple[Any, ...]]:
        return jax.jit(function)

    def vjp(
        self, function: Callable[..., Any], args: tuple[Any, ...]
    ) -> tuple[tuple[Any, ...], Callable[..., Any], Any]:
        return jax.vjp(function, *args, has_aux=True)

    def jvp(
        self, function: Callable[..., Any], args: tuple[Any, ...], tangents: tuple[Any, ...]
    ) -> tuple[tuple[Any, ...], tuple[Any, ...], Any]:
        if self.any_recorded(args) and has_reverse_rule(function, args):
            return super().jvp(function, args, tangents)
        try:
            return jax.jvp(function, args, tangents, has_aux=True)
        except TypeError as error:
            if not lacks_forward(error):
                raise
        return super().jvp(function, args, tangents)

    def jacobian(
        self, function: Callable[..., Any], args: tuple[Any, ...], examples: tuple[tuple[int, ...], ...]
    ) -> tuple[Any, list[tuple[Any, ...]]]:
        from .jacobian import jacobian

        try:
            return jacobian(function, args, examples, True)
        except (
            TypeError,
            ValueError,
        ) as error:  # a hand-written derivative has no forward mode, a `while` loop no reverse one
            if not lacks_forward(error) and self.cause(error) != "while":
                raise
        return jacobian(function, args, examples, False)

    def custom_vjp(
        self, forward: Callable[..., Any], backward: Callable[..., Any], plain: Callable[..., Any]
    ) -> Callable[..., Any]:
        rule = jax.custom_vjp(plain)
        rule.defvjp(forward, backward)
        return rule

    def differentiated_as(
        self, function: Callable[..., tuple[Any, ...]], alternative: Callable[..., tuple[Any, ...]]
    ) -> Callable[..., tuple[Any, ...]]:
        rule = jax.custom_vjp(function)
        rule.defvjp(lambda *xs: jax.vjp(alternative, *xs), lambda pull_back, cotangents: pull_back(cotangents))
        return rule

    def checkpoint(self, function: Callable[..., tuple[Any, ...]]) -> Callable[..., tuple[Any, ...]]:
        return jax.checkpoint(function)

    def cause(self, error: Exception) -> str:
        if isinstance(error, jax.errors.UnexpectedTracerError) or type(error).__name__ == "CustomVJPException":
            return "capture"
        return "while" if isinstance(error, ValueError) and "Reverse-mode differentiation" in str(error) else ""

    def vmap(
        self, function: Callable[..., tuple[Any, ...]], in_axes: tuple[int | None, ...]
    ) -> Callable[..., tuple[Any, ...]]:
        return jax.vmap(function, in_axes=in_axes)

    def stop_gradient(self, x: Any) -> Any:
        return jax.lax.stop_gradient(x)

    def cond(
        self, predicate: Any, on_true: Callable[..., Any], on_false: Callable[..., Any], args: tuple[Any, ...]
    ) -> tuple[Any, ...]:
        if not isinstance(predicate, Tracer):
            return on_true(*args) if bool(predicate) else on_false(*args)
        return jax.lax.cond(predicate, on_true, on_false, *args)

    def while_loop(
        self, condition: Callable[..., Any], body: Callable[..., Any], state: tuple[Any, ...]
    ) -> tuple[Any, ...]:
        first = condition(*state)
        if not isinstance(first, Tracer) and not any(isinstance(s, Tracer) for s in state):
            while bool(first):  # eager: a compiled loop would be compiled anew for each call
                state = tuple(body(*state))
                first = condition(*state)
            return state
        return jax.lax.while_loop(lambda s: condition(*s), lambda s: tuple(body(*s)), tuple(state))

    def fori_loop(self, count: Any, body: Callable[..., Any], state: tuple[Any, ...]) -> tuple[Any, ...]:
        last = np.int32(count) if isinstance(count, int) else jnp.asarray(count, np.int32)
        return jax.lax.fori_loop(np.int32(0), last, lambda i, s: tuple(body(i, *s)), tuple(state))

    def scan(
        self, body: Callable[..., Any], state: tuple[Any, ...], count: int
    ) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        return jax.lax.scan(lambda s, i: body(i, *s), tuple(state), jnp.arange(count, dtype=jnp.int32))

    def eval_shape(
        self, function: Callable[..., Any], args: tuple[Any, ...]
    ) -> tuple[tuple[tuple[int, ...], DType], ...]:
        return tuple((tuple(o.shape), _DTYPES[o.dtype]) for o in jax.eval_shape(function, *args))

    def barrier(self, xs: tuple[Any, ...]) -> tuple[Any, ...]:
        return jax.lax.optimization_barrier(xs) if any(isinstance(x, Tracer) for x in xs) else xs

    def callback(
        self, function: Callable[..., Any], like: tuple[tuple[tuple[int, ...], DType], ...], args: tuple[Any, ...]
    ) -> Any:
        if not any(isinstance(a, Tracer) for a in args):
            return super().callback(function, like, args)
        return call_back(function, like, args)


JAX = Jax()
