"""What is true of TensorFlow as a whole: devices, compilation, derivatives, control flow."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from phiml_core.backend import Backend, DType

from . import control
from .checkpoint import checkpoint, checkpointed_loop
from .compiled import Compiled, is_deriving, needs_graph, traces_for_xla
from .derivative import CapturedValue, custom_vjp, differentiable, vjp
from .internals import is_recorded, optimization_barrier
from .leaks import is_within_reach, naming_leaks
from .tensors import VARIABLE, EagerTensor, SymbolicTensor, dtype_of, native_dtype, sizes_of

__all__ = ["TENSORFLOW", "TensorFlow"]


ALIGNMENT = 64
"""Bytes.  TensorFlow ends the process where it computes with memory that begins elsewhere."""


def _is_aligned(x: Any) -> bool:
    """Whether the memory of an array of another library begins where TensorFlow expects it."""
    on_cpu = x.__dlpack_device__()[0] == 1
    return not on_cpu or np.from_dlpack(x).ctypes.data % ALIGNMENT == 0


class TensorFlow(Backend):
    """Eager and symbolic tensors: compiled by XLA or as a graph, differentiable, in both precisions."""

    name = "tensorflow"
    array_types = (EagerTensor, SymbolicTensor, VARIABLE)
    can_jit = True
    can_differentiate = True
    rank = 1

    # --- arrays ---

    def dtype(self, x: Any) -> DType:
        return dtype_of(x)

    def native_dtype(self, dtype: DType) -> Any:
        return native_dtype(dtype)

    def sizes(self, x: Any) -> tuple[int, ...]:
        return sizes_of(x)

    def as_array(self, x: Any, dtype: DType | None = None, device: Any = None) -> Any:
        if isinstance(x, (EagerTensor, SymbolicTensor)):
            return x if dtype is None or dtype_of(x) is dtype else tf.cast(x, native_dtype(dtype))
        if isinstance(x, VARIABLE):
            return self.as_array(self.read(x), dtype, device)
        if device is not None:
            with tf.device(str(device)):
                return tf.constant(np.asarray(x, None if dtype is None else dtype.name))
        return tf.constant(np.asarray(x, None if dtype is None else dtype.name))

    def read(self, x: Any) -> Any:
        return tf.convert_to_tensor(x) if isinstance(x, VARIABLE) else x

    def scalar(self, dtype: DType) -> Callable[[Any], Any]:
        native, check = native_dtype(dtype), dtype.to_numpy().type
        if dtype.kind is int:  # TensorFlow cuts off what is too large
            return lambda x: tf.constant(int(check(x)), native)
        return lambda x: tf.constant(x, native)

    def from_dlpack(self, x: Any, source: Backend, dtype: DType) -> Any:
        try:
            if _is_aligned(x):
                return tf.experimental.dlpack.from_dlpack(x.__dlpack__())  # takes capsules, not arrays
        except (TypeError, BufferError, RuntimeError, AttributeError, ValueError, tf.errors.InvalidArgumentError):
            pass  # strided, read-only or without the protocol
        return self.as_array(source.to_numpy(x), dtype)

    def to_numpy(self, x: Any) -> Any:
        if isinstance(x, SymbolicTensor):
            raise TypeError(
                "The values of a symbolic TensorFlow tensor are not known until the compiled function runs."
            )
        array = np.asarray(x)
        array.flags.writeable = False  # it shares memory with a tensor, which others take to be constant
        return array

    def is_traced(self, x: Any) -> bool:
        return isinstance(x, SymbolicTensor)

    def any_traced(self, xs: Sequence[Any]) -> bool:
        """Whether any tensor is symbolic or watched by a tape; the values of watched tensors can be read all the same."""
        found = []
        for x in xs:
            kind = type(x)
            if kind is EagerTensor:
                found.append(x)
            elif kind is SymbolicTensor:
                return True
        return bool(found) and is_recorded(found)

    def is_deriving(self) -> bool:
        return is_deriving()

    def is_leaked(self, x: Any) -> bool:
        return isinstance(x, SymbolicTensor) and not is_within_reach(x)

    def fuse(self, function: Callable[..., Any], wide: bool = False) -> Callable[..., Any]:
        return naming_leaks(function)

    def is_compiling(self) -> bool:
        return not tf.executing_eagerly()

    def any_recorded(self, xs: Sequence[Any]) -> bool:
        return any(isinstance(x, SymbolicTensor) for x in xs)

    def block_until_ready(self, x: Any) -> Any:
        if type(x) is EagerTensor and not x.device.endswith("CPU:0"):
            tf.test.experimental.sync_devices()
        return x

    # --- devices ---

    def devices(self) -> list[Any]:
        return [d.name for d in tf.config.list_logical_devices()]

    def device(self, x: Any) -> Any:
        if isinstance(x, SymbolicTensor):
            return "traced"
        return "/device:" + x.device.rpartition("/device:")[2]

    def to_device(self, x: Any, device: Any) -> Any:
        names = self.devices()
        found = next((n for n in names if str(device) in (n, n.removeprefix("/device:"))), None)
        if found is None:
            raise ValueError(f"TensorFlow has no device {device!r}.  Its devices are {names}.")
        with tf.device(found):
            return tf.identity(x)

    # --- transforms of functions of flat arrays ---

    def jit(self, function: Callable[..., tuple[Any, ...]]) -> Callable[..., tuple[Any, ...]]:
        return Compiled(function)

    def vjp(
        self, function: Callable[..., Any], args: tuple[Any, ...]
    ) -> tuple[tuple[Any, ...], Callable[..., Any], Any]:
        return vjp(function, args)

    def custom_vjp(
        self, forward: Callable[..., Any], backward: Callable[..., Any], plain: Callable[..., Any]
    ) -> Callable[..., Any]:
        return custom_vjp(forward, backward, plain)

    def checkpoint(self, function: Callable[..., tuple[Any, ...]]) -> Callable[..., tuple[Any, ...]]:
        return checkpoint(function)  # type: ignore[return-value]

    def checkpointed_loop(self, count: int, body: Callable[..., Any], state: tuple[Any, ...]) -> tuple[Any, ...]:
        return checkpointed_loop(count, body, state)

    def cause(self, error: Exception) -> str:
        if isinstance(error, CapturedValue) or "is out of scope" in str(error):
            return "capture"
        return ""

    def vmap(
        self, function: Callable[..., tuple[Any, ...]], in_axes: tuple[int | None, ...]
    ) -> Callable[..., tuple[Any, ...]]:
        def mapped(*args: Any) -> tuple[Any, ...]:
            moving = [
                tf.experimental.numpy.moveaxis(x, a, 0) for x, a in zip(args, in_axes, strict=True) if a is not None
            ]

            def one(items: Any) -> tuple[Any, ...]:
                stream = iter(items)
                return tuple(function(*[x if a is None else next(stream) for x, a in zip(args, in_axes, strict=True)]))

            return tuple(tf.vectorized_map(one, moving))

        return mapped

    def stop_gradient(self, x: Any) -> Any:
        return tf.stop_gradient(x)

    def cond(
        self, predicate: Any, on_true: Callable[..., Any], on_false: Callable[..., Any], args: tuple[Any, ...]
    ) -> tuple[Any, ...]:
        if not isinstance(predicate, SymbolicTensor):
            return on_true(*args) if bool(predicate) else on_false(*args)
        return control.cond(predicate, on_true, on_false, args)

    def while_loop(
        self, condition: Callable[..., Any], body: Callable[..., Any], state: tuple[Any, ...]
    ) -> tuple[Any, ...]:
        return control.while_loop(condition, body, tuple(state))

    def fori_loop(self, count: Any, body: Callable[..., Any], state: tuple[Any, ...]) -> tuple[Any, ...]:
        if tf.executing_eagerly():
            return super().fori_loop(count, body, state)
        return control.fori_loop(count, body, tuple(state))

    def scan(
        self, body: Callable[..., Any], state: tuple[Any, ...], count: int
    ) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        return super().scan(body, state, count) if tf.executing_eagerly() else control.scan(body, tuple(state), count)

    def eval_shape(
        self, function: Callable[..., Any], args: tuple[Any, ...]
    ) -> tuple[tuple[tuple[int, ...], DType], ...]:
        return control.eval_shape(function, args)

    def barrier(self, xs: tuple[Any, ...]) -> tuple[Any, ...]:
        if not traces_for_xla() or not self.any_recorded(xs):
            return xs
        return custom_vjp(
            lambda *ys: (tuple(optimization_barrier(ys)), ()),
            lambda _, cotangents: tuple([c if differentiable(c) else None for c in self.barrier(tuple(cotangents))]),
            lambda *ys: tuple(optimization_barrier(ys)),
        )(*xs)

    def callback(
        self, function: Callable[..., Any], like: tuple[tuple[tuple[int, ...], DType], ...], args: tuple[Any, ...]
    ) -> Any:
        if not self.any_recorded(args) and tf.executing_eagerly():
            return super().callback(function, like, args)
        needs_graph("it calls back to Python")
        types = [native_dtype(dtype) for _, dtype in like]

        def called(*xs: Any) -> list[Any]:
            pairs = zip(function(*map(np.asarray, xs)), like, strict=True)
            return [np.asarray(o, dtype.name) for o, (_, dtype) in pairs]

        found = tf.numpy_function(called, args, types, stateful=False)
        return tuple([tf.ensure_shape(o, sizes) for o, (sizes, _) in zip(found, like, strict=True)])


TENSORFLOW = TensorFlow()
