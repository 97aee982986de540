"""Renaming dims and changing their types."""

from typing import Any

from phiml_core.dispatch import generic
from phiml_core.shape import Shape, ShapeError, make_shape, select
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.stacked import Stacked

from .layouts import dense_or_layout

__all__ = ["rename_dims", "renamed"]


@generic(on="value")
def rename_dims(value: Any, dims: Any, names: Any) -> Any:
    """`value` with dims renamed.

    Args:
        value: tensor or tree of tensors.
        dims: the dims to rename: names, shape or filter.
        names: the new names, one for each: `'a,b'`, or a shape or filter-made shape such as `batch('a,b')` that also gives the new type.

    Raises:
        UnknownDim: `value` lacks a dim.
        ShapeError: not as many names as dims.

    >>> from phiml_core import math
    >>> math.rename_dims(math.zeros(math.spatial(x=2)), 'x', math.batch('b')).shape
    (bᵇ=2)
    """
    return dense_or_layout(value, rename_dims, (dims, names))


def renamed(shape: Shape, dims: Any, names: Any) -> tuple[Shape, Shape]:
    """The dims of `shape` that are renamed and what they become."""
    old = select(shape, dims)
    if isinstance(names, Shape):
        new = names
    else:
        texts = (
            [n.strip() for n in names.split(",")]
            if isinstance(names, str)
            else [n if isinstance(n, str) else n.name for n in names]
        )
        if len(texts) != old.rank:
            raise ShapeError(f"Cannot rename {old} to {names!r}: {old.rank} dims, {len(texts)} names.")
        new = make_shape(tuple(texts), (None,) * len(texts), old.types, old.item_names_of)
    if new.rank != old.rank:
        raise ShapeError(f"Cannot rename {old} to {new}: {old.rank} dims, {new.rank} names.")
    for o, n in zip(old, new, strict=True):
        if n.size is not None and o.size != n.size:
            raise ShapeError(f"Cannot rename {o} to {n}: the sizes differ.")
    return old, new


def _replace(shape: Shape, old: Shape, new: Shape) -> Shape:
    keep = [i for i, n in enumerate(old.names) if n in shape.names]
    gone, come = old.pick(tuple(keep)), new.pick(tuple(keep))
    sizes = tuple(shape.get_size(n) for n in gone.names)
    items = tuple(i or shape.get_item_names(n) for i, n in zip(come.item_names_of, gone.names, strict=True))
    return shape.replace(gone, make_shape(come.names, sizes, come.types, items))


@rename_dims.dispatch
def _(value: Dense, dims, names):
    spec = value.spec
    key = (
        "rename",
        dims.columns if isinstance(dims, Shape) else dims,
        names.columns if isinstance(names, Shape) else names,
    )
    try:
        return Dense(value.native_array, spec._cache[key])
    except (KeyError, TypeError):
        pass
    old, new = renamed(spec.shape, dims, names)
    out = spec.with_dims(_replace(spec.stored, old, new), _replace(spec.shape, old, new))
    if not isinstance(dims, list) and not isinstance(names, list):
        spec._cache[key] = out
    return Dense(value.native_array, out)


@rename_dims.dispatch
def _(value: Stacked, dims, names):
    old, new = renamed(value.shape, dims, names)
    dim, components = value.dim, value.components
    if dim.name in old.names:
        dim = _replace(dim, old, new)
    inner = [i for i, n in enumerate(old.names) if n != value.dim.name]
    if inner:
        gone, come = old.pick(tuple(inner)), new.pick(tuple(inner))
        parts = []
        for c in components:
            mine = [i for i, n in enumerate(gone.names) if n in c.shape.names]
            target = come.pick(tuple(mine))
            parts.append(
                rename_dims(
                    c, gone.names and tuple(gone.names[i] for i in mine), target.with_sizes((None,) * target.rank)
                )
                if mine
                else c
            )
        components = tuple(parts)
    return Stacked(tuple(components), dim)
