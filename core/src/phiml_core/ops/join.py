"""Joining tensors along a dim and taking them apart."""

from collections.abc import Sequence
from typing import Any

from phiml_core.backend import primitive
from phiml_core.backend.choose import join
from phiml_core.backend.precision import current
from phiml_core.shape import (
    EMPTY,
    Shape,
    ShapeError,
    UnknownDim,
    Varying,
    make_shape,
    merge_shapes,
)
from phiml_core.tensor.align import chain, joint_order
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.dense_elementwise import preparation
from phiml_core.tensor.promote import common_type
from phiml_core.tensor.spec import Spec, make_spec
from phiml_core.tensor.stacked import Stacked
from phiml_core.tensor.tensor import Tensor
from phiml_core.tensor.words import leader, restructure

from .create import wrap
from .repeat import expand
from .unstack import unstack

__all__ = ["concat", "concat_tensors", "stack", "stack_tensors"]


def stack(values: Any, dim: Any, expand_values: bool = False) -> Any:
    """Values along a new dim.

    Args:
        values: sequence of tensors, numbers or trees alike; a dict gives the item names.
        dim: the new dim, e.g. `batch('b')` or `channel(vector='x,y')`.
        expand_values: expand values of fewer dims to the merged shape.

    Returns:
        A tensor that joins its parts into one array only when needed; sizes may differ between parts.

    Raises:
        ShapeError: no values, a wrong number of item names, or a value has the dim already.
    """
    if isinstance(values, dict):
        dim = dim if isinstance(dim, Shape) else dim("stack")
        dim = dim.with_size(tuple(values))
        values = list(values.values())
    if not isinstance(dim, Shape):
        raise ShapeError(f"stack needs a dim such as batch('b'), not {dim!r}.")
    if not len(values):
        raise ShapeError(f"stack along {dim} needs at least one value.")
    if dim.rank != 1:
        return _stack_along_several(values, dim, expand_values)
    if dim.size is None:
        dim = dim.with_size(len(values))
    elif dim.size != len(values):
        raise ShapeError(f"Cannot stack {len(values)} values along {dim}: the sizes differ.")
    first = values[0]
    if not expand_values and all([type(v) is Dense for v in values]):
        return stack_tensors(*values, dim)
    if not all(isinstance(v, Tensor) for v in values):
        from phiml_core.tree import is_tree, tree_map

        if is_tree(first):
            return tree_map(lambda *parts: stack(parts, dim, expand_values), *values)
        values = [v if isinstance(v, Tensor) else wrap(v) for v in values]
    if expand_values:
        shape = merge_shapes(*(v.shape for v in values), operation="stack")
        values = [expand(v, shape) for v in values]
    lead = leader(values)
    if lead.layout_rank > Stacked.layout_rank:
        return restructure(lead, stack_tensors, tuple(values), (dim,))
    return stack_tensors(*values, dim)


def _stack_along_several(values: Sequence[Any], dims: Shape, expand_values: bool) -> Any:
    """Values along several new dims, of which the last one varies fastest."""
    from .reorder import unpack_dim

    if not dims or not dims.well_defined or dims.volume != len(values):
        raise ShapeError(f"stack of {len(values)} values needs one dim or dims of that volume, not {dims}.")
    line = make_shape(("_stack",), (len(values),), dims.types[:1], (None,))
    return unpack_dim(stack(values, line, expand_values), "_stack", dims)


def stack_tensors(*values_and_dim: Any) -> Tensor:
    """Tensors along a new dim, the last argument."""
    *values, dim = values_and_dim
    first = values[0].backend
    if any([v.backend is not first for v in values]):
        join(*[v.backend for v in values])  # raises where frameworks meet
    result = Stacked(tuple(values), dim)
    result.shape  # noqa: B018  checks the components where the mistake was made
    return result


def concat(values: Sequence[Any], dim: Any, expand_values: bool = False) -> Any:
    """Values one after another along a dim that all have (or that is added with size 1 with `expand_values`).

    Raises:
        UnknownDim: a value lacks the dim.
        IncompatibleShapes: other dims differ in size.
        ShapeError: there are no values.
    """
    name = dim if isinstance(dim, str) else dim.name
    if not expand_values and values and all([type(v) is Dense for v in values]):
        return _concat_dense(values, name)
    if not len(values):
        raise ShapeError(f"concat along {name!r} needs at least one value.")
    if not all(isinstance(v, Tensor) for v in values):
        from phiml_core.tree import is_tree, tree_map

        if is_tree(values[0]):
            return tree_map(lambda *parts: concat(parts, dim, expand_values), *values)
        values = [v if isinstance(v, Tensor) else wrap(v) for v in values]
    if expand_values:
        others = merge_shapes(*(v.shape.without(name) for v in values))
        one = dim if isinstance(dim, Shape) else next((v.shape[name] for v in values if name in v.shape.names), EMPTY)
        values = [expand(v if name in v.shape.names else expand(v, one.with_size(1)), others) for v in values]
    lead = leader(values)
    if type(lead) is Dense:
        return _concat_dense(values, name)
    if type(lead) is Stacked and not all(v.shape.is_uniform for v in values):
        return _concat_items(values, name)
    return restructure(lead, concat_tensors, tuple(values), (name,))


def _concat_items(values: Sequence[Tensor], name: str) -> Tensor:
    """`concat` of tensors with sizes that differ between the items of a dim: item by item of that dim."""
    along = next(s.along for v in values for s in v.shape.sizes if isinstance(s, Varying))
    columns = [unstack(v, along) for v in values]
    if along == name:
        dims = [v.shape[name] for v in values]
        labels = [label for d in dims for label in d.item_names or (None,)]
        names = None if None in labels or len(set(labels)) < len(labels) else tuple(labels)
        items = [item for column in columns for item in column]
        return Stacked(tuple(items), make_shape((name,), (len(items),), dims[0].types, (names,)))
    return Stacked(tuple([concat(row, name) for row in zip(*columns, strict=True)]), values[0].shape[along])


def concat_tensors(*values_and_name: Any) -> Tensor:
    """Tensors one after another along the dim named by the last argument."""
    *values, name = values_and_name
    if all(isinstance(v, Dense) for v in values):
        return _concat_dense(values, name)
    return concat(values, name)


def _concat_dense(values: Sequence[Any], name: str) -> Dense:
    precision = current()
    key = ("concat", name, *[v.spec for v in values])
    plan = precision.plans.get(key)
    if plan is None:
        plan = precision.keep(key, _concat_plan([v.spec for v in values], name))
    run, spec = plan
    return Dense(run(*[v.native_array for v in values]), spec)


def _concat_plan(specs: list[Spec], name: str) -> Any:
    for s in specs:
        if name not in s.shape.names:
            raise UnknownDim(
                f"concat: no dim {name!r} in {s.shape}.  Add it with expand(value, …), or stack along a new dim."
            )
    backend = join(*(s.backend for s in specs))
    dtypes = {s.dtype for s in specs}
    dtype = dtypes.pop() if len(dtypes) == 1 else common_type(tuple(specs), current(), "concat")
    whole = merge_shapes(*(_loose(s.shape, name) for s in specs), operation="concat")  # in the order of the first
    item_names: tuple[str, ...] | None = ()
    for s in specs:
        items = s.shape.get_item_names(name)
        item_names = None if items is None or item_names is None else item_names + items
    if item_names is not None and len(set(item_names)) < len(item_names):
        item_names = None
    total = sum(s.shape.get_size(name) for s in specs)  # type: ignore[misc]
    stored_one = joint_order([_loose(s.stored, name) for s in specs], "concat")
    if name not in stored_one.names:
        stored_one = merge_shapes(stored_one, _loose(specs[0].shape.only(name), name))
    axis = stored_one.index(name)
    dim = specs[0].shape[name]
    full = make_shape((name,), (total,), dim.types, (item_names,))
    stored = make_shape(
        *[
            tuple(f[0] if i == axis else c for i, c in enumerate(col))
            for col, f in zip(stored_one.columns, full.columns, strict=True)
        ]
    )
    shape = whole.with_size(total, name).with_item_names(name, item_names)
    word, broadcast = backend.bind(primitive.concat), backend.bind(primitive.broadcast_to)

    def step_of(s: Spec) -> Any:
        steps: list[Any] = [preparation(backend, s, dtype, stored_one, full_rank=True)]
        if any(n not in s.axes for n in stored_one.names):
            sizes = tuple(
                s.shape.get_size(n) if n == name else z for n, z in zip(stored_one.names, stored.sizes, strict=True)
            )
            steps.append(lambda x: broadcast(x, sizes))
        return chain(steps)

    steps = [step_of(s) for s in specs]

    def program(*xs: Any) -> Any:
        ready = [x if s is None else s(x) for s, x in zip(steps, xs, strict=True)]
        return word(ready[0], tuple(ready[1:]), axis)

    return backend.fuse(program, dtype.precision == 64 or any(s.wide for s in specs)), make_spec(
        stored, shape, backend, dtype
    )


def _loose(shape: Shape, name: str) -> Shape:
    """`shape` without size and item names of one dim, so that it merges with others of another size."""
    return shape.with_size(None, name) if name in shape.names else shape
