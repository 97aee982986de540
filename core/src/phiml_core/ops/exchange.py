"""What is asked of any value, and passing tensors to code that knows no names."""

import time
from collections.abc import Callable
from typing import Any

from phiml_core.backend.backend import Backend
from phiml_core.backend.choose import join
from phiml_core.backend.dtype import DType
from phiml_core.shape import Shape, channel, merge_shapes
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.stacked import Stacked
from phiml_core.tensor.tensor import Tensor

from .create import reshaped_tensor, wrap
from .native import NotConcrete
from .repeat import expand
from .reshaped import reshaped_native
from .slicing import slice_

__all__ = [
    "all_available", "choose_backend", "dtype", "is_none", "is_numeric", "native", "native_call", "numpy", "perf_counter", "print_",
    "to_device",
]  # fmt: skip


def _leaves(*values: Any) -> list[Tensor]:
    from phiml_core.tree import tree_leaves

    return tree_leaves(values)


def native(value: Any) -> Any:
    """The native array of a tensor of at most one dim, of a native array, or of numbers."""
    return (value if isinstance(value, Tensor) else wrap(value)).native()


def numpy(value: Any) -> Any:
    """The values of a tensor of at most one dim, of a native array, or of numbers as a NumPy array."""
    return (value if isinstance(value, Tensor) else wrap(value)).numpy()


def dtype(x: Any) -> DType:
    """The element type of a tensor, native array or number."""
    return (x if isinstance(x, Tensor) else wrap(x)).dtype


def all_available(*values: Any) -> bool:
    """Whether all tensors of trees have values that can be read: no transform is tracing them."""
    return all(t.available for t in _leaves(*values))


def is_none(x: Any) -> bool:
    """Whether there is no value."""
    return x is None


def is_numeric(x: Any) -> bool:
    """Whether a value is a tensor, a native array or a number."""
    if isinstance(x, Tensor):
        return True
    try:
        wrap(x)
    except (TypeError, ValueError):
        return bool(getattr(x, "shape", ()))
    return True


def choose_backend(*values: Any) -> Backend:
    """The backend that an operation on tensors, native arrays and numbers runs on.

    Raises:
        MixedBackends: two frameworks meet.
    """
    tensors = [v if isinstance(v, Tensor) else wrap(v) for v in values]
    return join(*[t.backend for t in tensors])


def to_device(value: Any, device: Any) -> Any:
    """The tensors of a tree on a device, given by its name (see `Backend.devices`), as the framework has it, or as 'CPU' or 'GPU' for
    the first one of the kind.

    Raises:
        ValueError: the backend of a tensor has no such device.
        TypeError: a tensor has a layout of its own, such as a sparse one.
    """
    from phiml_core.tree import tree_map

    def one(t: Tensor) -> Tensor:
        if isinstance(t, Stacked):
            return t.map(one)
        if not isinstance(t, Dense):
            raise TypeError(f"to_device moves dense tensors, not {type(t).__name__}.")
        named = [d for d in t.backend.devices() if device in ("CPU", "GPU") and device in str(d).upper()]
        return Dense(t.backend.to_device(t.native_array, named[0] if named else device), t.spec)

    return tree_map(one, value)


def perf_counter(*wait_for: Any) -> Tensor:
    """`time.perf_counter()` once all tensors of trees are computed.

    Raises:
        NotConcrete: inside compiled functions, which have no clock.
    """
    for t in _leaves(*wait_for):
        if not t.available:
            raise NotConcrete(
                "Compiled functions have no clock.  Measure around their calls, or by iterate(…, measure=…)."
            )
        for part in t.components if isinstance(t, Stacked) else (t,):
            if isinstance(part, Dense):
                part.backend.block_until_ready(part.native_array)
    return wrap(time.perf_counter())


def print_(obj: Any = None, name: str = "") -> None:
    """Print all values of the tensors of a tree, x to the right and y upwards; see the format 'full' of tensors."""
    from phiml_core.tree import tree_map

    if name:
        print(name)
    if obj is not None:
        tree_map(lambda t: print(f"{t:full}"), obj)


def native_call(
    f: Callable[..., Any],
    *inputs: Any,
    channels_last: bool | None = None,
    channel_dim: Shape | str = "vector",
    **f_kwargs: Any,
) -> Tensor:
    """Call a function of native arrays, e.g. a network, with tensors.

    Args:
        f: takes arrays with the axes (batch, *others, channels), or (batch, channels, *others), and returns one such array, whose
            sizes may differ but for the batch.  All batch dims are one axis, all channel dims are another one.
        inputs: tensors or numbers; they get the batch dims and the other dims of all of them.
        channels_last: which of the two; by default the first one except for PyTorch.
        channel_dim: the dim of the channels of the result, or its name; a single channel has no dim then.
        f_kwargs: further arguments of `f`.

    Returns:
        A tensor with the batch dims and other dims of the inputs, and `channel_dim`.

    Raises:
        ValueError: the result has another number of axes.
    """
    tensors = [t if isinstance(t, Tensor) else wrap(t) for t in inputs]
    backend = join(*[t.backend for t in tensors])
    last = backend.name != "torch" if channels_last is None else channels_last
    whole = merge_shapes(*[t.shape for t in tensors])
    batches, others = whole.batch, whole.non_batch.non_channel
    arrays = []
    for t in tensors:
        full = expand(t, whole.non_channel)
        groups = [batches, *others, full.shape.channel] if last else [batches, full.shape.channel, *others]
        arrays.append(backend.as_array(reshaped_native(full, groups)))
    with backend.context(any(t.dtype.precision == 64 for t in tensors)):
        result = f(*arrays, **f_kwargs)
    sizes = backend.sizes(result)
    if len(sizes) != 2 + others.rank:
        raise ValueError(
            f"native_call: the function returned an array of sizes {sizes}, but {2 + others.rank} axes were expected."
        )
    channels = sizes[-1] if last else sizes[1]
    if isinstance(channel_dim, str):
        dim = channel(**{channel_dim: channels})
    else:
        dim = channel_dim.with_size(channels) if channel_dim.rank == 1 else channel_dim
    found = [d.with_size(n) for d, n in zip(others, sizes[1:-1] if last else sizes[2:], strict=True)]
    tensor = reshaped_tensor(result, [batches, *found, dim] if last else [batches, dim, *found])
    return slice_(tensor, {dim.name: 0}) if isinstance(channel_dim, str) and channels == 1 else tensor
