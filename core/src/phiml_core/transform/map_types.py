"""Functions that see dims under another type."""

import functools
from collections.abc import Callable
from typing import Any

from phiml_core.ops.rename import rename_dims
from phiml_core.shape import EMPTY, Shape, batch, channel, dual, instance, merge_shapes, select, spatial
from phiml_core.tree.tree import tree_leaves, tree_map

__all__ = ["map_c2b", "map_c2d", "map_d2b", "map_d2c", "map_i2b", "map_s2b", "map_types"]


def map_types(f: Callable[..., Any], dims: Any, dim_type: Callable[..., Shape] | str) -> Callable[..., Any]:
    """`f`, for which dims of its arguments have another type; in what it returns they have their own again.

    Args:
        f: function of tensors and trees of them.
        dims: which dims: names, a shape, or a filter such as `spatial`.
        dim_type: the type that `f` sees, e.g. `batch` or 'batch'.

    Returns:
        A function of the same arguments.

    Raises (when called):
        DimTypeConflict: two arguments have a dim of the same name and different types.

    >>> from phiml_core import math
    >>> f = math.map_types(lambda x: math.sum_(x), 'y', math.batch)  # sums over all but batch dims
    >>> f(math.ones(math.spatial(x=2, y=3)))
    (2.0, 2.0, 2.0) along (yˢ=3)
    """
    kind = dim_type if isinstance(dim_type, str) else dim_type("_").type

    @functools.wraps(f)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        before = select(merge_shapes(*[t.shape for t in tree_leaves((args, kwargs))]), dims, strict=False)
        before = before.pick(tuple([i for i, t in enumerate(before.types) if t != kind]))
        after = before.as_type(kind)
        result = f(*_renamed(args, before, after), **_renamed(kwargs, before, after))
        return _renamed(result, after, before)

    return mapped


def _renamed(tree: Any, old: Shape, new: Shape) -> Any:
    """All tensors of a tree with the dims of `old` that they have, of that type, as those of `new`."""
    names = {(o.name, o.type): n for o, n in zip(old, new, strict=True)}

    def one(tensor: Any) -> Any:
        own = [d for d in tensor.shape if (d.name, d.type) in names]
        if not own:
            return tensor
        target = [names[d.name, d.type] for d in own]
        found = [t.with_size(d.size) for t, d in zip(target, own, strict=True)]
        return rename_dims(tensor, _joined(own), _joined(found))

    return tree_map(one, tree) if old else tree


def _joined(dims: list[Shape]) -> Shape:
    from phiml_core.shape import concat_shapes

    return concat_shapes(*dims) if dims else EMPTY


def map_s2b(f: Callable[..., Any], *, dims: Any = spatial, dim_type: Any = batch) -> Callable[..., Any]:
    """`f`, which sees spatial dims as batch dims; see `map_types`."""
    return map_types(f, dims, dim_type)


def map_i2b(f: Callable[..., Any], *, dims: Any = instance, dim_type: Any = batch) -> Callable[..., Any]:
    """`f`, which sees instance dims as batch dims; see `map_types`."""
    return map_types(f, dims, dim_type)


def map_c2b(f: Callable[..., Any], *, dims: Any = channel, dim_type: Any = batch) -> Callable[..., Any]:
    """`f`, which sees channel dims as batch dims; see `map_types`."""
    return map_types(f, dims, dim_type)


def map_d2b(f: Callable[..., Any], *, dims: Any = dual, dim_type: Any = batch) -> Callable[..., Any]:
    """`f`, which sees dual dims as batch dims; see `map_types`."""
    return map_types(f, dims, dim_type)


def map_d2c(f: Callable[..., Any], *, dims: Any = dual, dim_type: Any = channel) -> Callable[..., Any]:
    """`f`, which sees dual dims as channel dims; see `map_types`."""
    return map_types(f, dims, dim_type)


def map_c2d(f: Callable[..., Any], *, dims: Any = channel, dim_type: Any = dual) -> Callable[..., Any]:
    """`f`, which sees channel dims as dual dims; see `map_types`."""
    return map_types(f, dims, dim_type)
