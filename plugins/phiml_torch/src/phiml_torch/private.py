"""Everything of PyTorch that is not its public interface, in one place.

`works()` and `follows()` try the interfaces for real when they are first needed.  Where one is missing or answers wrongly, functions
run eagerly instead of compiled, and the questions below are answered so that results stay right: hand-written derivatives are then
applied whether or not anyone asks for them.
"""

import contextlib
import functools
import logging
import threading
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import torch

try:
    from torch.utils._python_dispatch import TorchDispatchMode
except ImportError:  # pragma: no cover - another version of PyTorch
    TorchDispatchMode = object  # type: ignore[assignment, misc]

__all__ = [
    "TorchDispatchMode", "compiler", "follows", "has_modes", "inductor", "is_batched", "is_foreign_trace", "is_wrapped",
    "is_zero", "to_numpy", "transforms_active", "unwrap", "works",
]  # fmt: skip

log = logging.getLogger("phiml_core")


def _no() -> bool:
    return False


def _yes() -> bool:
    return True


has_modes: Callable[[], Any] = getattr(torch._C, "_len_torch_dispatch_stack", _no)
"""How many recorders of operations are active in this thread."""
transforms_active: Callable[[], Any] = getattr(torch._C, "_are_functorch_transforms_active", _yes)
"""Whether a function runs inside `torch.func.grad`, `vmap` or alike."""
_functorch = getattr(torch._C, "_functorch", None)


def is_wrapped(x: Any) -> bool:
    """Whether `x` is a value that a transform of `torch.func` follows.  Where PyTorch does not say: yes."""
    return _functorch is None or _functorch.is_functorch_wrapped_tensor(x)


def is_batched(x: Any) -> bool:
    """Whether `x` stands for all items of `torch.func.vmap`, so that it has no one value.  Where PyTorch does not say: no."""
    while _functorch is not None and is_wrapped(x):
        if _functorch.is_batchedtensor(x):
            return True
        x = _functorch.get_unwrapped(x)
    return False


def unwrap(x: Any) -> Any:
    """The tensor below all derivatives of `torch.func`, if PyTorch gives it."""
    while _functorch is not None and is_wrapped(x):
        x = _functorch.get_unwrapped(x)
    return x


def to_numpy(x: Any) -> Any:
    """Values of a tensor that no transform of `torch.func` follows.  Inside of one even `detach` would make it followed again."""
    with getattr(torch._C, "_DisableFuncTorch", contextlib.nullcontext)():
        return x.numpy(force=True)


def is_zero(x: Any) -> bool:
    """Whether `x` is a tensor of zeros without memory, as derivatives of constants are."""
    return getattr(torch, "_is_zerotensor", lambda x: False)(x)


def is_foreign_trace() -> bool:
    """Whether PyTorch itself records operations (`make_fx`, `torch.export`), so that values must not be read."""
    try:
        from torch.fx.experimental.proxy_tensor import get_proxy_mode
    except ImportError:  # pragma: no cover
        return bool(has_modes())
    return get_proxy_mode() is not None


# --- whether all this is so ---


@functools.cache
def follows() -> bool:
    """Whether PyTorch says what `torch.func` is doing; tried once.  If not, says so and takes the answers that are safe."""
    global transforms_active, _functorch
    error = _tried(_transforms)
    if error:
        transforms_active, _functorch = _yes, None
    return not error


@functools.cache
def works() -> bool:
    """Whether functions can be recorded and differentiated with this PyTorch; tried once.  If not, says so."""
    return follows() and not any(map(_tried, (_records, _differentiates, _traces)))  # one message is enough


def _tried(trial: Callable[[], bool]) -> str:
    """What is wrong, for a trial in a thread where nothing is recorded; empty if all is right."""
    errors: list[str] = []

    def run() -> None:
        try:
            if not trial():
                errors.append("wrong result")
        except Exception as error:  # whatever is wrong, there is a way without
            errors.append(f"{type(error).__name__}: {error}")

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if not errors:
        return ""
    log.warning(
        "Functions run eagerly instead of compiled: PyTorch %s differs inside from the versions that phiml_torch knows (%s: %s).  "
        "Install a version within the bounds of phiml_torch.  (Said once.)",
        torch.__version__,
        trial.__doc__,
        errors[0],
    )
    return errors[0]


def _records() -> bool:
    """recording"""
    from .record import record_function
    from .recorder import is_recorded

    x, other = torch.tensor([2.0, 3.0]), torch.tensor([5.0, 7.0])
    seen: list[bool] = []

    def function(x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        y = x * other
        seen.extend((bool(has_modes()), is_recorded(x), is_recorded(y), not is_recorded(other)))
        return (y + 1,)

    recorded = record_function(function, [x])
    seen.extend((not has_modes(), not is_recorded(x), len(recorded.captured) == 1))
    (result,) = torch.fx.GraphModule({}, recorded.graph)(x + 1, other)
    return all(seen) and result.tolist() == [16, 29]


def _differentiates() -> bool:
    """recording of derivatives"""
    from .derivative import pull_back_of
    from .record import record_function

    x = torch.tensor([2.0, 3.0])
    pull_back = record_function(pull_back_of(lambda x: (x * x,), (), 1, (True,), ()), [x, torch.ones(2)])
    (result,) = torch.fx.GraphModule({}, pull_back.graph)(x, torch.tensor([1.0, 10.0]))
    zero = torch._efficientzerotensor(2)  # pyright: ignore[reportPrivateImportUsage]
    return result.tolist() == [4, 60] and is_zero(zero) and not is_zero(torch.zeros(2))


def _transforms() -> bool:
    """the state of torch.func"""
    x = torch.tensor([2.0, 3.0])
    seen = [not transforms_active(), not is_wrapped(x), unwrap(x) is x, not is_batched(x)]

    def function(x: torch.Tensor) -> torch.Tensor:
        seen.extend(
            (bool(transforms_active()), is_wrapped(x), not is_batched(x), to_numpy(unwrap(x)).tolist() == [2, 3])
        )
        return (x * x).sum()

    def item(x: torch.Tensor) -> torch.Tensor:
        seen.extend((is_wrapped(x), is_batched(x)))
        return x * 2

    torch.func.vjp(function, x)  # the pull-back is left, for it loads the compiler
    doubled = torch.func.vmap(item)(x)
    return all(seen) and doubled.tolist() == [4, 6]


def _traces() -> bool:
    """recording by PyTorch itself"""
    from torch.fx.experimental.proxy_tensor import ProxyTorchDispatchMode, PythonKeyTracer

    with ProxyTorchDispatchMode(PythonKeyTracer(), "real"):
        inside = is_foreign_trace() and bool(has_modes())
    return inside and not is_foreign_trace()


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
        expected, found = whole(*map(torch.clone, examples)), run([x.clone() for x in examples])  # it may write to them
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
