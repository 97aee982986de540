"""The words for dim types: they make shapes, and they select dims from whatever has a shape."""

from typing import Any

from . import dim as _dim
from .parse import build
from .shape import EMPTY, Shape

__all__ = [
    "batch", "channel", "dual", "instance", "non_batch", "non_channel", "non_dual", "non_instance", "non_primal",
    "non_spatial", "primal", "shape", "spatial",
]  # fmt: skip


def shape(value: Any) -> Shape:
    """The shape of a value: of a tensor or field its own, of a number or string empty, of a tree the merged shape."""
    if isinstance(value, Shape):
        return value
    found = getattr(value, "shape", None)
    if isinstance(found, Shape):
        return found
    if isinstance(value, (tuple, list, dict)):
        from .merge import merge_shapes

        return merge_shapes(*map(shape, value.values() if isinstance(value, dict) else value))
    if isinstance(value, (bool, int, float, complex, str)) or value is None:
        return EMPTY
    raise TypeError(
        f"{type(value).__name__} has no named dims.  Wrap a native array first, e.g. wrap(array, spatial('x,y'))."
    )


def _dims(kind: str, args: tuple[Any, ...], sizes: dict[str, Any]) -> Shape:
    if not args or all(isinstance(a, str) for a in args):
        return build(kind, args, sizes)
    if len(args) == 1 and not sizes:
        return shape(args[0]).of_type(kind)
    raise TypeError(
        f"{kind}() takes names ('x,y'), sizes (x=4, y=3), or one value whose {kind} dims are asked for, not {args}."
    )


def batch(*args: Any, **sizes: Any) -> Shape:
    """Batch dims: `batch(b=10)` makes one, `batch('b')` one without size, `batch(value)` selects those of a value."""
    return _dims(_dim.BATCH, args, sizes)


def dual(*args: Any, **sizes: Any) -> Shape:
    """Dual dims (columns of matrices; names begin with ~): made by size or name, or selected from a value."""
    return _dims(_dim.DUAL, args, sizes)


def instance(*args: Any, **sizes: Any) -> Shape:
    """Instance dims (particles, elements): made by size or name, or selected from a value."""
    return _dims(_dim.INSTANCE, args, sizes)


def spatial(*args: Any, **sizes: Any) -> Shape:
    """Spatial dims (grids): made by size or name, or selected from a value.

    >>> spatial(x=4, y=3)
    (xˢ=4, yˢ=3)
    """
    return _dims(_dim.SPATIAL, args, sizes)


def channel(*args: Any, **sizes: Any) -> Shape:
    """Channel dims (components): made by size, by item names (`channel(vector='x,y')`) or name, or selected from a value."""
    return _dims(_dim.CHANNEL, args, sizes)


def primal(value: Any) -> Shape:
    """Instance, spatial and channel dims of a value."""
    return shape(value).primal


def non_batch(value: Any) -> Shape:
    """All but the batch dims of a value."""
    return shape(value).non_batch


def non_dual(value: Any) -> Shape:
    """All but the dual dims of a value."""
    return shape(value).non_dual


def non_instance(value: Any) -> Shape:
    """All but the instance dims of a value."""
    return shape(value).non_instance


def non_spatial(value: Any) -> Shape:
    """All but the spatial dims of a value."""
    return shape(value).non_spatial


def non_channel(value: Any) -> Shape:
    """All but the channel dims of a value."""
    return shape(value).non_channel


def non_primal(value: Any) -> Shape:
    """Batch and dual dims of a value."""
    return shape(value).non_primal
