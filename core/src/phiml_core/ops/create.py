"""Making tensors: from native arrays, numbers, sequences, and from nothing."""

from collections.abc import Sequence
from numbers import Number
from typing import Any

import numpy as np
from phiml_core.backend import primitive
from phiml_core.backend.choose import backend_named, default_backend, find_backend
from phiml_core.backend.dtype import as_dtype
from phiml_core.backend.precision import current
from phiml_core.shape import (
    EMPTY,
    Shape,
    ShapeError,
    channel,
    concat_shapes,
)
from phiml_core.tensor.dense import Dense, dense, fits_any, number
from phiml_core.tensor.spec import make_spec
from phiml_core.tensor.stacked import Stacked
from phiml_core.tensor.tensor import Tensor
from phiml_core.tensor.words import restructure

from .dims import as_dims

__all__ = ["convert", "reshaped_tensor", "sequence_operand", "tensor", "vec", "wrap"]


def wrap(data: Any, *shape: Any) -> Tensor:
    """`data` as a tensor without copying; NumPy arrays and numbers stay constants that join any backend.

    Args:
        data: a native array, a number, a (nested) sequence of numbers or tensors, or a tensor.
        shape: dims of the axes in order, e.g. `spatial('x,y')`, `channel(vector='x,y')`; sizes may be left out.  Not needed for
            numbers; a flat sequence without dims gets `channel('vector')`.

    Raises:
        ShapeError: the number of dims or a size does not fit the array.
        TypeError: `data` is no array of an installed backend, no number and no sequence.

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


def reshaped_tensor(array: Any, groups: Sequence[Any]) -> Tensor:
    """A tensor from an array in which each axis packs the dims of one group, in row-major order.

    Args:
        array: a native array.
        groups: for each of its axes a shape with sizes, the dims that it packs; an empty one for an axis of size 1.

    Raises:
        TypeError: `array` is no array of an installed backend.
    """
    found = find_backend(array)
    if found is None:
        raise TypeError(f"{type(array).__name__} is no native array of an installed backend.")
    dims = concat_shapes(*(as_dims(g) for g in groups))
    return dense(primitive.reshape(array, dims.sizes), dims, backend=found)
