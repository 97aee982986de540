"""Reversing, shifting, packing and unpacking dims."""

from typing import Any

from phiml_core.backend import primitive
from phiml_core.backend.backend import Backend
from phiml_core.dispatch import generic
from phiml_core.shape import Shape, ShapeError, concat_shapes, make_shape, merge_shapes, select
from phiml_core.shape.dim import typed_name
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.spec import Spec
from phiml_core.tensor.stacked import Stacked, as_dense

from .join import concat
from .layouts import dense_or_layout, dense_word
from .repeat import expand, store

__all__ = ["flip", "pack_dims", "roll", "unpack_dim"]


@generic(on="value")
def flip(value: Any, dims: Any) -> Any:
    """`value` in reverse order along dims; item names are reversed too."""
    return dense_or_layout(value, flip, (dims,))


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

    return dense_word(value, primitive.flip, ("flip", found.names), make)


@generic(on="value")
def roll(value: Any, shifts: dict[str, int]) -> Any:
    """`value` shifted cyclically: the item at position i goes to i + shift, by dim name."""
    return dense_or_layout(value, roll, (shifts,))


@roll.dispatch
def _(value: Dense, shifts):
    select(value.shape, ",".join(shifts))
    present = {n: s for n, s in shifts.items() if n in value.spec.axes}
    axes, amounts = tuple(value.spec.axes[n] for n in present), tuple(present.values())
    return dense_word(
        value,
        primitive.roll,
        ("roll", axes, amounts),
        lambda spec, backend, word: (lambda x: word(x, amounts, axes) if axes else x, spec),
    )


@generic(on="value")
def pack_dims(value: Any, dims: Any, packed_dim: Shape | str) -> Any:
    """`value` with several dims replaced by one, in row-major order of `dims`.

    Args:
        value: tensor or tree of tensors.
        dims: the dims to pack: names, shape or filter; if there are none, the new dim is added with size 1.
        packed_dim: the dim that replaces them, e.g. `instance('points')`; a name stands for a dim of their type.

    Raises:
        ShapeError: only a name is given, and the dims have several types.
    """
    return dense_or_layout(value, pack_dims, (dims, packed_dim))


def _target(packed: Shape, dim: Shape | str) -> Shape:
    """The dim that packed ones become, of their type if only its name is given."""
    if not isinstance(dim, str):
        return dim
    if len(set(packed.types)) != 1:
        raise ShapeError(
            f"pack_dims: {packed} has several types.  Say which {dim!r} is to have, e.g. instance({dim!r})."
        )
    return make_shape((typed_name(dim, packed.types[0]),), (None,), packed.types[:1], (None,))


@pack_dims.dispatch
def _(value: Dense, dims, packed_dim):
    packed = select(value.shape, dims)
    packed_dim = _target(packed, packed_dim)
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

    return dense_word(block, primitive.reshape, ("pack", packed.names, packed_dim.columns), make)


@pack_dims.dispatch
def _(value: Stacked, dims, packed_dim):
    packed = select(value.shape, dims)
    packed_dim = _target(packed, packed_dim)
    if value.shape.is_uniform:
        return pack_dims(as_dense(value), packed, packed_dim)
    if value.dim.name not in packed.names:
        return value.map(lambda c: pack_dims(c, c.shape.only(packed, reorder=True), packed_dim))
    inner = packed.without(value.dim)
    return concat([pack_dims(c, c.shape.only(inner), packed_dim) for c in value.components], packed_dim)


@generic(on="value")
def unpack_dim(value: Any, dim: Any, unpacked_dims: Shape) -> Any:
    """`value` with one dim replaced by several whose volume is its size, in row-major order; one size may be left out."""
    return dense_or_layout(value, unpack_dim, (dim, unpacked_dims))


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

    return dense_word(value, primitive.reshape, ("unpack", packed.name, unpacked_dims.columns), make)
