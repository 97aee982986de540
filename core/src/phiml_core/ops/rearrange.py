"""Taking away, replacing and adding dims and items; positions as numbers."""

from typing import Any

from phiml_core.shape import Shape, ShapeError, channel, select
from phiml_core.tensor.stacked import Stacked
from phiml_core.tensor.tensor import Tensor

from .create import wrap
from .join import stack
from .pad import pad
from .rename import rename_dims
from .reorder import pack_dims
from .repeat import expand
from .slicing import slice_

__all__ = [
    "const_vec", "dim_mask", "flatten", "index_shift", "pad_to_uniform", "ravel_index", "replace_dims", "slice_off", "squeeze",
    "unravel_index",
]  # fmt: skip


def _each(function: Any, value: Any) -> Any:
    from phiml_core.tree import tree_map

    return function(value) if isinstance(value, Tensor) else tree_map(function, value)


def squeeze(value: Any, dims: Any) -> Any:
    """`value` without those dims of size 1 that `dims` (names, shape or filter) selects."""

    def one(t: Tensor) -> Tensor:
        return slice_(t, {d.name: 0 for d in select(t.shape, dims, strict=False) if d.size == 1})

    return _each(one, value)


def flatten(value: Any, flat_dim: Shape | None = None, flatten_batch: bool = False) -> Any:
    """`value` with all dims but batch dims packed into one.

    Args:
        value: tensor or tree of tensors.
        flat_dim: the dim that replaces them, by default `channel('flat')`.
        flatten_batch: whether batch dims are packed as well.
    """
    dim = channel("flat") if flat_dim is None else flat_dim

    def one(t: Tensor) -> Tensor:
        packed = t.shape if flatten_batch else t.shape.non_batch
        return pack_dims(t, packed, dim) if packed else t

    return _each(one, value)


def replace_dims(value: Any, dims: Any, names: Any) -> Any:
    """`rename_dims` that leaves values without these dims as they are."""

    def one(t: Tensor) -> Tensor:
        found = select(t.shape, dims, strict=False)
        if not found:
            return t
        return rename_dims(t, found if found.rank > 1 or isinstance(names, Shape) else found.name, names)

    return _each(one, value)


def slice_off(value: Any, *slices: dict[str, Any]) -> Any:
    """`value` without the items that the slices select, which lie at a side: `slice_off(t, {'x': 0})`, `{'x': slice(-2, None)}`.

    Raises:
        ShapeError: the items do not lie next to each other at one side.
    """

    def one(t: Tensor) -> Tensor:
        for by_dim in slices:
            for name, item in by_dim.items():
                size: Any = t.shape.get_size(name)
                gone = range(size)[item] if isinstance(item, slice) else range(size)[item : item + 1 or None]
                if len(gone) and gone.step not in (1, -1):
                    raise ShapeError(f"slice_off takes off items at a side, but {item} selects some between others.")
                first, last = (min(gone), max(gone) + 1) if len(gone) else (0, 0)
                if first and last != size and len(gone):
                    raise ShapeError(
                        f"slice_off takes off items at a side, but {item} is in the middle of {t.shape[name]}."
                    )
                t = slice_(t, {name: slice(last, None) if not first else slice(0, first)}) if len(gone) else t
        return t

    return _each(one, value)


def index_shift(value: Tensor, offsets: Any, padding: Any = 0) -> list[Any]:
    """`value` as seen from other positions: for each offset `{dim: n}` the items n further on, of the same shape.

    Args:
        value: tensor.
        offsets: sequence of dicts of integers by dim.
        padding: boundary that gives values beyond the sides, see `pad`.
    """
    return [pad(value, {n: (-o, o) for n, o in offset.items()}, padding) for offset in offsets]


def pad_to_uniform(x: Any, target_shape: Shape | None = None, pad_value: Any = 0) -> Any:
    """A tensor of one size, from one whose items differ in size, with `pad_value` behind the shorter ones.

    Args:
        x: tensor.
        target_shape: sizes to reach; by default the largest ones.
        pad_value: number.
    """
    if isinstance(x, Stacked) and not x.shape.is_uniform:
        items = [pad_to_uniform(c, target_shape, pad_value) for c in x.components]
        largest = {n: max(i.shape.get_size(n) for i in items) for n in items[0].shape.names}  # type: ignore[type-var]
        return stack([_padded(i, largest, pad_value) for i in items], x.dim)
    wanted = {d.name: d.size for d in target_shape or () if d.name in x.shape.names and d.size is not None}
    return _padded(x, wanted, pad_value)


def _padded(x: Tensor, sizes: dict[str, Any], pad_value: Any) -> Tensor:
    missing = {n: (0, s - x.shape.get_size(n)) for n, s in sizes.items() if s > x.shape.get_size(n)}  # type: ignore[operator]
    return pad(x, missing, pad_value) if missing else x


def dim_mask(all_dims: Any, dims: Any, mask_dim: Shape | None = None) -> Tensor:
    """A vector with True for each of the dims that are among `dims`, named by `all_dims`."""
    chosen = select(all_dims, dims).names
    return wrap(
        [n in chosen for n in all_dims.names],
        (channel("vector") if mask_dim is None else mask_dim).with_size(all_dims.names),
    )


def const_vec(value: Any, dim: Shape) -> Tensor:
    """A vector of equal components along a dim, or along 'vector' with one component for each of several spatial dims."""
    if dim.spatial:
        dim = channel(vector=dim.names)
    return expand(value if isinstance(value, Tensor) else wrap(value), dim)


def ravel_index(index: Tensor, resolution: Shape, dim: Any = channel) -> Tensor:
    """Positions in row-major order, from vectors of positions along each dim of `resolution`.

    Args:
        index: vectors of integers, along the dim that `dim` selects; its item names say of which dim, else the order does.
        resolution: dims with sizes.

    Raises:
        ShapeError: the vectors do not have one component for each dim of `resolution`.
    """
    along = select(index.shape, dim)
    if along.rank != 1 or along.size != resolution.rank:
        raise ShapeError(f"ravel_index: {index.shape} does not list a position along each of {resolution}.")
    items = along.item_names or resolution.names
    result: Any = None
    for name, size in zip(resolution.names, resolution.sizes, strict=True):
        at = index[{along.name: items.index(name)}]
        result = at if result is None else result * size + at
    return result


def unravel_index(flat_index: Tensor, resolution: Shape, dim: Shape | None = None) -> Tensor:
    """Vectors of positions along each dim of `resolution`, from positions in row-major order; the inverse of `ravel_index`."""
    flat = flat_index if isinstance(flat_index, Tensor) else wrap(flat_index)
    places = []
    for size in reversed(resolution.sizes):
        places.append(flat % size)
        flat = flat // size
    return stack(places[::-1], (channel("index") if dim is None else dim).with_size(resolution.names))
