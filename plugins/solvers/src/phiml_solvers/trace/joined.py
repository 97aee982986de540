"""Traced tensors one after another, and along a new dim."""

from typing import Any

from phiml_core.math import concat, expand, stack
from phiml_core.shape import Shape, UnknownDim, concat_shapes, merge_shapes
from phiml_core.tensor import Stacked
from phiml_core.tensor.tensor import Tensor

from .linear import Linear, joint_type, linear, offset_of
from .term import with_window

__all__ = ["concatenated", "stacked"]


def _source(values: Any) -> Any:
    return next(v.source for v in values if isinstance(v, Linear))


def _full(value: Any, shape: Shape) -> Tensor:
    """The bias of a part, with all dims."""
    return value.full_bias() if isinstance(value, Linear) else expand(value, shape)


def concatenated(values: Any, dim: str) -> Any:
    """Values one after another along a dim that all have."""
    for v in values:
        if dim not in v.shape.names:
            raise UnknownDim(
                f"concat: no dim {dim!r} in {v.shape}.  Add it with expand(value, …), or stack along a new dim."
            )
    total = sum(v.shape.get_size(dim) for v in values)
    rest = merge_shapes(*(v.shape.without(dim) for v in values), operation="concat")
    names = [v.shape.get_item_names(dim) for v in values]
    items: Any = None if None in names else tuple(n for part in names for n in part)
    if items is not None and len(set(items)) < len(items):
        items = None
    full = values[0].shape.with_size(total, dim).with_item_names(dim, items)
    shape = merge_shapes(full, rest)
    terms, start = [], 0
    for v in values:
        size = v.shape.get_size(dim)
        for t in getattr(v, "terms", ()):
            moved = t.moved(dim, -start, size, total)
            if moved is not None:
                terms.append(moved)
        start += size
    bias = None
    if any(offset_of(v) is not None for v in values):
        parts = [_full(v, v.shape) for v in values]
        bias = concat(parts, dim)
    return linear(_source(values), shape, terms, bias, joint_type(*values))


def stacked(values: Any, dim: Shape) -> Any:
    """Values along a new dim; of different sizes they stay apart."""
    sizes: dict[str, Any] = {}
    for v in values:
        for n in v.shape.names:
            if sizes.setdefault(n, v.shape.get_size(n)) != v.shape.get_size(n):
                return Stacked(tuple(values), dim)
    if not all(v.shape.is_uniform for v in values):
        return Stacked(tuple(values), dim)
    dim = dim.with_size(len(values)) if dim.size is None else dim
    shape = concat_shapes(dim, merge_shapes(*(v.shape for v in values), operation="stack"))
    terms = []
    for k, v in enumerate(values):
        for t in getattr(v, "terms", ()):
            terms.append(t._replace(windows=with_window(t.windows, dim.name, k, k + 1, len(values))))
    bias = None
    if any(offset_of(v) is not None for v in values):
        bias = stack([_full(v, v.shape) for v in values], dim, expand_values=True)
        from phiml_core.tensor import as_dense

        bias = as_dense(bias)
    return linear(_source(values), shape, terms, bias, joint_type(*values))
