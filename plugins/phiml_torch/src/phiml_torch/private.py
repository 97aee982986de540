"""Everything of PyTorch that is not its public interface, in one place.

Each function says what stands in for it where this version of PyTorch lacks the interface; `works()` tries the recording for real.
"""

import functools
import threading
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import torch

try:
    from torch.utils._python_dispatch import TorchDispatchMode
except ImportError:  # pragma: no cover - another version of PyTorch
    TorchDispatchMode = None  # type: ignore[assignment, misc]

__all__ = [
    "TorchDispatchMode", "compiler", "has_modes", "inductor", "is_batched", "is_foreign_trace", "is_wrapped", "is_zero",
    "transforms_active", "unwrap",
]  # fmt: skip


def _zero() -> int:
    return 0


has_modes: Callable[[], Any] = getattr(torch._C, "_len_torch_dispatch_stack", _zero)
"""How many recorders of operations are active in this thread."""
transforms_active: Callable[[], Any] = getattr(torch._C, "_are_functorch_transforms_active", _zero)
"""Whether a function runs inside `torch.func.grad`, `vmap` or alike."""
_functorch = getattr(torch._C, "_functorch", None)


def is_wrapped(x: Any) -> bool:
    """Whether `x` is a value that a transform of `torch.func` follows."""
    return _functorch is not None and _functorch.is_functorch_wrapped_tensor(x)


def is_batched(x: Any) -> bool:
    """Whether `x` stands for all items of `torch.func.vmap`, so that it has no one value."""
    while is_wrapped(x):
        if _functorch.is_batchedtensor(x):  # type: ignore[union-attr]
            return True
        x = _functorch.get_unwrapped(x)  # type: ignore[union-attr]
    return False


def unwrap(x: Any) -> Any:
    """The tensor below all derivatives of `torch.func`."""
    while is_wrapped(x):
        x = _functorch.get_unwrapped(x)  # type: ignore[union-attr]
    return x


def is_zero(x: Any) -> bool:
    """Whether `x` is a tensor of zeros without memory, as derivatives of constants are."""
    return getattr(torch, "_is_zerotensor", lambda x: False)(x)


def is_foreign_trace() -> bool:
    """Whether PyTorch itself records operations (`make_fx`, `torch.export`), so that values must not be read."""
    try:
        from torch.fx.experimental.proxy_tensor import get_proxy_mode
    except ImportError:  # pragma: no cover
        return False
    return get_proxy_mode() is not None


# --- the compiler ---


@functools.cache
def compiler() -> str:
    """Why PyTorch cannot compile to machine code on this machine; empty if it can."""
    try:
        from torch._inductor.compile_fx import compile_fx  # noqa: F401
        from torch._inductor.cpp_builder import get_cpp_compiler
        from torch._inductor.exc import InvalidCxxCompiler
    except ImportError as error:  # pragma: no cover
        return f"this PyTorch has another interface to its compiler ({error})"
    try:
        get_cpp_compiler()
    except InvalidCxxCompiler:
        return "PyTorch finds no C++ compiler"
    return ""


_LOCK = threading.RLock()


def inductor(graph_module: Any, examples: Sequence[torch.Tensor]) -> Callable[..., Sequence[torch.Tensor]]:
    """A graph compiled for tensors like the examples.  The module must not be used afterwards: the compiler changes it.

    What PyTorch wraps around the compiled code (derivatives, aliases of results) is left out: graphs here need none of it.
    """
    from torch._guards import TracingContext, tracing
    from torch._inductor.compile_fx import compile_fx
    from torch._subclasses.fake_tensor import FakeTensorMode
    from torch.fx.experimental.symbolic_shapes import ShapeEnv

    _lower()
    shapes = FakeTensorMode(shape_env=ShapeEnv())  # without, PyTorch does not look into its cache on disk
    with _LOCK, torch.no_grad(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Torchinductor does not support code generation for complex")
        with tracing(TracingContext(shapes)):
            fake = [shapes.from_tensor(x, static_shapes=True) for x in examples]
            whole: Any = compile_fx(graph_module, fake, config_patches=OPTIONS)
        run = _inside(whole)
        if run is None:
            return whole
        expected, found = whole(*examples), run(list(examples))
        same = len(expected) == len(found) and all(
            isinstance(b, torch.Tensor) and a.shape == b.shape and a.stride() == b.stride() and a.dtype == b.dtype
            for a, b in zip(expected, found)
        )
    return (lambda *xs: run(list(xs))) if same else whole


def _inside(function: Any) -> Any:
    """The compiled code that wrappers of PyTorch end in, None if it is not found."""
    stack, seen = [function], set[int]()
    while stack and len(seen) < 200:
        found = stack.pop()
        if id(found) in seen:
            continue
        seen.add(id(found))
        run = getattr(found, "current_callable", None)
        if run is not None:
            return run
        stack += [c.cell_contents for c in getattr(found, "__closure__", None) or () if callable(c.cell_contents)]
        stack += [
            v for v in (getattr(found, n, None) for n in ("compiled_fn", "__wrapped__", "__self__")) if callable(v)
        ]
    return None


OPTIONS: dict[str, Any] = {"size_asserts": False, "alignment_asserts": False}
"""Programs here know the sizes of their arguments, see `program`."""


@functools.cache
def _lower() -> None:
    """Teach the compiler that the tensors of a barrier are computed once, as buffers."""
    from torch._inductor.lowering import register_lowering

    from . import opaque

    @register_lowering(opaque.OPS.barrier.default, type_promotion_kind=None)
    def _(x: Any) -> Any:
        x.realize()
        return x
