"""Writing traced values to known positions: each item of the result sums what is written to it."""

from typing import Any

import numpy as np
from phiml_core.math import expand, instance, pack_dims, where, wrap
from phiml_core.ops.gather import index_components
from phiml_core.ops.scatter import OutsideGrid
from phiml_core.shape import Shape, concat_shapes, merge_shapes

from ..operator.constant import constant
from .errors import not_linear, not_traceable
from .linear import Linear
from .reduce import summed
from .reindex import known_positions, reindexed
from .term import Factor

__all__ = ["scattered"]


def scattered(op: Any, values: Any, args: Any) -> Any:
    """See `math.scatter`; `values` are the values and the tensor written to, unless that is given as a shape in `args`."""
    value, *base = values
    if not base:
        base_shape, args = args[0], args[1:]
    else:
        base_shape = base[0].shape
    indices, mode, outside, default, index_dim = args
    if mode in ("max", "min"):
        raise not_linear(f"scatter with mode {mode!r}")
    source = next(v.source for v in values if isinstance(v, Linear))
    known = source.once(("known", id(indices)), indices, lambda: known_positions(indices, "scatter"))
    components, indexed = index_components(base_shape, known, None, index_dim)
    points = merge_shapes(*(c.shape for c in components))
    if points.only(base_shape.names):
        raise not_traceable("scatter", f"the positions and the tensor written to share {points.only(base_shape.names)}")
    sizes = [base_shape.get_size(n) for n in indexed]
    table = _table(components, points, sizes, indexed, outside)
    count = wrap((table >= 0).sum(-1), base_shape.only(indexed, reorder=True).with_sizes((None,) * len(indexed)))
    repeats = value.shape.instance.without(points).without(base_shape)  # lists of values for the same positions
    if mode == "update" and (table.shape[-1] > 1 or repeats.volume > 1):
        raise not_traceable("scatter", "several values are written to one position; use mode='add' or 'mean'")
    if not isinstance(value, Linear):
        total = op(value, base_shape, *args[:1], "add", *args[2:])
    else:
        value = summed(value, repeats) if repeats else value
        total = _gathered(value, points, table, base_shape.only(indexed, reorder=True))
    if mode == "mean":
        total = total * constant(1.0 / np.maximum(count.numpy(count.shape) * repeats.volume, 1), count.shape)
    if not base:
        fill = (0 if mode in ("update", "add") else float("nan")) if default is None else default
        result = total if fill == 0 else where(count > 0, total, fill)
    else:
        result = total + base[0] if mode == "add" else where(count > 0, total, base[0])
    if not isinstance(result, Linear):
        return result
    names = (*result.shape.without(base_shape).names, *base_shape.names)  # in the order of `math.scatter`
    return result.with_(expand(result, base_shape).shape.only(names, reorder=True), bias=result.bias)


def _table(components: Any, points: Shape, sizes: Any, indexed: Any, outside: str) -> np.ndarray:
    """For each item written to, the numbers of the values written there, -1 where there are no more."""
    places = [np.asarray(expand(c, points).numpy(points), np.int64).ravel() for c in components]
    inside = np.ones(points.volume, bool)
    for k, (p, n, dim) in enumerate(zip(places, sizes, indexed, strict=True)):
        good = (p >= 0) & (p < n)
        if outside == "clamp":
            places[k] = p.clip(0, n - 1)
        elif outside == "check" and not good.all():
            wrong = int(p[~good][0])
            raise OutsideGrid(f"scatter: position {wrong} lies outside dim {dim!r} of size {n}.")
        else:
            inside &= good
    flat = np.ravel_multi_index([np.where(inside, p, 0) for p in places], sizes)  # type: ignore[arg-type]
    numbers = np.flatnonzero(inside)
    order = numbers[np.argsort(flat[numbers], kind="stable")]
    target = flat[order]
    first = np.searchsorted(target, target)
    rank = np.arange(len(target)) - first
    table = np.full((int(np.prod(sizes)), int(rank.max()) + 1 if len(rank) else 1), -1, np.int64)
    table[target, rank] = order
    return table.reshape(*sizes, -1)


def _gathered(value: Linear, points: Shape, table: np.ndarray, dims: Shape) -> Any:
    missing = points.without(value.shape)
    if missing:
        value = expand(value, missing)
    packed = pack_dims(value, ",".join(points.names), instance("_points"))
    copies = concat_shapes(dims.with_sizes((None,) * dims.rank), instance("_copy"))
    at = wrap(np.maximum(table, 0).astype(np.int32), copies)
    mask = wrap(table >= 0, copies)
    shape = merge_shapes(at.shape, packed.shape.without("_points"))
    bias = None
    if packed.bias is not None:
        from phiml_core.math import gather

        bias = where(mask, gather(packed.full_bias(), at, "_points"), 0)
    read = reindexed(packed.with_(bias=None), {"_points": at}, shape, None)
    one = Factor(mask, tuple([(n, n, 0) for n in mask.shape.names]))
    read = read.with_(terms=[t.times(one) for t in read.terms], bias=bias)
    return summed(read, "_copy")
