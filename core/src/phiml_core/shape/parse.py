"""From what users write to dims: sizes, names, and selections of dims."""

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

from .dim import TYPES, Varying, typed_name
from .errors import ShapeError, UnknownDim
from .shape import EMPTY, Shape, make_shape

__all__ = ["build", "check_selects", "parse_size", "select"]


def parse_size(value: Any) -> tuple[Any, tuple[str, ...] | None]:
    """Size and item names from an int, None, `'x,y'`, a sequence of names, or a one-dim shape.

    Raises:
        ShapeError: the value is none of these, or negative, or names repeat.
    """
    if value is None or isinstance(value, Varying):
        return value, None
    if isinstance(value, str):
        value = tuple(part.strip() for part in value.split(","))
    if isinstance(value, Shape):
        value = value.names
    if isinstance(value, (tuple, list)) and value and all(isinstance(v, str) for v in value):
        if len(set(value)) != len(value):
            raise ShapeError(f"Item names must differ, but {', '.join(value)} repeats one.")
        return len(value), tuple(value)
    try:
        number: Any = value
        size = operator.index(number)
    except TypeError:
        raise ShapeError(f"{value!r} is no size of a dim.  Give an int, or item names such as 'x,y'.") from None
    if size < 0:
        raise ShapeError(f"A dim cannot have the negative size {size}.")
    return size, None


def build(kind: str, names: tuple[Any, ...], sizes: dict[str, Any]) -> Shape:
    """The shape with dims of one type: `names` without size, `sizes` with one."""
    dims: list[tuple[str, Any, Any]] = []
    for name in names:
        parts = [n.strip() for n in name.split(",")]
        dims += [(typed_name(n, kind), None, None) for n in parts if n]
    for name, value in sizes.items():
        dims.append((typed_name(name, kind), *parse_size(value)))
    if not dims:
        return EMPTY
    columns = tuple(zip(*dims, strict=True))
    return make_shape(columns[0], columns[1], (kind,) * len(dims), columns[2])


Selector = str | Shape | Callable[[Any], Shape] | Sequence[Any] | None


def select(shape: Shape, dims: Any, strict: bool = True) -> Shape:
    """The dims of `shape` that `dims` names, in the order of `dims`.

    Args:
        shape: the shape to choose from.
        dims: `'x'`, `'x,y'`, a `Shape`, a filter such as `spatial` or `'spatial'`, a sequence of these, or None for no dim.
        strict: raise for a name that `shape` does not hold, instead of leaving it out.

    Raises:
        UnknownDim: a dim is not in `shape` (only with `strict`).
        DimTypeConflict: `dims` is a shape that holds a dim of the same name with another type.
    """
    # shapes are equal whatever their order, but the order of the selection counts here
    key = ("select", dims.names, dims.types, strict) if isinstance(dims, Shape) else ("select", dims, strict)
    try:
        return shape.cached(key, _select, dims, strict)
    except TypeError:  # an unhashable selection, such as a list
        return _select(shape, tuple(dims) if isinstance(dims, list) else dims, strict)


def _select(shape: Shape, dims: Any, strict: bool) -> Shape:
    if dims is None:
        return EMPTY
    if isinstance(dims, Shape):
        if dims is shape:
            return shape
        names = dims.names
        for name, kind in zip(names, dims.types, strict=True):
            if name in shape._index and shape.get_type(name) != kind:
                from .merge import type_conflict

                raise type_conflict("select", shape, dims, name)
    elif isinstance(dims, str):
        names = tuple(n.strip() for n in dims.split(",") if n.strip())
    elif callable(dims):
        found: Any = dims(shape)
        return found
    elif isinstance(dims, (tuple, list)):
        return functools.reduce(lambda a, b: a & b, [select(shape, d, strict) for d in dims], EMPTY)
    else:
        raise ShapeError(f"{dims!r} does not select dims.  Give names ('x,y'), a Shape, or a filter such as spatial.")
    positions = []
    for name in names:
        if name in shape._index:
            positions.append(shape._index[name])
        elif name in TYPES:
            positions += [i for i, t in enumerate(shape.types) if t == name]
        elif strict:
            raise UnknownDim(f"No dim {name!r} in {shape}.  Its dims are: {', '.join(shape.names) or 'none'}.")
    return shape.pick(tuple(dict.fromkeys(positions)))


def check_selects(shape: Shape, dims: Any, operation: str) -> Shape:
    """`select` for an operation that needs at least the dims named: the error says which operation asked."""
    try:
        return select(shape, dims, strict=True)
    except UnknownDim as error:
        raise UnknownDim(f"{operation}: {error}") from None
