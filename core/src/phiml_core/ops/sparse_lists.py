"""The values and positions that tensors store, as lists."""

from typing import Any

import numpy as np
from phiml_core.shape import Shape, ShapeError, channel, instance, select
from phiml_core.tensor.sparse import (
    ENTRY,
    Compact,
    Sparse,
)
from phiml_core.tensor.sparse.numbering import number_type
from phiml_core.tensor.sparse.pattern import index_tensor
from phiml_core.tensor.stacked import as_dense
from phiml_core.tensor.tensor import Tensor

from .create import convert, wrap
from .fill import meshgrid
from .join import stack
from .native import is_available
from .rename import rename_dims
from .reorder import pack_dims, unpack_dim
from .repeat import expand, store
from .sparse_entries import canonical, coordinates, positions, unknown
from .sparse_segments import segment_sum
from .unstack import unstack

__all__ = ["nonzero", "stored_indices", "stored_values", "tensor_like"]


def stored_values(x: Tensor, list_dim: Shape = instance("entries"), invalid: str = "discard") -> Tensor:  # noqa: B008
    """The values that a tensor stores, along `list_dim`; of a dense tensor all, its dims but batch dims packed.

    Args:
        x: sparse or dense tensor.
        list_dim: dim that lists the values.
        invalid: unused slots of compact formats are left out ('discard') or listed too ('keep', 'clamp').
    """
    if not isinstance(x, Sparse):
        return pack_dims(x, x.shape.non_batch, list_dim)
    if isinstance(x.pattern, Compact) and invalid == "discard":
        x = _without_unused(x)
    if isinstance(x.pattern, Compact):
        return pack_dims(x.values, x.pattern.lists, list_dim)
    return rename_dims(x.values, ENTRY, list_dim.with_size(None))


def _without_unused(x: Sparse) -> Sparse:
    if not x.pattern.is_full and x.pattern.known() is None:
        raise unknown(f"Leaving out unused slots of {x.shape} (use invalid='keep')")
    return coordinates(x)


def stored_indices(
    x: Tensor,
    list_dim: Shape = instance("entries"),  # noqa: B008
    index_dim: Shape = channel("index"),  # noqa: B008
    invalid: str = "discard",
) -> Tensor:
    """The positions of `stored_values(x)`, as vectors along `index_dim` whose item names are the dims.

    With invalid='clamp' unused slots of compact formats have the last position, with 'keep' the one after.
    """
    if not isinstance(x, Sparse):
        dims = x.shape.non_batch
        grid = meshgrid(
            stack_dim=index_dim.with_size(dims.names), **{n: np.arange(s) for n, s in zip(dims.names, dims.sizes)}
        )
        named = rename_dims(grid, tuple(dims.names), dims.with_sizes((None,) * dims.rank))
        return pack_dims(as_dense(named), dims, list_dim)
    if isinstance(x.pattern, Compact):
        x = _without_unused(x) if invalid == "discard" else x
    if isinstance(x.pattern, Compact) and not (x.pattern.is_full or invalid == "keep"):
        x = coordinates(x)
    found = positions(x.pattern)
    parts = []
    for part in found.values():
        if isinstance(part, np.ndarray):
            part = index_tensor(part, x.backend, int(part.max(initial=0)))
        part = as_dense(store(expand(as_dense(part), x.pattern.lists)))
        parts.append(pack_dims(part, part.shape, list_dim.with_size(None)))
    return as_dense(stack(parts, index_dim.with_size(tuple(found))))


def tensor_like(existing_tensor: Tensor, values: Any, value_order: str | None = None) -> Tensor:
    """A tensor of the format and shape of another one with other values.

    Args:
        existing_tensor: sparse or dense tensor.
        values: number, or tensor; for a sparse tensor its one instance dim lists values in the order of
            `stored_values(existing_tensor)`.
        value_order: 'as existing' or None; another order, such as 'original', is not remembered.

    Raises:
        ShapeError: not as many values as are stored.
    """
    if value_order not in (None, "as existing"):
        raise ValueError(
            f"tensor_like: value_order must be 'as existing', not {value_order!r}: no other order is kept."
        )
    values = values if isinstance(values, Tensor) else wrap(values)
    if not isinstance(existing_tensor, Sparse):
        shape = existing_tensor.shape.non_batch
        if values.shape.instance.rank == 1 and values.shape.instance.volume == shape.volume:
            return unpack_dim(values, values.shape.instance, shape)
        return expand(values, existing_tensor.shape)
    pattern = existing_tensor.pattern
    block = as_dense(values)
    if not block.shape.instance:
        return existing_tensor.with_values(as_dense(expand(block, pattern.lists)))
    if block.shape.instance.rank != 1:
        raise ShapeError(f"The values {values.shape} need one instance dim that lists them.")
    count = pattern.count if pattern.is_full else coordinates(existing_tensor).pattern.count
    if block.shape.instance.volume != count:
        raise ShapeError(f"The values {values.shape} do not fit {count} stored values of {existing_tensor.shape}.")
    block = as_dense(rename_dims(block, block.shape.instance, instance(ENTRY)))
    if not isinstance(pattern, Compact):
        return existing_tensor.with_values(block)
    if pattern.is_full:
        return existing_tensor.with_values(as_dense(unpack_dim(block, ENTRY, pattern.lists)))
    known = pattern.known()
    if known is None:
        raise unknown(f"tensor_like of {existing_tensor.shape}")
    other = pattern.columns.volume if pattern.by == "rows" else pattern.rows.volume
    used = np.flatnonzero((known[1] if pattern.by == "rows" else known[0]).reshape(-1) < other)
    place = index_tensor(used, block.backend, pattern.count)
    return existing_tensor.with_values(segment_sum(block, place, pattern.lists, True))


def nonzero(
    value: Tensor,
    list_dim: Shape = instance("nonzero"),  # noqa: B008
    index_dim: Shape = channel("vector"),  # noqa: B008
    element_dims: Any = channel,
    list_dims: Any = None,
) -> Tensor:
    """The positions of values that are not zero, as vectors along `index_dim` whose item names are the dims.

    Args:
        value: dense or sparse tensor; values must be known.
        list_dim: dim of the result that lists the positions; its size differs between items of a batch.
        index_dim: dim of the components.
        element_dims: dims of which any value counts.
        list_dims: dims to look along; by default all but batch and element dims.

    >>> from phiml_core import math
    >>> math.nonzero(math.wrap([0, 3, 5], math.spatial('x'))).numpy('nonzero,vector')
    array([[1],
           [2]])
    """
    value = value if isinstance(value, Tensor) else wrap(value)
    if value.shape.batch:
        first = value.shape.batch[0]
        items = [nonzero(v, list_dim, index_dim, element_dims, list_dims) for v in unstack(value, first)]
        return stack(items, first)
    if isinstance(value, Sparse):
        return _nonzero_sparse(value, list_dim, index_dim)
    dims = (
        value.shape.without(select(value.shape, element_dims)) if list_dims is None else select(value.shape, list_dims)
    )
    dims = dims or value.shape
    block = as_dense(store(value))
    if not is_available(block):
        raise unknown(f"nonzero of {value.shape}")
    order = (*dims.names, *value.shape.without(dims).names)
    found = np.argwhere((block.numpy(order) != 0).any(tuple(range(dims.rank, value.rank))))
    return _positions(found, list_dim, index_dim.with_size(dims.names), block)


def _nonzero_sparse(value: Sparse, list_dim: Shape, index_dim: Shape) -> Tensor:
    unique = coordinates(canonical(value, "nonzero"))
    others = unique.value_dims
    if not is_available(unique) or unique.pattern.known() is None:
        raise unknown(f"nonzero of {value.shape}")
    stored = as_dense(store(unique.values)).numpy((ENTRY, *others.names))
    keep = np.flatnonzero((stored != 0).any(tuple(range(1, stored.ndim))))
    found = positions(unique.pattern)
    array = np.stack([np.asarray(p)[keep] for p in found.values()], -1)
    order = np.lexsort(array.T[::-1])
    return _positions(array[order], list_dim, index_dim.with_size(tuple(found)), unique.values)


def _positions(found: np.ndarray, list_dim: Shape, index_dim: Shape, like: Tensor) -> Tensor:
    """An array of positions as a tensor of the backend of `like`."""
    array = found.astype(number_type(int(found.max(initial=0))))
    return convert(wrap(array, list_dim.with_size(None), index_dim), like.backend)
