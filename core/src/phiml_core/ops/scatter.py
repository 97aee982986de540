"""Writing items to computed positions."""

from typing import Any

import numpy as np
from phiml_core.backend import primitive
from phiml_core.backend.choose import join
from phiml_core.backend.precision import current
from phiml_core.shape import Shape, concat_shapes, merge_shapes
from phiml_core.tensor.align import joint_order
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.dense_elementwise import preparation
from phiml_core.tensor.promote import common_type
from phiml_core.tensor.spec import Spec, make_spec
from phiml_core.tensor.stacked import as_dense
from phiml_core.tensor.tensor import Tensor
from phiml_core.tensor.words import leader, restructure

from .create import wrap
from .elementwise import clip, where
from .fill import full
from .gather import INDEX, index_components
from .layouts import has_own_layout
from .repeat import expand, store

__all__ = ["OutsideGrid", "scatter"]

MODES = ("update", "add", "mean", "max", "min")
OUTSIDE = ("check", "discard", "clamp", "undefined")


class OutsideGrid(IndexError):
    """A position to write to lies outside the tensor."""


def scatter(
    base_grid: Any,
    indices: Tensor,
    values: Any,
    mode: str = "update",
    outside_handling: str = "check",
    default: Any = None,
    pref_index_dim: str = "index",
) -> Tensor:
    """`base_grid` with values put to integer positions.

    Args:
        base_grid: tensor, or a shape for a new tensor filled with `default`.
        indices: integer positions; one channel dim lists the position along each indexed dim, by item name or in the
            order of the instance or spatial dims.  Dims that `base_grid` has too (such as batch dims) pair up.
        values: tensor or number.  Instance dims that neither the indices nor `base_grid` have list further values for the same
            positions; other dims that `base_grid` lacks are dims of the result.
        mode: 'update' (one of the values at the same position), 'add', 'mean', 'max' or 'min'.  'add', 'max' and 'min'
            include the value of `base_grid`; 'mean' replaces it.
        outside_handling: positions outside raise ('check'), are left out ('discard'), moved to the nearest inside
            ('clamp'), or must not occur ('undefined').  In compiled code 'check' leaves them out.
        default: fill of a new tensor: by default 0 for 'update' and 'add', NaN for the others.
        pref_index_dim: name of the channel dim that lists positions, if there are several.

    Raises:
        OutsideGrid: a position lies outside.
        ValueError: unknown mode.
        TypeError: the indices are no integers.

    >>> from phiml_core import math
    >>> points = math.wrap([[0], [2], [0]], math.instance('points'), math.channel(vector='x'))
    >>> math.scatter(math.spatial(x=3), points, math.wrap([1, 2, 3], math.instance('points')), 'add').numpy()
    array([4, 0, 2])
    """
    _check_options(mode, outside_handling)
    values = values if isinstance(values, Tensor) else wrap(values)
    tensors, rest = ((values,), (base_grid,)) if isinstance(base_grid, Shape) else ((values, base_grid), ())
    if has_own_layout(lead := leader(tensors)):
        options = (indices, mode, outside_handling, default, pref_index_dim)
        return restructure(lead, scatter_values, tensors, (*rest, *options))
    if isinstance(base_grid, Shape):
        base_grid = _new(base_grid, values, mode, default)
    if mode == "mean":
        return _mean(base_grid, indices, values, outside_handling, pref_index_dim)
    components, indexed = index_components(base_grid.shape, indices, None, pref_index_dim)
    for c in components:
        if c.dtype.kind is not int:
            raise TypeError(f"Indices must be integers, not {c.dtype}.  Round them first: cast(floor(t), int).")
    sizes: Any = [base_grid.shape.get_size(n) for n in indexed]
    components, crop = _inside(components, sizes, indexed, outside_handling)
    base = _with_room(as_dense(base_grid), indexed, components, values)
    if crop:
        from .pad import pad

        base = as_dense(pad(base, {indexed[0]: (0, 1)}, 0))
    result = _write(base, indexed, tuple(map(as_dense, components)), as_dense(values), mode)
    return result[{indexed[0]: slice(0, sizes[0])}] if crop else result


def scatter_values(values: Tensor, base_grid: Any, indices: Tensor, mode: str, *options: Any) -> Tensor:
    """`scatter` with the values first, for layouts that go on with their inner tensors."""
    outside_handling, default, pref_index_dim = options
    return scatter(base_grid, indices, values, mode, outside_handling, default, pref_index_dim)


def _check_options(mode: str, outside_handling: str) -> None:
    if mode not in MODES:
        raise ValueError(f"Unknown mode of scatter {mode!r}.  Use one of {', '.join(MODES)}.")
    if outside_handling not in OUTSIDE:
        raise ValueError(
            f"Unknown handling of positions outside {outside_handling!r}.  Use one of {', '.join(OUTSIDE)}."
        )


def _mean(base: Tensor, indices: Tensor, values: Tensor, outside_handling: str, pref_index_dim: str) -> Tensor:
    """The mean of the values put to each position; `base` where there are none."""
    zero = base.shape
    total = scatter(zero, indices, values, "add", outside_handling, pref_index_dim=pref_index_dim)
    ones = expand(wrap(1.0), values.shape.instance.without(zero))
    count = scatter(zero, indices, ones, "add", outside_handling, pref_index_dim=pref_index_dim)
    return where(count > 0, total / where(count > 0, count, 1.0), base)


def _with_room(base: Dense, indexed: tuple[str, ...], components: tuple[Tensor, ...], values: Tensor) -> Dense:
    """`base` with the dims of the result, in memory along those that are written to one by one."""
    positions = merge_shapes(*(c.shape for c in components))
    lists = positions.spatial
    missing = merge_shapes(values.shape, positions).non_instance.without(lists).without(base.shape)
    base = as_dense(expand(base, missing)) if missing else base
    varying = {n for t in (values, *components) for n in as_dense(t).spec.axes}
    return as_dense(store(base, base.shape.only((*indexed, *varying))))


def _new(shape: Shape, values: Tensor, mode: str, default: Any) -> Tensor:
    if default is None:
        default = 0 if mode in ("update", "add") else float("nan")
    if mode in ("max", "min") and default != default:
        default = -np.inf if mode == "max" else np.inf
    kind = values.dtype.kind if isinstance(default, int) and values.dtype.kind is not bool else None
    return full(shape, default, dtype=kind)


def _inside(components: tuple[Tensor, ...], sizes: list[int], dims: tuple[str, ...], handling: str) -> Any:
    """Positions that can be written to, and whether the first dim needs an extra item for what is to be left out."""
    if handling == "undefined":
        return components, False
    if handling == "clamp":
        return tuple(clip(c, 0, n - 1) for c, n in zip(components, sizes, strict=True)), False
    inside = None
    for c, n, dim in zip(components, sizes, dims, strict=True):
        if handling == "check" and c.available:
            known = as_dense(c).backend.to_numpy(as_dense(c).native_array)
            if known.size and (known.min() < 0 or known.max() >= n):
                wrong = int(known.min() if known.min() < 0 else known.max())
                raise OutsideGrid(
                    f"scatter: position {wrong} lies outside dim {dim!r} of size {n}.  Leave such values out or move "
                    "them by outside_handling='discard' or 'clamp'."
                )
            continue
        good = (c >= 0) & (c < n)
        inside = good if inside is None else inside & good
    if inside is None:
        return components, False
    first, *others = components
    moved = [where(inside, first, sizes[0]), *(clip(c, 0, n - 1) for c, n in zip(others, sizes[1:], strict=True))]
    return tuple(moved), True


def _write(base: Dense, indexed: tuple[str, ...], components: tuple[Dense, ...], values: Dense, mode: str) -> Dense:
    precision = current()
    key = (scatter, base.spec, indexed, values.spec, mode, *(c.spec for c in components))
    plan = precision.plans.get(key)
    if plan is None:
        specs = tuple(c.spec for c in components)
        plan = precision.keep(key, _plan(base.spec, indexed, specs, values.spec, mode))
    run, out = plan
    return Dense(run(base.native_array, values.native_array, *[c.native_array for c in components]), out)


def _plan(base: Spec, indexed: tuple[str, ...], specs: tuple[Spec, ...], values: Spec, mode: str) -> Any:
    backend = join(base.backend, values.backend, *(s.backend for s in specs))
    dtype = common_type((base, values), current(), "scatter")
    listed = merge_shapes(*(s.shape for s in specs), operation="scatter")
    value_lists = values.shape.without(base.shape.without(indexed))
    listed = merge_shapes(listed, value_lists, operation="scatter")
    stored_lists = joint_order([*(s.stored for s in specs), values.stored.only(value_lists)], "scatter")
    points = merge_shapes(stored_lists, listed.without(base.shape))  # dims that only count repetitions are stored
    paired = base.stored.only(points).without(indexed)
    kept = base.stored.without(indexed).without(paired)
    order = concat_shapes(paired, base.stored[",".join(indexed)], kept)
    to_order = preparation(backend, base, dtype, order)
    back = tuple(order.index(n) for n in base.stored.names)
    transpose, broadcast = backend.bind(primitive.transpose), backend.bind(primitive.broadcast_to)
    prepare = [preparation(backend, s, INDEX, points, full_rank=True) for s in specs]
    value_order = concat_shapes(points, kept)
    value_step = preparation(backend, values, dtype, value_order, full_rank=True)
    sizes: Any = tuple(points.sizes)
    value_sizes: Any = tuple(value_order.sizes)
    along = []
    for n in paired.names:
        size: Any = paired.get_size(n)
        along.append(np.arange(size, dtype=np.int32).reshape([size if m == n else 1 for m in points.names]))
    word = backend.bind(primitive.scatter)
    out = make_spec(base.stored, merge_shapes(base.shape, values.shape.without(points)), backend, dtype)

    def run(x: Any, v: Any, *positions: Any) -> Any:
        x = x if to_order is None else to_order(x)
        at = [i if s is None else s(i) for s, i in zip(prepare, positions, strict=True)]
        at = [broadcast(i, sizes) for i in (*map(backend.as_array, along), *at)]
        v = broadcast(v if value_step is None else value_step(v), value_sizes)
        y = word(x, tuple(at), v, mode)
        return y if back == tuple(range(len(back))) else transpose(y, back)

    return backend.fuse(run, out.wide or any(s.wide for s in (values, base, *specs))), out
