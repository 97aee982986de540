"""Arithmetic of grids: values with values, boundaries with boundaries."""

from typing import Any

from phiml_core import math
from phiml_core.extrapolation import Extrapolation
from phiml_core.field import Field, resample
from phiml_core.math import Tensor, channel
from phiml_core.shape import select
from phiml_core.tensor import Dense, Stacked, reduce
from phiml_core.tensor.arithmetic import OPS, binary, unary
from phiml_core.tensor.words import elementwise, slice_dim

from phiml_physics.geom.uniform_grid import UniformGrid
from phiml_physics.geom.vectors import space_vector

from .centered import CenteredGrid
from .errors import GridError, ResolutionMismatch
from .staggered import StaggeredGrid

__all__: list[str] = []


def _same_cells(a: Field, b: Field, op: Any) -> None:
    if a.geometry != b.geometry:
        raise ResolutionMismatch(
            f"Cannot compute {op.symbol or op.name} of fields on {a.geometry} and {b.geometry}.  Bring one to the "
            "cells of the other "
            "first: resample(a, to=b)."
        )


@binary.dispatch
def _(a: CenteredGrid, b: CenteredGrid, op):
    if a.geometry is not b.geometry:
        _same_cells(a, b, op)
    return CenteredGrid.of(_values(op, a.values, b.values), op(a.boundary, b.boundary), a.geometry)


@binary.dispatch
def _(a: StaggeredGrid, b: StaggeredGrid, op):
    if a.geometry is not b.geometry:
        _same_cells(a, b, op)
    if a.faces != b.faces:
        b = resample(b, to=a)
    return StaggeredGrid.of(_values(op, a.values, b.values), op(a.boundary, b.boundary), a.geometry)


def _values(op: Any, a: Tensor, b: Any) -> Any:
    """`op(a, b)`, where components that are known to be 0 cost nothing: buoyancy acts along one axis."""
    if not (op is OPS["add"] or op is OPS["multiply"]) or type(a) is not Stacked or a.dim.name != "vector":
        return op(a, b)
    others: Any = b.components if type(b) is Stacked and b.dim == a.dim else None
    if others is None and (op is OPS["add"] or (isinstance(b, Tensor) and b.shape)):
        return op(a, b)
    parts = []
    for x, y in zip(a.components, others or (b,) * len(a.components), strict=True):
        if op is OPS["multiply"]:
            parts.append(x if _vanishes(x) else op(x, y))
        else:
            parts.append(
                x if _vanishes(y) and y.shape in x.shape else y if _vanishes(x) and x.shape in y.shape else op(x, y)
            )
    return Stacked(tuple(parts), a.dim)


def _vanishes(value: Any) -> bool:
    """Whether all is 0, which is known and nothing can be derived by."""
    return type(value) is Dense and not value.spec.stored and _is_zero(value)


@binary.dispatch
def _(a: StaggeredGrid, b: CenteredGrid, op):
    return binary(a, resample(b, to=a, keep_boundary=False), op)


@binary.dispatch
def _(a: CenteredGrid, b: StaggeredGrid, op):
    return binary(resample(a, to=b, keep_boundary=False), b, op)


def _operand(field: Any, other: Any, op: Any) -> Any:
    """What stands beside a field: a number, a tensor, or a sequence with one number for each axis."""
    if isinstance(other, (tuple, list)):
        dims = field.values.shape.channel
        return (
            space_vector(other, field.geometry.names, "A vector")
            if not dims or dims.names == ("vector",)
            else math.wrap(other, dims)
        )
    if isinstance(other, Tensor) and "vector" in other.shape.names and other.shape.get_item_names("vector") is not None:
        given, names = other.shape.get_item_names("vector"), field.geometry.names
        if given != names and sorted(given) == sorted(names):  # type: ignore[type-var, arg-type]
            raise GridError(
                f"A vector with the components {','.join(given)} meets a grid with the axes {','.join(names)}.  "  # type: ignore[arg-type]
                f"Reorder them: vector['{','.join(names)}']."
            )
    if isinstance(other, Tensor) and isinstance(field, CenteredGrid):
        for name, size in zip(other.shape.spatial.names, other.shape.spatial.sizes, strict=True):
            if name in field.geometry.names and size != field.resolution.get_size(name):
                raise ResolutionMismatch(
                    f"Cannot compute {op.symbol or op.name} of a field on {field.geometry} and a tensor {other.shape}: "
                    f"dim {name!r} has size {field.resolution.get_size(name)} and {size}."
                )
    return other


def _factors(field: Any, other: Any) -> tuple[Any, ...] | None:
    """The numbers for each axis that a scalar field is multiplied by; None if `other` is something else."""
    if not isinstance(field, CenteredGrid) or field.values.shape.channel:
        return None
    if isinstance(other, (tuple, list)):
        return tuple(other)
    names = field.geometry.names
    if isinstance(other, Tensor) and other.shape.names == ("vector",) and other.shape.get_item_names("vector") == names:
        return tuple([0.0 if _vanishes(f) else f for f in math.unstack(other, "vector")])
    return None


def _is_zero(value: Dense) -> bool:
    """Whether a number is 0, which is known, and nothing can be derived by it."""
    return not value.backend.can_differentiate and value.dtype.kind is float and float(value.native_array) == 0


def _scaled(field: CenteredGrid, factors: tuple[Any, ...]) -> Tensor:
    """A scalar times a vector of numbers, component by component: a component that is exactly 0 costs nothing."""
    zero = math.expand(math.wrap(0.0), field.values.shape)
    parts = [zero if type(f) in (int, float) and f == 0 else field.values * f for f in factors]
    return Stacked(tuple(parts), channel(vector=field.geometry.names))


def _beside(field: Any, other: Any, op: Any, swapped: bool) -> Any:
    factors = _factors(field, other) if op is OPS["multiply"] else None
    if factors is not None:
        vector = _operand(field, other, op)
        return CenteredGrid.of(_scaled(field, factors), op(field.boundary, vector), field.geometry)
    other = _operand(field, other, op)
    if swapped:
        values, boundary = op(other, field.values), op(other, field.boundary)
    else:
        values, boundary = _values(op, field.values, other), op(field.boundary, other)
    if values is NotImplemented:
        return NotImplemented
    return field.__with_attrs__(values, boundary)


for _grid in (CenteredGrid, StaggeredGrid):
    for _other in (object, Tensor, Extrapolation):
        binary.register((_grid, _other), lambda a, b, op: _beside(a, b, op, False))
        binary.register((_other, _grid), lambda a, b, op: _beside(b, a, op, True))


@unary.dispatch
def _(x: CenteredGrid | StaggeredGrid, op):
    return x.__with_attrs__(op(x.values), op(x.boundary))


@elementwise.dispatch
def _(lead: CenteredGrid | StaggeredGrid, op, values):
    """`where`, `clip`: the boundary is that of the first field that values are taken from."""
    kinds = {type(v) for v in values if isinstance(v, Field)}
    if len(kinds) > 1:
        raise GridError(
            f"{op.name} of fields needs their values at the same places, not {' and '.join(sorted(k.__name__ for k in kinds))}.  "
            "Bring them to the kind of one of them: resample(a, to=b)."
        )
    for other in values:
        if isinstance(other, Field):
            _same_cells(lead, other, op)
    parts = [v.values if isinstance(v, Field) else _operand(lead, v, op) for v in values]
    if op is OPS["clip"]:
        boundary = OPS["minimum"](OPS["maximum"](values[0].boundary, values[1]), values[2])
    else:
        sources = values[1:] if op is OPS["where"] else values
        boundary = next((v.boundary for v in sources if isinstance(v, Field)), lead.boundary)
    return lead.of(op(*parts), boundary, lead.geometry)


@reduce.dispatch
def _(lead: CenteredGrid | StaggeredGrid, op, dims):
    """Over dims of space: a tensor; over other dims: a grid."""
    values = op(lead.values, dims)
    if select(lead.values.shape, dims).spatial or not values.shape.spatial:
        return values
    return lead.__with_attrs__(values, lead.boundary)


# --- slicing ---


@slice_dim.dispatch
def _(value: CenteredGrid, name, item):
    if name not in value.geometry.names:
        return CenteredGrid.of(slice_dim(value.values, name, item), value.boundary[{name: item}], value.geometry)
    values = slice_dim(value.values, name, item)
    geometry = _sliced(value.geometry, name, item)
    return values if geometry is None else CenteredGrid.of(values, value.boundary, geometry)


def _sliced(cells: UniformGrid, name: str, item: Any) -> UniformGrid | None:
    """The cells that a position or a range along an axis selects; None if no axis is left."""
    from phiml_physics.geom.box import Box

    i = cells.names.index(name)
    ends = {n: (a, b) for n, a, b in zip(cells.names, cells.lower, cells.upper, strict=True)}
    if isinstance(item, slice):
        start, stop, step = item.indices(cells.resolution.sizes[i])  # type: ignore[arg-type]
        if step != 1 or stop <= start:
            raise GridError(
                f"A grid can be sliced to neighbouring cells, not by {item} along {name!r}.  Resample it instead."
            )
        low, dx = cells.lower[i], cells.spacing[i]
        ends[name] = (low + start * dx, low + stop * dx)
        return UniformGrid(cells.resolution.with_size(stop - start, name), Box(**ends))
    del ends[name]
    return UniformGrid(cells.resolution.without(name), Box(**ends)) if ends else None


@slice_dim.dispatch
def _(value: StaggeredGrid, name, item):
    if name == "vector":
        names = value.geometry.names
        axis = item if isinstance(item, str) else names[item] if isinstance(item, int) else None
        if axis not in names:
            raise GridError(
                f"One component of a staggered grid can be taken: {', '.join(names)}, not {item!r}.  Use "
                "at_centers() first."
            )
        i = names.index(axis)
        return CenteredGrid.of(value.components[i], value.boundary.component(axis), value.faces[i].cells_around())
    if name in value.geometry.names:
        raise GridError("A staggered grid cannot be sliced in space.  Slice at_centers(), or a component.")
    return StaggeredGrid.of(slice_dim(value.values, name, item), value.boundary[{name: item}], value.geometry)
