"""From tensors to native arrays, NumPy arrays and Python numbers."""

from typing import Any

from phiml_core.backend import primitive
from phiml_core.backend.backend import LeakedTensor
from phiml_core.shape import EMPTY, Shape, ShapeError, UnknownDim, select
from phiml_core.tensor.align import aligner
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.spec import Spec
from phiml_core.tensor.stacked import Stacked, as_dense
from phiml_core.tensor.tensor import Tensor
from phiml_core.tree import value_attributes

__all__ = ["NotConcrete", "device", "is_available", "item", "to_native", "to_numpy"]


class NotConcrete(TypeError):
    """The values of a tensor, `native`, were needed while a function is being compiled or differentiated."""

    def __init__(self, message: str, native: Any = None):
        super().__init__(message)
        self.native = native


def _order(value: Dense, order: Any) -> Shape:
    shape = value.shape
    if order is None:
        if shape.rank > 1:
            raise ShapeError(
                f"The native array of {shape} needs an order of dims.  Give one, e.g. t.native('{','.join(shape.names)}')."
            )
        return shape
    if isinstance(order, (tuple, list)) and all(isinstance(o, str) for o in order):
        order = ",".join(order)
    try:
        found = select(shape, order)
    except UnknownDim as error:
        raise UnknownDim(f"native: {error}") from None
    if found.rank != shape.rank:
        missing = ", ".join(shape.without(found).names)
        raise ShapeError(
            f"The order {order!r} leaves out dims of {shape}: {missing}.  Name them, or reduce or slice them first."
        )
    return found


def to_native(value: Tensor, order: Any = None) -> Any:
    """The native array of `value` with dims in the given order; see `Tensor.native`."""
    block = as_dense(value)
    if type(order) is not str:
        return _grouped(block, order) if _has_groups(order) else full_array(block, _order(block, order))
    key = ("native", order)
    program = block.spec._cache.get(key)
    if program is None:
        program = block.spec._cache[key] = _full(block.spec, _order(block, order))
    return program(block.native_array)


def _has_groups(order: Any) -> bool:
    return isinstance(order, (tuple, list)) and not all(isinstance(o, str) for o in order)


def _grouped(value: Dense, order: Any) -> Any:
    from .reshaped import reshaped_native

    return reshaped_native(value, order)


def full_array(value: Dense, order: Shape) -> Any:
    """The native array with one axis of full size per dim of `order`, which may hold dims that `value` has not."""
    spec = value.spec
    key = ("full", order.columns)
    program = spec._cache.get(key)
    if program is None:
        program = spec._cache[key] = _full(spec, order)
    return program(value.native_array)


def _full(spec: Spec, order: Shape) -> Any:
    backend = spec.backend
    step = aligner(backend, spec, order, full_rank=True)
    if any(n not in spec.axes for n in order.names):
        broadcast, sizes = backend.bind(primitive.broadcast_to), tuple(order.sizes)
        return backend.fuse(lambda x: broadcast(x if step is None else step(x), sizes), spec.wide)
    return (lambda x: x) if step is None else backend.fuse(step, spec.wide)


def is_available(value: Tensor) -> bool:
    """Whether the values of a tensor can be read."""
    if isinstance(value, Dense):
        return value.backend.is_available(value.native_array)
    return all(is_available(c) for c in _inner(value))


def device(value: Tensor) -> Any:
    """The device that holds the values of a tensor."""
    if isinstance(value, Dense):
        return value.backend.device(value.native_array)
    first = next(iter(_inner(value)), None)
    return None if first is None else device(first)


def _inner(value: Tensor) -> tuple[Tensor, ...]:
    """The tensors that a layout is made of."""
    if isinstance(value, Stacked):
        return value.components
    names = value_attributes(type(value)) or ()
    return tuple(t for t in (getattr(value, n) for n in names) if isinstance(t, Tensor))


def to_numpy(value: Tensor, order: Any = None) -> Any:
    """The values as a NumPy array with dims in the given order; see `Tensor.native`."""
    array = to_native(value, order)
    if not value.backend.is_available(array):
        raise _unknown(value, "numpy()")
    return value.backend.to_numpy(array)


def _unknown(value: Tensor, what: str) -> Exception:
    native = as_dense(value).native_array
    if value.backend.is_leaked(native):
        return LeakedTensor()
    return NotConcrete(
        f"{what} needs the values of a tensor {value.shape} that is an argument of a function being compiled or differentiated.  "
        "Compute with tensors instead (where, cond, while_loop), or pass the argument as static: jit_compile(auxiliary_args='name').",
        native,
    )


def item(value: Tensor, what: str) -> Any:
    """The only value of a tensor as a Python number."""
    block = value if type(value) is Dense else as_dense(value)
    spec, array = block.spec, block.native_array
    if spec.shape is not EMPTY and (spec.stored.volume != 1 or (what != "bool" and value.shape.volume != 1)):
        raise ShapeError(
            f"{what}() needs a single value, but the shape is {value.shape}.  Slice or reduce it first, e.g. t.sum."
        )
    if not spec.backend.is_available(array):
        raise _unknown(block, f"{what}()")
    return spec.backend.to_numpy(array).item()
