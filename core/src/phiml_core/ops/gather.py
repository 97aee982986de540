"""Reading items at computed positions."""

from typing import Any

import numpy as np
from phiml_core.backend import primitive
from phiml_core.backend.backend import Backend
from phiml_core.backend.choose import join
from phiml_core.backend.dtype import dtype_named
from phiml_core.backend.precision import current
from phiml_core.shape import Shape, ShapeError, UnknownDim, concat_shapes, merge_shapes, select
from phiml_core.tensor.align import Step, chain, joint_order
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.dense_elementwise import preparation
from phiml_core.tensor.spec import Spec, make_spec
from phiml_core.tensor.stacked import Stacked, as_dense
from phiml_core.tensor.tensor import Tensor
from phiml_core.tensor.words import restructure
from phiml_core.tree import is_tree, tree_map

from .create import wrap
from .join import stack
from .layouts import has_own_layout
from .repeat import store
from .unstack import unstack

__all__ = ["boolean_mask", "gather", "index_components", "layout_of_read", "read", "take"]

INDEX = dtype_named("int32")


def gather(values: Any, indices: Tensor, dims: Any = None, pref_index_dim: str = "index") -> Any:
    """The items of `values` at integer positions.

    Args:
        values: tensor or tree of tensors.
        indices: integer positions; one channel dim lists the position along each indexed dim.  Dims that `values` has
            too (such as batch dims) pair up, all others appear in the result.  Negative positions count from the end.
        dims: the dims that are indexed, in the order of the components; by default those that the item names of the
            channel dim name, else the instance or spatial dims of `values`.
        pref_index_dim: name of the channel dim that lists positions, if there are several.

    Raises:
        IndexError: a position lies outside.  (In compiled code, where positions are not known, they are clipped.)
        ShapeError: the number of components does not fit the number of dims.

    >>> from phiml_core import math
    >>> grid = math.wrap([[1, 2], [3, 4], [5, 6]], math.spatial('x,y'))
    >>> math.gather(grid, math.wrap([2, 0], math.channel(vector='x,y')))
    5
    """
    indices = indices if isinstance(indices, Tensor) else wrap(indices)
    if not isinstance(values, Tensor):
        if is_tree(values):
            return tree_map(lambda t: gather(t, indices, dims, pref_index_dim), values)
        values = wrap(values)
    if has_own_layout(values):
        return restructure(values, gather, (values,), (indices, dims, pref_index_dim))
    components, indexed = index_components(values.shape, indices, dims, pref_index_dim)
    return _read(values, components, indexed)


def take(value: Tensor, dim: Any, positions: Tensor) -> Tensor:
    """The items of `value` along one dim at integer positions, whose dims take its place.  Raises as `gather`."""
    if has_own_layout(value):
        return restructure(value, take, (value,), (dim, positions))
    found = select(value.shape, dim)
    if found.rank != 1:
        raise UnknownDim(f"take needs one dim, but {dim!r} selects {found} of {value.shape}.")
    return _read(value, (positions,), (found.name,))


def index_components(
    shape: Shape, indices: Tensor, dims: Any, pref_index_dim: str = "index"
) -> tuple[tuple[Tensor, ...], tuple[str, ...]]:
    """The positions along each indexed dim of a tensor of `shape`, and the names of these dims; see `gather`.

    Raises:
        ShapeError: the components do not fit the dims.
        UnknownDim: a component is named like no dim.
    """
    channels = indices.shape.channel
    names = None
    if pref_index_dim in channels.names:
        channels = channels[pref_index_dim]
    elif channels.rank > 1:
        channels = channels.only("vector") or channels
    if channels.rank > 1:
        raise ShapeError(
            f"Which of the channel dims {channels} of the indices lists positions?  Name it by pref_index_dim=…"
        )
    if channels.rank == 1:
        names = channels.item_names
    if dims is not None:
        indexed = select(shape, dims).names
        if names is not None and set(names) == set(indexed):
            indexed = names
    elif names is not None and all(n in shape.names for n in names):
        indexed = names
    elif names is not None and any(n in shape.names for n in names):
        missing = [n for n in names if n not in shape.names]
        raise UnknownDim(f"gather: the indices name {', '.join(missing)}, but the dims are {shape}.")
    else:
        indexed = (shape.instance or shape.spatial or shape.non_batch.non_channel).names
    if channels.rank == 0:
        if len(indexed) != 1:
            raise ShapeError(
                f"Indices {indices.shape} without a channel dim select along one dim, not along "
                f"{', '.join(indexed) or 'none'} of {shape}.  Name the dim: gather(values, indices, 'x')."
            )
        return (indices,), indexed
    if channels.size != len(indexed):
        raise ShapeError(
            f"Indices {indices.shape} have {channels.size} components for the {len(indexed)} dims {', '.join(indexed)} "
            f"of {shape}.  Give one position for each, or name the dims."
        )
    return unstack(indices, channels), indexed


def _read(values: Tensor, components: tuple[Tensor, ...], indexed: tuple[str, ...]) -> Tensor:
    """`values` at positions, one tensor for each indexed dim."""
    for c in components:
        if c.dtype.kind is not int:
            raise TypeError(f"Indices must be integers, not {c.dtype}.  Round them first: cast(floor(t), int).")
    if isinstance(values, Stacked):
        return _read_stacked(values, components, indexed)
    value = as_dense(values)
    missing = tuple(n for n in indexed if n not in value.spec.axes)
    if missing:
        value = as_dense(store(value, missing))
    sizes: Any = [value.shape.get_size(n) for n in indexed]
    checked = tuple(_inside(as_dense(c), s, n) for c, s, n in zip(components, sizes, indexed, strict=True))
    return read(value, checked, indexed)


def read(value: Dense, positions: tuple[Dense, ...], indexed: tuple[str, ...]) -> Dense:
    """`value`, which stores the dims `indexed`, at positions that are known to lie inside."""
    precision = current()
    key = (gather, value.spec, indexed, *(p.spec for p in positions))
    plan = precision.plans.get(key)
    if plan is None:
        plan = precision.keep(key, _plan(value.spec, indexed, tuple(p.spec for p in positions)))
    run, out = plan
    return Dense(run(value.native_array, *[p.native_array for p in positions]), out)


def _read_stacked(values: Stacked, components: tuple[Tensor, ...], indexed: tuple[str, ...]) -> Tensor:
    name = values.dim.name
    if name in indexed or (values.shape.is_uniform and any(name in c.shape.names for c in components)):
        return _read(as_dense(values), components, indexed)
    rows = [values.items(c) for c in components]
    parts = [_read(v, row, indexed) for v, *row in zip(values.components, *rows, strict=True)]  # type: ignore[arg-type]
    return Stacked(tuple(parts), values.dim)


def _inside(positions: Dense, size: int, dim: str) -> Dense:
    """Positions from 0 to size - 1; checked where their values are known, else clipped."""
    backend = positions.backend
    if backend.is_available(positions.native_array):
        known = backend.to_numpy(positions.native_array)
        if known.size == 0:
            return positions
        low, high = int(known.min()), int(known.max())
        if low < -size or high >= size:
            wrong = low if low < -size else high
            raise IndexError(f"Position {wrong} lies outside dim {dim!r}: it must be from {-size} to {size - 1}.")
        return positions if low >= 0 else as_dense(positions % size)
    from .elementwise import clip, where

    return as_dense(clip(where(positions < 0, positions + size, positions), 0, size - 1))


def layout_of_read(
    backend: Backend, value: Spec, indexed: tuple[str, ...], specs: tuple[Spec, ...]
) -> tuple[Shape, Shape, Shape, Step | None, list[Any]]:
    """How native arrays are read at positions.

    Returns:
        Dims of the positions, in the order of the result; the dims of `value` that they pair up with; the dims that are
        kept; the step that orders the array as paired, indexed, kept dims; the positions along the paired dims.
    """
    points = joint_order([s.stored for s in specs], "gather")
    merge_shapes(*(s.shape for s in specs), value.shape.without(indexed), operation="gather")
    paired = value.stored.only(points).without(indexed)
    kept = value.stored.without(indexed).without(paired)
    perm = tuple(value.axes[n] for n in (*paired.names, *indexed, *kept.names))
    transpose = backend.bind(primitive.transpose)
    step: Step | None = None if perm == tuple(range(len(perm))) else (lambda x: transpose(x, perm))
    along = []
    for n in paired.names:
        size: Any = paired.get_size(n)
        along.append(np.arange(size, dtype=np.int32).reshape([size if m == n else 1 for m in points.names]))
    return points, paired, kept, step, along


def _plan(value: Spec, indexed: tuple[str, ...], specs: tuple[Spec, ...]) -> Any:
    backend = join(value.backend, *(s.backend for s in specs))
    points, paired, kept, step, along = layout_of_read(backend, value, indexed, specs)
    shape = merge_shapes(merge_shapes(*(s.shape for s in specs)), value.shape.without(indexed))
    types = [INDEX if s.backend is not backend else s.dtype for s in specs]
    prepare = [preparation(backend, s, t, points) for s, t in zip(specs, types, strict=True)]
    to_backend = None if value.backend is backend else (lambda x: backend.as_array(x, value.dtype))
    wide = value.wide or any(s.wide for s in specs)
    if len(indexed) == 1 and not paired:
        axis = value.axes[indexed[0]]
        before, after = value.stored[:axis], value.stored[axis + 1 :]
        word, first = backend.bind(primitive.take), prepare[0]
        out = make_spec(concat_shapes(before, points, after), shape, backend, value.dtype)

        def run_take(x: Any, i: Any) -> Any:
            return word(x if to_backend is None else to_backend(x), i if first is None else first(i), axis)

        return backend.fuse(run_take, wide), out
    word = backend.bind(primitive.gather)
    ready = chain([to_backend, step])
    out = make_spec(concat_shapes(points, kept), shape, backend, value.dtype)

    def run(x: Any, *positions: Any) -> Any:
        x = x if ready is None else ready(x)
        at = [i if s is None else s(i) for s, i in zip(prepare, positions, strict=True)]
        return word(x, (*map(backend.as_array, along), *at))

    return backend.fuse(run, wide), out


def boolean_mask(value: Any, dim: Any, mask: Tensor, preserve_names: bool = False) -> Any:
    """The items of `value` along a dim where `mask` is true.

    Args:
        value: tensor or tree of tensors.
        dim: the dim whose items are chosen.
        mask: boolean tensor with that dim; with further dims (such as batch dims) the result is non-uniform along them.
        preserve_names: keep the item names of the dim.

    Raises:
        TypeError: the mask is not boolean, or its values are not known (in compiled functions sizes are fixed).
        UnknownDim: `dim` is not one dim of the mask.

    >>> from phiml_core import math
    >>> x, mask = (math.wrap(values, math.spatial('x')) for values in ([1, 2, 3], [True, False, True]))
    >>> math.boolean_mask(x, 'x', mask).numpy()
    array([1, 3])
    """
    if not isinstance(value, Tensor):
        if is_tree(value):
            return tree_map(lambda t: boolean_mask(t, dim, mask, preserve_names), value)
        value = wrap(value)
    if has_own_layout(value):
        return restructure(value, boolean_mask, (value,), (dim, mask, preserve_names))
    if mask.dtype.kind is not bool:
        raise TypeError(f"boolean_mask needs a boolean mask, not {mask.dtype}.  Compare first, or gather at positions.")
    found = select(merge_shapes(mask.shape, value.shape, operation="boolean_mask"), dim)
    if found.rank != 1 or found.name not in mask.shape.names:
        raise UnknownDim(f"boolean_mask needs one dim of the mask {mask.shape}, but {dim!r} selects {found}.")
    name = found.name
    if mask.rank > 1:
        others = mask.shape.without(name)
        first = others[0]
        masks = unstack(mask, first.name)
        items = unstack(value, first.name) if first.name in value.shape.names else (value,) * len(masks)
        return stack([boolean_mask(v, name, m, preserve_names) for v, m in zip(items, masks, strict=True)], first)
    if isinstance(value, Stacked) and value.dim.name != name:
        return value.map(lambda c: boolean_mask(c, name, mask, preserve_names) if name in c.shape.names else c)
    block = as_dense(value)
    if name not in block.spec.axes:
        block = as_dense(store(block if name in block.shape.names else _with_dim(block, mask.shape), name))
    return _masked(block, name, as_dense(mask), preserve_names)


def _with_dim(value: Dense, dim: Shape) -> Dense:
    from .repeat import expand

    return as_dense(expand(value, dim))


def _masked(value: Dense, name: str, mask: Dense, preserve_names: bool) -> Dense:
    backend, spec = join(value.backend, mask.backend), value.spec
    if not mask.backend.is_available(mask.native_array):
        raise TypeError(
            f"boolean_mask of {value.shape} along {name!r}: the size of the result depends on the mask, which is not "
            "known while a function is compiled.  Use where() to keep the size, or mask outside of the function."
        )
    known = mask.backend.to_numpy(mask.native_array)
    known = np.broadcast_to(known, (spec.shape.get_size(name),))  # type: ignore[arg-type]
    items = spec.shape.get_item_names(name)
    chosen = None
    if preserve_names and items is not None:
        chosen = tuple(n for n, keep in zip(items, known, strict=True) if keep) or None
    out = spec.resized(name, int(known.sum()), chosen)
    array = value.native_array if spec.backend is backend else backend.as_array(value.native_array, spec.dtype)
    array = backend.bind(primitive.boolean_mask)(array, known, spec.axes[name])
    return Dense(array, make_spec(out.stored, out.shape, backend, spec.dtype))
