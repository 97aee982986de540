"""Merging shapes: the dims of a result whose operands align by name and type."""

from typing import Any

from .dim import RANK, Varying
from .errors import DimTypeConflict, IncompatibleShapes
from .shape import EMPTY, Shape, make_shape

__all__ = ["concat_shapes", "merge_shapes", "type_conflict"]


def type_conflict(operation: str, a: Shape, b: Shape, name: str) -> DimTypeConflict:
    """The error for equal names of different type."""
    return DimTypeConflict(
        f"Cannot {operation} {a} and {b}: dim {name!r} is {a.get_type(name)} in the first and {b.get_type(name)} in the "
        f"second.  Dims align by name and type: rename one, or change its type (e.g. rename_dims(t, {name!r}, {a.get_type(name)}({name!r})))."
    )


def merge_shapes(*shapes: Any, operation: str = "combine") -> Shape:
    """The shape that holds the dims of all `shapes`, ordered by type, then by first appearance.

    Args:
        shapes: shapes, or values with a `shape`.
        operation: verb for the error message.

    Raises:
        IncompatibleShapes: a dim has two sizes or two lists of item names.
        DimTypeConflict: equal names with different types.
    """
    result = EMPTY
    for other in shapes:
        other = other if isinstance(other, Shape) else other.shape
        result = result.cached(("merge", id(other), operation), _keep, other, operation)[0]
    return result


def _keep(a: Shape, b: Shape, operation: str) -> tuple[Shape, Shape]:
    return _merge(a, b, operation), b  # b is kept alive, so that its id stays its own


def _merge(a: Shape, b: Shape, operation: str) -> Shape:
    if not b or a is b:
        return a
    if not a:
        return _sorted(b)
    dims = {n: (n, s, t, i) for n, s, t, i in zip(*a.columns, strict=True)}
    for name, size, kind, items in zip(*b.columns, strict=True):
        if name not in dims:
            dims[name] = (name, size, kind, items)
            continue
        _, own_size, own_kind, own_items = dims[name]
        if own_kind != kind:
            raise type_conflict(operation, a, b, name)
        if own_size is not None and size is not None and own_size != size:
            raise IncompatibleShapes(
                f"Cannot {operation} {a} and {b}: dim {name!r} has size {_show(own_size)} and {_show(size)}.  "
                "Slice or resample one of them."
            )
        if own_items and items and own_items != items:
            hint = "the same items in another order" if sorted(own_items) == sorted(items) else "other items"
            raise IncompatibleShapes(
                f"Cannot {operation} {a} and {b}: dim {name!r} has items {','.join(own_items)} in the first and "
                f"{','.join(items)} in the second, {hint}.  Reorder by slicing, e.g. t.{name}['{','.join(own_items)}']."
            )
        dims[name] = (name, size if own_size is None else own_size, kind, own_items or items)
    return _sorted(make_shape(*zip(*dims.values(), strict=True)))


def _show(size: Any) -> str:
    return f"{tuple(size)} along {size.along!r}" if isinstance(size, Varying) else str(size)


def _sorted(shape: Shape) -> Shape:
    order = sorted(range(shape.rank), key=lambda i: RANK[shape.types[i]])
    return shape.pick(tuple(order))


def concat_shapes(*shapes: Shape) -> Shape:
    """The dims of all `shapes` in the order given; no dim may occur twice.  Raises `ShapeError`."""
    columns = [sum(c, ()) for c in zip(*(s.columns for s in shapes), strict=True)] if shapes else [(), (), (), ()]
    return make_shape(*columns)
