"""Operations that move, repeat or leave out elements of traced tensors."""

from collections.abc import Callable
from typing import Any

import numpy as np
from phiml_core.math import cast, expand, wrap
from phiml_core.ops.gather import index_components
from phiml_core.ops.rename import renamed
from phiml_core.shape import ShapeError, UnknownDim, concat_shapes, merge_shapes, select
from phiml_core.tensor import Stacked, restructure
from phiml_core.tensor.tensor import Tensor

from .errors import not_linear
from .joined import concatenated, stacked
from .linear import Linear, holds_linear, linear
from .padded import padded
from .reindex import known_positions, read_at, reindexed, sliced

__all__ = ["RULES", "one_tensor"]

RULES: dict[str, Callable[..., Any]] = {}
"""What an operation does to traced tensors, by its name: `rule(op, values, args)`."""


def rule(name: str) -> Callable[[Any], Any]:
    """Register the rule of the operation called `name`."""

    def register(function: Any) -> Any:
        RULES[name] = function
        return function

    return register


@restructure.dispatch
def _(lead: Linear, op, values, args):
    found = RULES.get(op.__name__)
    if found is not None:
        return found(op, values, args)
    from .columns import by_columns

    return by_columns(op, values, args)


@rule("_at")
def _item(op: Any, values: Any, args: Any) -> Any:
    (value,), (dim, i) = values, args
    size: Any = value.shape.get_size(dim)
    if not -size <= i < size:
        raise IndexError(
            f"Position {i} lies outside dim {dim!r} of {value.shape}: it must be from {-size} to {size - 1}."
        )
    terms = [t.at(dim, i % size, size) for t in value.terms]
    bias = None if value.bias is None else value.full_bias()[{dim: i}]
    return linear(value.source, value.shape.without(dim), [t for t in terms if t is not None], bias, value.dtype)


@rule("slice_range")
def _slice(op: Any, values: Any, args: Any) -> Any:
    (value,), (dim, item) = values, args
    size: Any = value.shape.get_size(dim)
    start, stop, step = item.indices(size)
    names = value.shape.get_item_names(dim)
    items = None if names is None else names[item] or None
    if step == 1:
        return sliced(value, dim, start, max(start, stop), items)
    return _chosen(value, dim, np.arange(size)[item], items, op, args)


def _chosen(value: Linear, dim: str, found: Any, items: Any, op: Any, args: Any) -> Any:
    """Items at known positions along one dim, which keeps its name."""
    found = np.asarray(found, np.int32)
    if found.size and (np.diff(found) == 1).all():
        return sliced(value, dim, int(found[0]), int(found[-1]) + 1, items)
    shape = value.shape.with_size(len(found), dim).with_item_names(dim, items)
    along = value.shape[dim].with_size(None).with_item_names(dim, None)
    key = ("positions", dim, found.tobytes())
    where = value.source.once(key, None, lambda: wrap(found, along))
    return reindexed(value, {dim: where}, shape, None if value.bias is None else op(value.full_bias(), *args))


@rule("select_positions")
def _select(op: Any, values: Any, args: Any) -> Any:
    (value,), (dim, wanted) = values, args
    size: Any = value.shape.get_size(dim)
    for p in wanted:
        if not -size <= p < size:
            raise IndexError(
                f"Position {p} lies outside dim {dim!r} of {value.shape}: it must be from {-size} to {size - 1}."
            )
    wanted = [p % size for p in wanted]
    names = value.shape.get_item_names(dim)
    items = tuple(names[p] for p in wanted) if names and len(set(wanted)) == len(wanted) else None
    return _chosen(value, dim, wanted, items, op, args)


@rule("flip")
def _flip(op: Any, values: Any, args: Any) -> Any:
    (value,) = values
    for dim in select(value.shape, args[0]):
        names = dim.item_names
        items = None if names is None else names[::-1]
        value = _chosen(value, dim.name, np.arange(dim.size)[::-1], items, op, (dim.name,))
    return value


@rule("roll")
def _roll(op: Any, values: Any, args: Any) -> Any:
    (value,) = values
    for dim, shift in args[0].items():
        size: Any = select(value.shape, dim).size
        cut = (-shift) % size
        if cut:
            items = value.shape.get_item_names(dim)
            bias = None if value.bias is None else op(value.full_bias(), {dim: shift})
            value = value.with_(bias=None)
            value = concatenated((sliced(value, dim, cut, size), sliced(value, dim, 0, cut)), dim)
            value = value.with_(value.shape.with_item_names(dim, items), bias=bias)
    return value


@rule("expand")
def _expand(op: Any, values: Any, args: Any) -> Any:
    (value,), (dims,) = values, args
    if not dims.is_uniform:
        along = next(s.along for s in dims.sizes if not isinstance(s, int))
        items = tuple(value[{along: i}] for i in range(dims.get_size(along))) if along in value.shape.names else None
        count = dims.get_size(along)
        parts = [expand(items[i] if items else value, dims.after_item(along, i)) for i in range(count)]
        return Stacked(tuple(parts), dims[along])
    shape = merge_shapes(dims, value.shape, operation="expand")
    if None in shape.sizes:
        raise ShapeError(f"expand needs sizes for new dims, but got {dims}.")
    return value.with_(shape, bias=value.bias)


@rule("store")
def _store(op: Any, values: Any, args: Any) -> Any:
    return values[0]


@rule("stop_gradient")
def _stop_gradient(op: Any, values: Any, args: Any) -> Any:
    raise not_linear("stop_gradient")


@rule("convert")
def _convert(op: Any, values: Any, args: Any) -> Any:
    return values[0]


@rule("cast")
def _cast(op: Any, values: Any, args: Any) -> Any:
    (value,) = values
    dtype = cast(wrap(value.dtype.kind(0)), args[0]).dtype
    order = (bool, int, float, complex)
    if order.index(dtype.kind) < order.index(value.dtype.kind):
        raise not_linear(f"the conversion from {value.dtype.kind.__name__} to {dtype.kind.__name__}")
    return value.with_(bias=None if value.bias is None else cast(value.bias, args[0]), dtype=dtype)


@rule("rename_dims")
def _rename(op: Any, values: Any, args: Any) -> Any:
    (value,) = values
    old, new = renamed(value.shape, *args)
    sizes = tuple(value.shape.get_size(n) for n in old.names)
    items = [a or b for a, b in zip(new.item_names_of, old.item_names_of, strict=True)]
    new = new.with_sizes(sizes)
    for n, names in zip(new.names, items, strict=True):
        new = new.with_item_names(n, names)
    temporary = {n: f"_old{i}" for i, n in enumerate(old.names)}  # names may be exchanged
    final = {f"_old{i}": n for i, n in enumerate(new.names)}
    terms = [t.renamed(temporary).renamed(final) for t in value.terms]
    bias = None if value.bias is None else op(value.full_bias(), *args)
    place = dict(zip(old.names, new.names, strict=True))
    shape = merge_shapes(value.shape.without(old), new)
    shape = shape.only(tuple([place.get(n, n) for n in value.shape.names]), reorder=True)
    return linear(value.source, shape, terms, bias, value.dtype)


@rule("stack_tensors")
def _stack(op: Any, values: Any, args: Any) -> Any:
    return stacked(values, args[0])


@rule("concat_tensors")
def _concat(op: Any, values: Any, args: Any) -> Any:
    spread = next((v for v in values if isinstance(v, Stacked)), None)
    if spread is not None and spread.dim.name != args[0]:
        from phiml_core.math import concat

        columns = [spread.items(v) for v in values]
        return Stacked(tuple(concat(list(row), args[0]) for row in zip(*columns, strict=True)), spread.dim)
    return concatenated(tuple(one_tensor(v) for v in values), args[0])


def one_tensor(value: Any) -> Any:
    """A stack that holds traced tensors as one traced tensor."""
    return stacked(value.components, value.dim) if isinstance(value, Stacked) and holds_linear(value) else value


@rule("pad")
def _pad(op: Any, values: Any, args: Any) -> Any:
    return padded(values[0], *args)


@rule("pack_dims")
def _pack(op: Any, values: Any, args: Any) -> Any:
    (value,), (dims, packed_dim) = values, args
    packed = select(value.shape, dims)
    if not packed:
        return expand(value, packed_dim.with_size(1))
    new = packed_dim.with_size(packed.volume)
    shape = merge_shapes(value.shape.without(packed), new)
    line = np.unravel_index(np.arange(packed.volume), packed.sizes)  # type: ignore[arg-type]
    key = ("pack", packed.columns, packed_dim.columns)
    at = value.source.once(
        key,
        None,
        lambda: {n: wrap(i.astype(np.int32), new.with_size(None)) for n, i in zip(packed.names, line, strict=True)},
    )
    return reindexed(value, at, shape, None if value.bias is None else op(value.full_bias(), packed, packed_dim))


@rule("unpack_dim")
def _unpack(op: Any, values: Any, args: Any) -> Any:
    (value,), (dim, unpacked) = values, args
    packed = select(value.shape, dim)
    sizes = list(unpacked.sizes)
    if sizes.count(None) == 1:
        known = int(np.prod([s for s in sizes if s is not None]))
        unpacked = unpacked.with_dim_size(unpacked.names[sizes.index(None)], packed.size // known)
    if unpacked.volume != packed.size:
        raise ShapeError(f"Cannot unpack {packed} to {unpacked}: {packed.size} items do not fill {unpacked.volume}.")
    key = ("unpack", packed.columns, unpacked.columns)
    numbers = np.arange(packed.size, dtype=np.int32).reshape(unpacked.sizes)
    where = value.source.once(key, None, lambda: wrap(numbers, unpacked.with_sizes((None,) * unpacked.rank)))
    i = value.shape.index(packed.name)
    shape = concat_shapes(value.shape[:i], unpacked, value.shape[i + 1 :])
    return reindexed(
        value, {packed.name: where}, shape, None if value.bias is None else op(value.full_bias(), dim, unpacked)
    )


def _known(value: Linear, indices: Any, operation: str) -> Tensor:
    return value.source.once(("known", id(indices)), indices, lambda: known_positions(indices, operation))


@rule("gather")
def _gather(op: Any, values: Any, args: Any) -> Any:
    (value,), (indices, dims, index_dim) = values, args
    components, indexed = index_components(value.shape, _known(value, indices, "gather"), dims, index_dim)
    return read_at(value, components, indexed, None if value.bias is None else op(value.full_bias(), *args))


@rule("take")
def _take(op: Any, values: Any, args: Any) -> Any:
    (value,), (dim, indices) = values, args
    name = select(value.shape, dim).name
    bias = None if value.bias is None else op(value.full_bias(), *args)
    return read_at(value, (_known(value, indices, "slicing"),), (name,), bias)


@rule("boolean_mask")
def _boolean_mask(op: Any, values: Any, args: Any) -> Any:
    (value,), (_dim, mask, preserve) = values, args
    if isinstance(mask, Linear):
        raise not_linear("boolean_mask", "whose mask depends on it")
    if mask.rank != 1:
        raise UnknownDim(f"boolean_mask of a traced tensor takes a mask of one dim, not {mask.shape}.")
    name = mask.shape.name
    known = _known(value, mask, "boolean_mask").numpy(name)
    names = value.shape.get_item_names(name)
    kept = np.flatnonzero(known)
    items = tuple(names[i] for i in kept) or None if preserve and names else None
    return _chosen(value, name, kept, items, op, args)


@rule("scatter_values")
def _scatter(op: Any, values: Any, args: Any) -> Any:
    from .scattered import scattered

    return scattered(op, values, args)


@rule("grid_sample")
def _grid_sample(op: Any, values: Any, args: Any) -> Any:
    from .sampled import sampled

    return sampled(values[0], *args)
