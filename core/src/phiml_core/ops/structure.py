"""Operations that rename, repeat, join, split and reorder, but compute nothing."""

from collections.abc import Sequence
from typing import Any

from phiml_core.backend import primitive
from phiml_core.backend.backend import Backend
from phiml_core.backend.choose import join
from phiml_core.backend.precision import current
from phiml_core.dispatch import generic
from phiml_core.shape import (
    EMPTY,
    Shape,
    ShapeError,
    UnknownDim,
    Varying,
    concat_shapes,
    make_shape,
    merge_shapes,
    select,
)
from phiml_core.tensor.align import chain, joint_order
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.dense_elementwise import preparation
from phiml_core.tensor.promote import common_type
from phiml_core.tensor.spec import Spec, make_spec
from phiml_core.tensor.stacked import Stacked, as_dense
from phiml_core.tensor.tensor import Tensor
from phiml_core.tensor.words import leader, restructure

from .create import wrap

__all__ = ["concat", "expand", "flip", "pack_dims", "rename_dims", "roll", "stack", "store", "unpack_dim", "unstack"]


def _tree(value: Any, op: Any, args: tuple[Any, ...]) -> Any:
    from phiml_core.tree import is_tree, tree_map

    if not is_tree(value):
        return op(wrap(value), *args)
    return tree_map(lambda t: op(t, *args), value)


def _mentions(arg: Any, shape: Shape, name: str) -> bool:
    """Whether an argument of a structural operation selects the dim `name`."""
    if isinstance(arg, dict):
        return any(_mentions(k, shape, name) for k in arg)
    if isinstance(arg, Shape):
        return name in arg.names
    if isinstance(arg, str):
        return name in [n.strip() for n in arg.split(",")]
    if callable(arg) and not hasattr(arg, "dispatch"):
        return name in select(shape, arg).names
    return isinstance(arg, (tuple, list)) and any(_mentions(a, shape, name) for a in arg if isinstance(a, (str, Shape)))


@restructure.dispatch
def _(lead: Stacked, op, values, args):
    stacked = lead.dim.name
    if any(_mentions(a, lead.shape, stacked) for a in args) or (lead.shape.is_uniform and len(lead.components) > 8):
        return op(*[as_dense(v) if isinstance(v, Stacked) else v for v in values], *args)
    columns = [lead.items(v) for v in values]
    return Stacked(tuple(op(*row, *args) for row in zip(*columns, strict=True)), lead.dim)


def _dense_or_layout(value: Any, op: Any, args: tuple[Any, ...]) -> Any:
    """What is no `Dense`: layouts by their method of `restructure`, numbers and trees leaf by leaf."""
    return restructure(value, op, (value,), args) if isinstance(value, Tensor) else _tree(value, op, args)


# --- names ---


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
    return _dense_or_layout(value, rename_dims, (dims, names))


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


# --- repetition ---


@generic(on="value")
def expand(value: Any, dims: Shape) -> Any:
    """`value` with additional dims, along which it is constant; dims it already has must agree in size.  Costs no memory."""
    return _dense_or_layout(value, expand, (dims,))


@expand.dispatch
def _(value: Dense, dims):
    spec = value.spec
    if not dims.is_uniform:
        along = next(s.along for s in dims.sizes if isinstance(s, Varying))
        parts = value.shape.names
        items = unstack(value, along) if along in parts else (value,) * dims.get_size(along)
        return Stacked(tuple(expand(v, dims.after_item(along, i)) for i, v in enumerate(items)), dims[along])
    shape = merge_shapes(dims, spec.shape, operation="expand")
    if None in shape.sizes:
        raise ShapeError(f"expand needs sizes for new dims, but got {dims}.")
    return Dense(value.native_array, spec.with_dims(spec.stored, shape))


@expand.dispatch
def _(value: Stacked, dims):
    name = value.dim.name
    if name in dims.names:
        merge_shapes(value.dim, dims[name], operation="expand")
    return Stacked(
        tuple(
            expand(c, dims.after_item(name, i) if name in dims.names else dims) for i, c in enumerate(value.components)
        ),
        value.dim,
    )


def store(value: Tensor, dims: Any = None) -> Tensor:
    """`value` with the dims that `dims` selects (by default all) stored in the native array instead of being constant."""
    if isinstance(value, Stacked):
        return value.map(lambda c: store(c, None if dims is None else c.shape.only(dims)))
    spec = as_dense(value).spec
    wanted = spec.shape if dims is None else spec.shape.only(dims)
    missing = wanted.without(spec.stored)
    if not missing:
        return value
    from .native import full_array

    order = merge_shapes(spec.stored, missing)
    return Dense(full_array(as_dense(value), order), spec.with_dims(order, spec.shape))


# --- joining and splitting ---


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
        if dim.rank and dim.well_defined and dim.volume == len(values):
            return unpack_dim(
                stack(
                    values,
                    dim[0]
                    .with_size(len(values))
                    .replace(dim[0], make_shape(("_stack",), (None,), (dim.types[0],), (None,))),
                ),
                "_stack",
                dim,
            )
        raise ShapeError(f"stack of {len(values)} values needs one dim or dims of that volume, not {dim}.")
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


def stack_tensors(*values_and_dim: Any) -> Tensor:
    """Tensors along a new dim, the last argument."""
    *values, dim = values_and_dim
    result = Stacked(tuple(values), dim)
    result.shape  # noqa: B018  checks the components where the mistake was made
    return result


@generic(on="value")
def unstack(value: Any, dim: Any) -> tuple[Any, ...]:
    """The items of `value` along one dim (or along all elements of several dims), as a tuple."""
    dims = select(value.shape, dim)
    if dims.rank != 1:
        items = (value,)
        for name in dims.names:
            items = tuple(part for item in items for part in unstack(item, name))
        return items
    return tuple(value[{dims.name: i}] for i in range(_count(dims)))


def _count(dim: Shape) -> int:
    return len(dim.size) if isinstance(dim.size, Varying) else dim.size  # type: ignore[return-value]


@unstack.dispatch
def _(value: Stacked, dim):
    if select(value.shape, dim).names == (value.dim.name,):
        return value.components
    dims = select(value.shape, dim)
    items: tuple[Any, ...] = (value,)
    for name in dims.names:
        items = tuple(
            part
            for item in items
            for part in (
                item.components
                if isinstance(item, Stacked) and item.dim.name == name
                else [item[{name: i}] for i in range(_count(item.shape[name]))]
            )
        )
    return items


def concat(values: Sequence[Any], dim: Any, expand_values: bool = False) -> Any:
    """Values one after another along a dim that all have (or that is added with size 1 with `expand_values`).

    Raises:
        UnknownDim: a value lacks the dim.
        IncompatibleShapes: other dims differ in size.
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
    return restructure(lead, concat_tensors, tuple(values), (name,))


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
    rest = merge_shapes(*(s.shape.without(name) for s in specs), operation="concat")
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
    shape = merge_shapes(rest, full)
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


def _dense_word(value: Dense, word: Any, key: Any, make: Any) -> Dense:
    """Run a plan kept with the spec: `make(spec, backend, bound word)` returns the program and the new spec."""
    spec = value.spec
    plan = spec._cache.get(key)
    if plan is None:
        program, out = make(spec, spec.backend, spec.backend.bind(word))
        plan = spec._cache[key] = (spec.backend.fuse(program, spec.wide), out)
    return Dense(plan[0](value.native_array), plan[1])


@generic(on="value")
def flip(value: Any, dims: Any) -> Any:
    """`value` in reverse order along dims; item names are reversed too."""
    return _dense_or_layout(value, flip, (dims,))


@flip.dispatch
def _(value: Dense, dims):
    found = select(value.shape, dims)

    def make(spec: Spec, backend: Backend, word: Any) -> Any:
        axes = tuple(spec.axes[n] for n in found.names if n in spec.axes)
        stored, shape = spec.stored, spec.shape
        for n in found.names:
            items = shape.get_item_names(n)
            if items:
                shape = shape.with_item_names(n, items[::-1])
                stored = stored.with_item_names(n, items[::-1]) if n in stored.names else stored
        return (lambda x: word(x, axes) if axes else x), spec.with_dims(stored, shape)

    return _dense_word(value, primitive.flip, ("flip", found.names), make)


@generic(on="value")
def roll(value: Any, shifts: dict[str, int]) -> Any:
    """`value` shifted cyclically: the item at position i goes to i + shift, by dim name."""
    return _dense_or_layout(value, roll, (shifts,))


@roll.dispatch
def _(value: Dense, shifts):
    select(value.shape, ",".join(shifts))
    present = {n: s for n, s in shifts.items() if n in value.spec.axes}
    axes, amounts = tuple(value.spec.axes[n] for n in present), tuple(present.values())
    return _dense_word(
        value,
        primitive.roll,
        ("roll", axes, amounts),
        lambda spec, backend, word: (lambda x: word(x, amounts, axes), spec),
    )


@generic(on="value")
def pack_dims(value: Any, dims: Any, packed_dim: Shape) -> Any:
    """`value` with several dims replaced by one, in row-major order of `dims`.

    Args:
        value: tensor or tree of tensors.
        dims: the dims to pack: names, shape or filter; if there are none, the new dim is added with size 1.
        packed_dim: the dim that replaces them, e.g. `instance('points')`.
    """
    return _dense_or_layout(value, pack_dims, (dims, packed_dim))


@pack_dims.dispatch
def _(value: Dense, dims, packed_dim):
    packed = select(value.shape, dims)
    if not packed:
        return expand(value, packed_dim.with_size(1))
    block = as_dense(store(value, packed))

    def make(spec: Spec, backend: Backend, word: Any) -> Any:
        rest = spec.stored.without(packed)
        position = min(spec.axes[n] for n in packed.names)
        before = rest.pick(tuple(i for i, n in enumerate(rest.names) if spec.axes[n] < position))
        after = rest.without(before)
        order = concat_shapes(before, packed, after)
        perm = tuple(spec.axes[n] for n in order.names)
        new = packed_dim.with_size(packed.volume)
        stored = concat_shapes(before, new, after)
        transpose, sizes = backend.bind(primitive.transpose), stored.sizes
        identity = perm == tuple(range(len(perm)))
        shape = merge_shapes(spec.shape.without(packed), new)
        return (lambda x: word(x if identity else transpose(x, perm), sizes)), spec.with_dims(stored, shape)

    return _dense_word(block, primitive.reshape, ("pack", packed.names, packed_dim.columns), make)


@pack_dims.dispatch
def _(value: Stacked, dims, packed_dim):
    packed = select(value.shape, dims)
    if value.shape.is_uniform:
        return pack_dims(as_dense(value), packed, packed_dim)
    if value.dim.name not in packed.names:
        return value.map(lambda c: pack_dims(c, c.shape.only(packed, reorder=True), packed_dim))
    inner = packed.without(value.dim)
    return concat([pack_dims(c, c.shape.only(inner), packed_dim) for c in value.components], packed_dim)


@generic(on="value")
def unpack_dim(value: Any, dim: Any, unpacked_dims: Shape) -> Any:
    """`value` with one dim replaced by several whose volume is its size, in row-major order; one size may be left out."""
    return _dense_or_layout(value, unpack_dim, (dim, unpacked_dims))


@unpack_dim.dispatch
def _(value: Dense, dim, unpacked_dims):
    packed = select(value.shape, dim)
    if packed.rank != 1:
        raise ShapeError(f"unpack_dim needs one dim, but {dim!r} selects {packed} of {value.shape}.")
    sizes = list(unpacked_dims.sizes)
    if sizes.count(None) == 1:
        known = 1
        for s in sizes:
            known *= s if isinstance(s, int) else 1
        unpacked_dims = unpacked_dims.with_dim_size(unpacked_dims.names[sizes.index(None)], packed.size // known)  # type: ignore[operator]
    if unpacked_dims.volume != packed.size:
        raise ShapeError(
            f"Cannot unpack {packed} to {unpacked_dims}: {packed.size} items do not fill {unpacked_dims.volume}."
        )

    def replace(shape: Shape) -> Shape:
        if packed.name not in shape.names:
            return shape
        i = shape.index(packed.name)
        return concat_shapes(shape[:i], unpacked_dims, shape[i + 1 :])

    def make(spec: Spec, backend: Backend, word: Any) -> Any:
        stored = replace(spec.stored)
        sizes = stored.sizes
        return (lambda x: word(x, sizes)), spec.with_dims(stored, replace(spec.shape))

    return _dense_word(value, primitive.reshape, ("unpack", packed.name, unpacked_dims.columns), make)
