"""Adding dims along which a value is constant, and storing them."""

from typing import Any

from phiml_core.dispatch import generic
from phiml_core.shape import Shape, ShapeError, Varying, merge_shapes
from phiml_core.tensor.dense import Dense
from phiml_core.tensor.stacked import Stacked, as_dense
from phiml_core.tensor.tensor import Tensor
from phiml_core.tensor.words import restructure

from .layouts import dense_or_layout, has_own_layout
from .unstack import unstack

__all__ = ["expand", "store"]


@generic(on="value")
def expand(value: Any, dims: Shape) -> Any:
    """`value` with additional dims, along which it is constant; dims it already has must agree in size.  Costs no memory."""
    return dense_or_layout(value, expand, (dims,))


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
    if has_own_layout(value):
        return restructure(value, store, (value,), (dims,))
    spec = as_dense(value).spec
    wanted = spec.shape if dims is None else spec.shape.only(dims)
    missing = wanted.without(spec.stored)
    if not missing:
        return value
    from .native import full_array

    order = merge_shapes(spec.stored, missing)
    return Dense(full_array(as_dense(value), order), spec.with_dims(order, spec.shape))
