"""Slicing along named dims: positions, item names, ranges and masks."""

import operator
from collections.abc import Sequence
from typing import Any

from phiml_core.backend import primitive
from phiml_core.backend.choose import find_backend
from phiml_core.dispatch import generic
from phiml_core.shape import ItemNameError, Shape, UnknownDim, Varying, channel
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.stacked import Stacked
from phiml_core.tensor.tensor import Tensor
from phiml_core.tensor.words import restructure, slice_dim

__all__ = ["index", "selected", "slice_", "slice_dim"]


def index(value: Tensor, selection: Any) -> Tensor:
    """`t[...]`: a dict of selections by dim, a boolean tensor, or item names and positions along the only channel dim."""
    if isinstance(selection, dict):
        for name, item in selection.items():
            value = slice_dim(value, name, item)
        return value
    if isinstance(selection, Tensor) and selection.dtype.kind is bool:
        from .gather import boolean_mask

        if selection.rank != 1:
            raise UnknownDim(
                f"A mask selects along one dim, but the mask has shape {selection.shape}.  Use where(), or pack_dims first."
            )
        return boolean_mask(value, selection.shape.name, selection)
    if isinstance(selection, Tensor):
        from .gather import gather

        return gather(value, selection)
    dims = value.shape.channel if value.rank > 1 else value.shape
    if dims.rank != 1:
        raise UnknownDim(
            f"Which dim should {selection!r} select along?  The shape is {value.shape}.  Name it: t.x[...] or t[{{'x': ...}}]."
        )
    return slice_dim(value, dims.name, selection)


def slice_(value: Any, slices: dict[str, Any]) -> Any:
    """`value` (a tensor, or a tree whose tensors are sliced where they have the dim) with selections by dim name."""
    if isinstance(value, Tensor):
        return index(value, slices)
    from phiml_core.tree import tree_map

    return tree_map(lambda t: index(t, {n: s for n, s in slices.items() if n in t.shape.names}), value)


@slice_dim.dispatch
def _(value: Tensor, name, item):
    if type(item) is int:
        return _at(value, name, item)
    if type(item) is str and "," not in item:
        return _at(value, name, value.shape.item_index(name, item))
    return selected(item, value, name)


@generic(on="item")
def selected(item: Any, value: Tensor, name: str) -> Any:
    """What `item` selects along the dim called `name`: one item, without the dim, or several.

    Anything that Python takes as an index is a position, and a native array with one axis lists positions or is a mask.

    Raises:
        TypeError: `item` selects nothing.
    """
    if hasattr(item, "__index__") and not isinstance(item, bool) and not getattr(item, "shape", ()):
        return _at(value, name, operator.index(item))
    found = find_backend(item)
    if found is not None and len(found.sizes(item)) == 1:
        from .create import wrap

        return slice_dim(value, name, wrap(item, value.shape[name].with_size(None)))
    raise TypeError(
        f"Cannot select {item!r} along {name!r}.  Give a position, an item name, a slice, a list of these, or a mask."
    )


@selected.dispatch
def _(item: slice, value, name):
    return slice_range(value, name, _resolve_slice(value.shape, name, item))


@selected.dispatch
def _(item: str, value, name):
    return _listed(value, name, [part.strip() for part in item.split(",")])


@selected.dispatch
def _(item: tuple | list, value, name):
    return _listed(value, name, item)


@selected.dispatch
def _(item: Shape, value, name):
    return _listed(value, name, item.names)


@selected.dispatch
def _(item: Tensor, value, name):
    if item.dtype.kind is bool:
        from .gather import boolean_mask

        return boolean_mask(value, name, item)
    if item.rank == 0 and item.available:
        return _at(value, name, int(item))
    from .gather import take

    return take(value, name, item)


def _listed(value: Tensor, name: str, items: Sequence[Any]) -> Any:
    positions = [value.shape.item_index(name, i) if isinstance(i, str) else i for i in items]
    return select_positions(value, name, tuple(positions))


def _resolve_slice(shape: Shape, name: str, item: slice) -> slice:
    if isinstance(item.start, str) or isinstance(item.stop, str):
        start = shape.item_index(name, item.start) if isinstance(item.start, str) else item.start
        stop = shape.item_index(name, item.stop) + 1 if isinstance(item.stop, str) else item.stop
        return slice(start, stop, item.step)
    return item


def _outside(shape: Shape, name: str, i: int) -> IndexError:
    return IndexError(
        f"Position {i} lies outside dim {name!r} of {shape}: it must be from {-shape.get_size(name)} to {shape.get_size(name) - 1}."
    )


@generic(on="value")
def _at(value: Any, name: str, i: int) -> Any:
    """Item `i` along a dim, which disappears."""
    return restructure(value, _at, (value,), (name, i))


@generic(on="value")
def slice_range(value: Any, name: str, item: slice) -> Any:
    """The items of a Python slice along a dim."""
    return restructure(value, slice_range, (value,), (name, item))


@generic(on="value")
def select_positions(value: Any, name: str, positions: tuple[int, ...]) -> Any:
    """Several items along a dim, in the order given."""
    return restructure(value, select_positions, (value,), (name, positions))


def _getter(spec: Any) -> Any:
    try:
        return spec._cache["getitem"]
    except KeyError:
        getter = spec._cache["getitem"] = spec.backend.bind(primitive.getitem)
        return getter


_ALL = slice(None)


@_at.dispatch
def _(value: Dense, name, i):
    spec = value.spec
    axis = spec.axes.get(name)
    if axis is None:
        size = spec.shape.get_size(name)
        if not -size <= i < size:
            raise _outside(spec.shape, name, i)
        return Dense(value.native_array, spec.without(name))
    size = spec.stored.sizes[axis]
    if not -size <= i < size:
        raise _outside(spec.shape, name, i)
    return Dense(_getter(spec)(value.native_array, (*(_ALL,) * axis, i)), spec.without(name))


@slice_range.dispatch
def _(value: Dense, name, item):
    spec = value.spec
    shape = spec.shape
    i = shape.index(name)
    items = shape.item_names_of[i]
    out = spec.resized(name, len(range(*item.indices(shape.sizes[i]))), None if items is None else items[item] or None)
    axis = spec.axes.get(name)
    if axis is None:
        return Dense(value.native_array, out)
    return Dense(_getter(spec)(value.native_array, (*(_ALL,) * axis, item)), out)


@select_positions.dispatch
def _(value: Dense, name, positions):
    spec = value.spec
    size = spec.shape.get_size(name)
    for p in positions:
        if not -size <= p < size:
            raise _outside(spec.shape, name, p)
    positions = tuple(p % size for p in positions)
    items = spec.shape.get_item_names(name)
    out = spec.resized(
        name,
        len(positions),
        None if items is None or len(set(positions)) < len(positions) else tuple(items[p] for p in positions),
    )
    axis = spec.axes.get(name)
    if axis is None:
        return Dense(value.native_array, out)
    import numpy as np

    take, indices = spec.backend.bind(primitive.take), np.asarray(positions, np.int32)
    return Dense(take(value.native_array, spec.backend.as_array(indices), axis), out)


@_at.dispatch
def _(value: Stacked, name, i):
    if name == value.dim.name:
        if not -len(value.components) <= i < len(value.components):
            raise _outside(value.shape, name, i)
        return value.components[i]
    _check_uniform(value, name)
    return value.map(lambda c: _at(c, name, i) if name in c.shape.names else c)


@slice_range.dispatch
def _(value: Stacked, name, item):
    if name == value.dim.name:
        items = value.dim.item_names
        parts = value.components[item]
        return _restack(
            parts,
            value.dim.with_size(len(parts)).with_item_names(name, None if items is None else items[item] or None),
            value,
        )
    return value.map(lambda c: slice_range(c, name, item) if name in c.shape.names else c)


@select_positions.dispatch
def _(value: Stacked, name, positions):
    if name == value.dim.name:
        for p in positions:
            if not -len(value.components) <= p < len(value.components):
                raise _outside(value.shape, name, p)
        items = value.dim.item_names
        names = tuple(items[p] for p in positions) if items and len(set(positions)) == len(positions) else None
        return _restack(
            tuple(value.components[p] for p in positions),
            value.dim.with_size(len(positions)).with_item_names(name, names),
            value,
        )
    return value.map(lambda c: select_positions(c, name, positions) if name in c.shape.names else c)


def _restack(parts: tuple[Any, ...], dim: Shape, value: Stacked) -> Tensor:
    if parts:
        return Stacked(parts, dim)
    return slice_range(value.block(), dim.name, slice(0, 0))


def _check_uniform(value: Stacked, name: str) -> None:
    size = value.shape.get_size(name)
    if isinstance(size, Varying) and size.along != value.dim.name:
        raise ItemNameError(f"Dim {name!r} of {value.shape} has different sizes.  Select along {size.along!r} first.")


def component_dim(value: Tensor) -> Shape:
    """The channel dim that holds vector components, by default 'vector'."""
    return value.shape.channel if value.shape.channel else channel("vector")
