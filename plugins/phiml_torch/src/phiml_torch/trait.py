"""What is true of PyTorch as a whole: devices, compilation, derivatives, control flow."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from phiml_core.backend import Backend, DType
from phiml_core.backend.dtype import dtype_named

from . import private
from .following import is_batched, is_followed, is_recorded, unseen
from .refusal import NotMapped

__all__ = ["DTYPES", "TORCH", "Torch"]

_NAMES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float16", "bfloat16", "float32", "float64", "complex64", "complex128",
)  # fmt: skip
DTYPES = {dtype_named(name): getattr(torch, name) for name in _NAMES}
_DTYPES = {native: dtype for dtype, native in DTYPES.items()}


class Torch(Backend):
    """PyTorch tensors: eager, compiled by inductor, differentiable to any order by autograd and `torch.func`, in all precisions."""

    name = "torch"
    array_types = (torch.Tensor,)
    can_differentiate = True
    cannot = {"while gradient": "a loop whose number of steps is a value is not recorded step by step"}  # noqa: RUF012
    rank = 1

    @property
    def can_jit(self) -> bool:  # type: ignore[override]
        """Whether functions can be recorded with the installed version of PyTorch."""
        return private.works()

    # --- arrays ---

    def dtype(self, x: Any) -> DType:
        return _DTYPES[x.dtype]

    def native_dtype(self, dtype: DType) -> Any:
        return DTYPES[dtype]

    def sizes(self, x: Any) -> tuple[int, ...]:
        return x.shape

    def as_array(self, x: Any, dtype: DType | None = None, device: Any = None) -> Any:
        if isinstance(x, torch.Tensor):
            return x if dtype is None or _DTYPES[x.dtype] is dtype else x.to(DTYPES[dtype])
        if private.has_modes() and isinstance(x, np.ndarray) and x.ndim:
            from .recorder import constant

            return constant(x, dtype, lambda: self._from_numpy(x, dtype, device))
        return self._from_numpy(x, dtype, device)

    def _from_numpy(self, x: Any, dtype: DType | None, device: Any) -> torch.Tensor:
        """A copy, for the caller may change the array later."""
        narrow = None if dtype is None or dtype.name == "bfloat16" else dtype.name
        result = torch.from_numpy(np.array(x, narrow, order="C"))
        if narrow is None and dtype is not None:
            result = result.to(DTYPES[dtype])
        return result if device is None else result.to(device)

    def from_dlpack(self, x: Any, source: Backend, dtype: DType) -> Any:
        # PyTorch would hand out read-only memory to write to, and ends the process over negative strides
        if isinstance(x, np.ndarray) and (not x.flags.writeable or min(x.strides, default=0) < 0):
            return torch.from_numpy(np.array(x))
        try:
            return torch.from_dlpack(x)
        except (TypeError, BufferError, RuntimeError, AttributeError):  # read-only, or without the protocol
            return torch.from_numpy(np.array(source.to_numpy(x)))

    def to_numpy(self, x: Any) -> Any:
        if private.has_modes() or private.transforms_active():
            if not self.is_available(x):
                raise TypeError(
                    "The values of a PyTorch tensor that is being recorded are not known until the function runs."
                )
            x = private.unwrap(x)
            if x.dtype is not torch.bfloat16:
                return private.to_numpy(x)
        return (x.float() if x.dtype is torch.bfloat16 else x).numpy(force=True)

    def is_traced(self, x: Any) -> bool:
        return self.any_traced((x,))

    def any_traced(self, xs: Sequence[Any]) -> bool:
        grad = torch.is_grad_enabled()
        followed = private.has_modes() or private.transforms_active()
        for x in xs:
            if isinstance(x, torch.Tensor) and ((grad and x.requires_grad) or (followed and is_followed(x))):
                return True
        return False

    def any_recorded(self, xs: Sequence[Any]) -> bool:
        return any(isinstance(x, torch.Tensor) and is_recorded(x) for x in xs)

    def is_available(self, x: Any) -> bool:
        if self.is_leaked(x) or (private.transforms_active() and private.is_batched(x)):
            return False
        return not is_recorded(x)

    def is_leaked(self, x: Any) -> bool:
        from .leaks import is_leaked

        return is_leaked(x)

    def is_compiling(self) -> bool:
        if not private.has_modes():
            return False
        from .recorder import recorder

        return recorder() is not None or private.is_foreign_trace()

    def _records_parts(self) -> bool:
        """Whether loops and branches become parts of a recording.  Inside of `torch.func.vmap` they are taken apart: a part records
        arrays, not items of them."""
        return self.is_compiling() and not private.transforms_active()

    def is_deriving(self) -> bool:
        from .program import is_deriving

        return is_deriving()

    def block_until_ready(self, x: Any) -> Any:
        if x.is_cuda:
            torch.cuda.synchronize(x.device)
        return x

    # --- devices ---

    def devices(self) -> list[Any]:
        return ["cpu", *[f"cuda:{i}" for i in range(torch.cuda.device_count())]]

    def device(self, x: Any) -> Any:
        return "traced" if is_recorded(x) else str(x.device)

    def to_device(self, x: Any, device: Any) -> Any:
        if str(device) not in self.devices():
            raise ValueError(f"PyTorch has no device {str(device)!r}.  Its devices are {self.devices()}.")
        return x.to(device)

    # --- transforms of functions of flat arrays ---

    def jit(self, function: Callable[..., tuple[Any, ...]]) -> Callable[..., tuple[Any, ...]]:
        from .program import Program

        return Program(function) if private.works() else function

    def vjp(
        self, function: Callable[..., Any], args: tuple[Any, ...]
    ) -> tuple[tuple[Any, ...], Callable[..., Any], Any]:
        from .derivative import vjp

        private.follows()
        return vjp(function, args)

    def custom_vjp(
        self, forward: Callable[..., Any], backward: Callable[..., Any], plain: Callable[..., Any]
    ) -> Callable[..., Any]:
        from .derivative import custom_vjp

        private.follows()
        return custom_vjp(forward, backward, plain)

    def checkpoint(self, function: Callable[..., tuple[Any, ...]]) -> Callable[..., tuple[Any, ...]]:
        def call(*xs: Any) -> tuple[Any, ...]:
            if self._records_parts():
                from .control import again

                return again(function, xs)
            if private.transforms_active() or not torch.is_grad_enabled():  # they do not tell what they keep
                return function(*xs)
            from torch.utils.checkpoint import checkpoint

            return checkpoint(function, *xs, use_reentrant=False, preserve_rng_state=False)

        return call

    def cause(self, error: Exception) -> str:
        name = type(error).__module__, type(error).__name__
        return {
            ("phiml_torch.derivative", "Captured"): "capture",
            ("phiml_torch.control", "Unbounded"): "while",
        }.get(name, "")

    def vmap(
        self, function: Callable[..., tuple[Any, ...]], in_axes: tuple[int | None, ...]
    ) -> Callable[..., tuple[Any, ...]]:
        return torch.func.vmap(function, in_dims=in_axes)

    def stop_gradient(self, x: Any) -> Any:
        return x.detach()

    def cond(
        self, predicate: Any, on_true: Callable[..., Any], on_false: Callable[..., Any], args: tuple[Any, ...]
    ) -> tuple[Any, ...]:
        if is_batched(predicate) or (is_recorded(predicate) and not self._records_parts()):
            pairs = zip(on_true(*args), on_false(*args), strict=True)
            return tuple([torch.where(predicate, a, b) for a, b in pairs])
        if not is_recorded(predicate):
            return on_true(*args) if bool(predicate) else on_false(*args)
        from .control import branch

        return branch(predicate, on_true, on_false, args)

    def while_loop(
        self, condition: Callable[..., Any], body: Callable[..., Any], state: tuple[Any, ...]
    ) -> tuple[Any, ...]:
        if not self._records_parts():
            goes_on = condition(*state)
            if is_recorded(goes_on):
                raise NotMapped
            if not is_batched(goes_on):
                return super().while_loop(condition, body, state)
            while private.to_numpy(private.unwrap(goes_on)).any():  # items that are done wait for the others
                state = tuple([torch.where(goes_on, n, s) for n, s in zip(body(*state), state, strict=True)])
                goes_on = condition(*state) & goes_on
            return state
        from .control import repeat_while

        return repeat_while(condition, body, state)

    def fori_loop(self, count: Any, body: Callable[..., Any], state: tuple[Any, ...]) -> tuple[Any, ...]:
        known = not (isinstance(count, torch.Tensor) and is_recorded(count))
        if not self._records_parts():
            if not known:
                raise NotMapped
            for i in range(int(count)):
                state = tuple(body(torch.tensor(i, dtype=torch.int32), *state))
            return state
        from .control import repeat, repeat_some

        if not known:
            return repeat_some(count, body, state)
        return repeat(lambda i, *s: (body(i, *s), ()), state, int(count))[0]

    def scan(
        self, body: Callable[..., Any], state: tuple[Any, ...], count: int
    ) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        if not self._records_parts():
            return super().scan(lambda i, *s: body(torch.tensor(i, dtype=torch.int32), *s), state, count)
        from .control import repeat

        return repeat(body, state, count)

    def eval_shape(
        self, function: Callable[..., Any], args: tuple[Any, ...]
    ) -> tuple[tuple[tuple[int, ...], DType], ...]:
        if self._records_parts():
            from .record import record_function

            return tuple((shape, _DTYPES[dtype]) for shape, dtype in record_function(function, args).sizes)
        with unseen(), torch.no_grad():
            return super().eval_shape(function, args)

    def barrier(self, xs: tuple[Any, ...]) -> tuple[Any, ...]:
        if not private.has_modes():
            return xs
        from .opaque import barrier

        return tuple([barrier(x) if is_recorded(x) else x for x in xs])

    def callback(
        self, function: Callable[..., Any], like: tuple[tuple[tuple[int, ...], DType], ...], args: tuple[Any, ...]
    ) -> Any:
        if not self.any_recorded(args):
            return super().callback(function, like, args)
        from .control import host

        return host(function, [(tuple(sizes), DTYPES[dtype]) for sizes, dtype in like], args)


TORCH = Torch()
