"""Tensors made of nothing but their dims: constants, ranges, coordinates."""

from typing import Any

import numpy as np
from phiml_core.backend import primitive
from phiml_core.backend.choose import default_backend
from phiml_core.backend.dtype import DType, as_dtype
from phiml_core.backend.precision import current
from phiml_core.shape import Shape, ShapeError, channel, merge_shapes, spatial
from phiml_core.tensor.dense import Dense, dense, fits_any
from phiml_core.tensor.spec import make_spec
from phiml_core.tensor.stacked import Stacked
from phiml_core.tensor.tensor import Tensor

from .create import wrap
from .dims import as_dims

__all__ = [
    "arange", "full", "linspace", "meshgrid", "ones", "ones_like", "range_tensor", "zeros", "zeros_like",
]  # fmt: skip


def _dims(shape: tuple[Any, ...]) -> Shape:
    dims = merge_shapes(*(as_dims(s) for s in shape))
    if None in dims.sizes:
        raise ShapeError(f"All sizes must be known to make a tensor, but the shape is {dims}.")
    return dims


def full(shape: Shape, value: Any, *, dtype: Any = None) -> Tensor:
    """A tensor of one value, stored along its spatial dims.

    Args:
        shape: dims with sizes.
        value: number or tensor of fewer dims.
        dtype: element type; by default that of the value, floats at the precision of the context.
    """
    dims = _dims((shape,))
    if isinstance(value, Tensor):
        from .repeat import expand, store

        return store(expand(value, dims), spatial)
    if dtype is None and type(value) is int and not fits_any(np.asarray(value)):
        dtype = "int64"
    kind = as_dtype(dtype if dtype is not None else type(value), current().bits)
    return _constant(dims, value, kind)


def _constant(dims: Shape, value: Any, dtype: DType) -> Tensor:
    place = default_backend()
    if not dims.is_uniform:
        along = next(s.along for s in dims.sizes if not isinstance(s, int) and s is not None)
        items = tuple(_constant(dims.after_item(along, i), value, dtype) for i in range(dims.get_size(along)))
        return Stacked(items, dims[along])
    key = ("constant", dims.columns, place, dtype)
    precision = current()
    plan = precision.plans.get(key)
    if plan is None:
        stored = dims.non_batch  # a batch of equal values costs nothing
        fill = primitive.full.resolve(type(place))
        plan = precision.keep(key, (fill, stored.sizes, make_spec(stored, dims, place, dtype)))
    fill, sizes, spec = plan
    return Dense(fill(place, sizes, value, dtype, None), spec)


def zeros(*shape: Any, dtype: Any = float) -> Tensor:
    """Zeros of the default backend, with the precision of the context.  `shape`: dims with sizes."""
    return _filled(shape, 0, dtype)


def _filled(shape: tuple[Any, ...], value: Any, dtype: Any) -> Tensor:
    precision = current()
    place = default_backend()
    key = (
        "filled",
        shape,
        value,
        dtype,
        place,
    )  # equal shapes of another order share a plan: the order does not matter here
    plan = precision.plans.get(key)
    if plan is None:
        dims, kind = _dims(shape), as_dtype(dtype, precision.bits)
        if not dims.is_uniform:
            return _constant(dims, value, kind)
        stored = dims.non_batch  # a batch of equal values costs nothing
        fill = primitive.zeros if value == 0 else primitive.full
        args = (stored.sizes, kind, None) if value == 0 else (stored.sizes, value, kind, None)
        plan = precision.keep(key, (fill.resolve(type(place)), args, make_spec(stored, dims, place, kind)))
    fill, args, spec = plan
    return Dense(fill(place, *args), spec)


def ones(*shape: Any, dtype: Any = float) -> Tensor:
    """Ones of the default backend, with the precision of the context.  `shape`: dims with sizes."""
    return _filled(shape, 1, dtype)


def zeros_like(value: Any) -> Any:
    """Zeros with the shape, type and backend of each tensor of `value`."""
    from phiml_core.tree import tree_map

    return tree_map(lambda t: t * 0 if t.dtype.kind is not bool else t & False, value)


def ones_like(value: Any) -> Any:
    """Ones with the shape, type and backend of each tensor of `value`."""
    from phiml_core.tree import tree_map

    return tree_map(lambda t: t * 0 + 1 if t.dtype.kind is not bool else t | True, value)


def arange(dim: Shape, start_or_stop: int | None = None, stop: int | None = None, step: int = 1) -> Tensor:
    """Integers from start (default 0) up to, not including, stop (default: the size of the dim), along a dim.

    Raises:
        ShapeError: neither stop nor the size of the dim is given.
    """
    if start_or_stop is None:
        if dim.rank != 1 or dim.size is None:
            raise ShapeError(f"arange needs a limit, or one dim with a size, e.g. spatial(x=4), not {dim}.")
        return arange(dim, dim.size) if stop is None else arange(dim, 0, stop, step)
    start, stop = (0, start_or_stop) if stop is None else (start_or_stop, stop)
    place = default_backend()
    count = max(0, -(-(stop - start) // step))
    array = primitive.arange(place, 0, count, current().int)
    return dense(array, dim if dim.size == count else dim.with_size(count), backend=place) * step + start


def linspace(start: Any, stop: Any, dim: Shape) -> Tensor:
    """`dim.size` equally spaced values from start to stop, both included, along a dim.  Start and stop may be tensors.

    Raises:
        ShapeError: not one dim, or one without size.
    """
    if dim.rank != 1 or dim.size is None:
        raise ShapeError(f"linspace needs one dim with a size, e.g. spatial(x=11), not {dim}.")
    steps = arange(dim, dim.size)
    if dim.size == 1:
        return start + steps * 0.0
    return start + steps * ((stop - start) / (dim.size - 1))


def range_tensor(*shape: Any) -> Tensor:
    """The numbers 0, 1, … in row-major order of the dims."""
    dims = _dims(shape)
    place = default_backend()
    array = primitive.reshape(primitive.arange(place, 0, dims.volume, current().int), dims.sizes)
    return dense(array, dims, backend=place)


def meshgrid(*dims: Any, stack_dim: Shape | None = None, **sizes: Any) -> Tensor:
    """The integer (or given) coordinates of all points of a grid, as vectors.

    Args:
        dims: spatial shape of the grid.
        sizes: sizes by name, instead of a shape; a sequence or tensor gives coordinates other than 0, 1, ….
        stack_dim: dim of the components, by default `channel(vector=names)`.
    """
    axes: dict[str, Any] = {}
    for d in dims:
        for one in d:
            axes[one.name] = arange(one, one.size)
    for name, size in sizes.items():
        axes[name] = arange(spatial(name), size) if isinstance(size, int) else wrap(size, spatial(name))
    dim = stack_dim if stack_dim is not None else channel(vector=tuple(axes))
    shape = merge_shapes(*(a.shape for a in axes.values()))
    from .repeat import expand

    return Stacked(
        tuple(expand(a, shape) for a in axes.values()),
        dim.with_item_names(dim.name, tuple(axes)) if dim.size else dim.with_size(tuple(axes)),
    )
