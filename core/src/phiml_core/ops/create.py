"""Making tensors: from native arrays, numbers, sequences, and from nothing."""

from collections.abc import Sequence
from numbers import Number
from typing import Any

import numpy as np
from phiml_core.backend import primitive
from phiml_core.backend.choose import backend_named, default_backend, find_backend
from phiml_core.backend.dtype import DType, as_dtype
from phiml_core.backend.precision import current
from phiml_core.shape import EMPTY, Shape, ShapeError, channel, concat_shapes, merge_shapes, spatial
from phiml_core.tensor.dense import Dense, dense, fits_any, number
from phiml_core.tensor.spec import make_spec
from phiml_core.tensor.stacked import Stacked
from phiml_core.tensor.tensor import Tensor
from phiml_core.tensor.words import restructure

__all__ = [
    "arange", "as_dims", "convert", "full", "linspace", "meshgrid", "ones", "ones_like", "range_tensor", "reshaped_tensor", "sequence_operand",
    "tensor", "vec", "wrap", "zeros", "zeros_like",
]  # fmt: skip


def wrap(data: Any, *shape: Any) -> Tensor:
    """`data` as a tensor without copying; NumPy arrays and numbers stay constants that join any backend.

    Args:
        data: a native array, a number, a (nested) sequence of numbers or tensors, or a tensor.
        shape: dims of the axes in order, e.g. `spatial('x,y')`, `channel(vector='x,y')`; sizes may be left out.  Not needed for
            numbers; a flat sequence without dims gets `channel('vector')`.

    Raises:
        ShapeError: the number of dims or a size does not fit the array.

    >>> wrap([1., 2.], channel(vector='x,y'))
    (x=1.0, y=2.0)
    """
    dims = concat_shapes(*(as_dims(s) for s in shape)) if shape else None
    if isinstance(data, Tensor):
        return _check_tensor(data, dims)
    if isinstance(data, (bool, int, float, complex)) and dims is None:
        return number(getattr(data, "item", lambda: data)())
    if isinstance(data, (tuple, list)):
        return _wrap_sequence(data, dims)
    found = find_backend(data)
    if found is None:
        if isinstance(data, Number) and dims is None:
            return number(float(data))  # type: ignore[arg-type]
        raise TypeError(
            f"Cannot make a tensor of {type(data).__module__}.{type(data).__qualname__}.  Give a native array of an installed backend, "
            "a number, or a sequence of numbers."
        )
    data = found.read(data)
    sizes = found.sizes(data)
    if dims is None:
        if not sizes:
            return dense(data, EMPTY, backend=found)
        if len(sizes) > 1:
            raise ShapeError(f"An array of sizes {sizes} needs names for its axes, e.g. wrap(array, spatial('x,y')).")
        dims = channel("vector")
    return dense(data, _fit(dims, sizes), backend=found)


def tensor(data: Any, *shape: Any, convert: bool = True) -> Tensor:
    """`data` as a tensor of the default backend; see `wrap` for the arguments.  With `convert=False` the same as `wrap`."""
    result = wrap(data, *shape)
    if not convert:
        return result
    target = default_backend()
    if isinstance(result, Dense) and result.backend is not target:
        if result.backend.rank == 0:
            return _strong(result, target)
        return result
    return _strong(result, target) if isinstance(result, Dense) and result.spec.weak else result


def _strong(value: Dense, target: Any) -> Dense:
    """A constant as data of a backend: floats at the precision of the context if they came from Python numbers."""
    spec = value.spec
    dtype = spec.dtype
    if spec.weak:
        dtype = as_dtype(dtype.kind, current().bits)
    elif dtype.kind in (float, complex) and target is not spec.backend:
        dtype = current().floating(dtype.kind)
    array = target.as_array(value.native_array, dtype)
    return Dense(array, make_spec(spec.stored, spec.shape, target, dtype))


def as_dims(value: Any) -> Shape:
    """`value` if it is a shape.  Raises TypeError for anything else."""
    if isinstance(value, Shape):
        return value
    raise TypeError(f"Dims are given as shapes, e.g. spatial('x,y'), not as {value!r}.")


def _fit(dims: Shape, sizes: tuple[int, ...]) -> Shape:
    if dims.rank != len(sizes):
        raise ShapeError(
            f"{dims.rank} dims {dims} do not fit an array with {len(sizes)} axes {sizes}.  Name each axis once, in order."
        )
    for name, want, have in zip(dims.names, dims.sizes, sizes, strict=True):
        if want is not None and want != have:
            raise ShapeError(
                f"Dim {name!r} should have size {want}, but its axis has size {have}: array {sizes}, dims {dims}."
            )
    return dims if dims.sizes == sizes else dims.with_sizes(sizes)


def _check_tensor(data: Tensor, dims: Shape | None) -> Tensor:
    if dims is None or dims.rank == 0:
        return data
    if data.rank == 0:
        from .repeat import expand

        return expand(data, dims)
    if dims.rank == data.rank:
        from .rename import rename_dims

        return data if set(dims.names) == set(data.shape.names) else rename_dims(data, data.shape, dims)
    raise ShapeError(f"A tensor {data.shape} cannot take the dims {dims}.  Use rename_dims, expand or unpack_dim.")


def _wrap_sequence(data: Sequence[Any], dims: Shape | None) -> Tensor:
    if dims is None:
        dims = channel("vector")
    if any(isinstance(d, Tensor) for d in data):
        from .join import stack

        return stack([wrap(d) for d in data], dims[0] if dims[0].size is not None else dims[0].with_size(len(data)))
    try:
        array = np.asarray(data)
    except ValueError:
        raise ShapeError(
            "A nested sequence of unequal lengths is no tensor.  Stack tensors of different sizes instead."
        ) from None
    if array.dtype == object:
        found = find_backend(data[0]) if data else None
        if found is not None:
            from .join import stack

            return stack([wrap(d, *dims[1:]) for d in data], dims[0])
        raise TypeError(f"A sequence with elements of type {type(data[0]).__name__} is no tensor of numbers.")
    if array.dtype.kind in "US":
        raise TypeError("Text is no tensor of numbers.")
    numpy = backend_named("numpy")
    stored = _fit(dims, array.shape)
    return Dense(
        array,
        make_spec(
            stored, stored, numpy, numpy.dtype(array), weak=array.size > 0 and not _has_arrays(data) and fits_any(array)
        ),
    )


def _has_arrays(data: Sequence[Any]) -> bool:
    return any(hasattr(d, "dtype") for d in data)


def sequence_operand(value: Sequence[Any], partner: Shape, operation: str) -> Tensor:
    """A tuple or list beside a tensor: a vector along its only channel dim, else along 'vector' named by its spatial dims."""
    dims = partner.channel
    if dims.rank > 1:
        raise ShapeError(
            f"Cannot compute {operation} of a tensor {partner} and a sequence of {len(value)}: it has several channel dims.  "
            "Name the dim: wrap(values, channel('vector'))."
        )
    if dims.rank == 0:
        spatial_names = partner.spatial.names
        dims = channel(vector=spatial_names if len(spatial_names) == len(value) else len(value))
    return wrap(list(value) if not isinstance(value, list) else value, dims)


def vec(name: str = "vector", *sequence: Any, **components: Any) -> Tensor:
    """A vector from its components: `vec(x=1, y=0)` has item names x and y."""
    if isinstance(name, (int, float, Tensor)):
        sequence, name = (name, *sequence), "vector"
    values = list(components.values()) if components else list(sequence)
    dim = channel(**{name: tuple(components) if components else len(values)})
    return wrap(values, dim)


def convert(value: Any, backend: Any = None) -> Any:
    """Tensors of `value` (also in trees) with arrays of another backend (by default the default one), without copy by DLPack
    where the device and layout allow it."""
    from phiml_core.tree import tree_map

    target = default_backend() if backend is None else backend_named(backend)

    def one(t: Tensor) -> Tensor:
        if isinstance(t, Stacked):
            return t.map(one)
        if not isinstance(t, Dense):
            return restructure(t, convert, (t,), (target,))
        if t.backend is target:
            return t
        array = target.from_dlpack(t.native_array, t.backend, t.dtype)
        return Dense(array, make_spec(t.spec.stored, t.shape, target, target.dtype(array)))

    return tree_map(one, value)


# --- from nothing ---


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


def arange(dim: Shape, start_or_stop: int, stop: int | None = None, step: int = 1) -> Tensor:
    """Integers from start (default 0) up to, not including, stop, along a dim."""
    start, stop = (0, start_or_stop) if stop is None else (start_or_stop, stop)
    place = default_backend()
    count = max(0, -(-(stop - start) // step))
    array = primitive.arange(place, 0, count, current().int)
    return dense(array, dim.with_size(count), backend=place) * step + start


def linspace(start: Any, stop: Any, dim: Shape) -> Tensor:
    """`dim.size` equally spaced values from start to stop, both included, along a dim.  Start and stop may be tensors."""
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


def reshaped_tensor(array: Any, groups: Sequence[Any]) -> Tensor:
    """A tensor from an array in which each axis packs the dims of one group, in row-major order."""
    found = find_backend(array)
    if found is None:
        raise TypeError(f"{type(array).__name__} is no native array of an installed backend.")
    dims = concat_shapes(*(as_dims(g) for g in groups))
    return dense(primitive.reshape(array, dims.sizes), dims, backend=found)
