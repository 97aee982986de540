"""Comparing whole tensors and trees, in programs and in tests."""

from typing import Any

import numpy as np
from phiml_core.shape import ShapeError, merge_shapes
from phiml_core.tensor.stacked import Stacked
from phiml_core.tensor.tensor import Tensor
from phiml_core.tree import children, tree_leaves

from .create import wrap
from .repeat import expand

__all__ = ["always_close", "assert_close", "close", "equal", "is_scalar"]


def is_scalar(value: Any) -> bool:
    """Whether a value has no dims."""
    shape = getattr(value, "shape", ())
    return len(shape) == 0


def close(*tensors: Any, rel_tolerance: float = 1e-5, abs_tolerance: float = 0, equal_nan: bool = False) -> bool:
    """Whether all tensors, numbers or trees agree with the first: |a - b| ≤ abs_tolerance + rel_tolerance · |b|.

    Dims align by name; values that are constant along a dim may lack it.  False for shapes that do not fit.
    """
    first, *others = tensors
    return all(_difference(first, o, rel_tolerance, abs_tolerance, equal_nan) is None for o in others)


def always_close(
    a: Any, b: Any, rel_tolerance: float = 1e-5, abs_tolerance: float = 0, equal_nan: bool = False
) -> bool:
    """`close` of two values that are known; True for one object, False where a transform is tracing them."""
    if a is b:
        return True
    known = all(t.available for t in (*tree_leaves(a), *tree_leaves(b)))
    return known and close(a, b, rel_tolerance=rel_tolerance, abs_tolerance=abs_tolerance, equal_nan=equal_nan)


def equal(*objects: Any, equal_nan: bool = False) -> bool:
    """Whether all tensors, numbers, trees of them or other objects are equal to the first, in shape and in value.

    Raises:
        NotConcrete: values are not known, since a transform is tracing them.
    """
    first, *others = objects
    return all(_same(first, o, equal_nan) for o in others)


def _same(a: Any, b: Any, equal_nan: bool) -> bool:
    if a is b:
        return True
    inside, beside = children(a), children(b)
    if isinstance(a, Tensor) or isinstance(b, Tensor):
        if any(getattr(x, "shape", None) is None and not isinstance(x, (int, float, complex)) for x in (a, b)):
            return False
        a, b = (x if isinstance(x, Tensor) else wrap(x) for x in (a, b))
        return a.shape == b.shape and close(a, b, rel_tolerance=0, equal_nan=equal_nan)
    if inside is None or beside is None:
        return type(a) is type(b) and bool(a == b) if inside is beside is None else False
    keys = tuple(a) == tuple(b) if isinstance(a, dict) and isinstance(b, dict) else type(a) is type(b)
    return (
        keys and len(inside) == len(beside) and all(_same(x, y, equal_nan) for x, y in zip(inside, beside, strict=True))
    )


def assert_close(
    *values: Any, rel_tolerance: float = 1e-5, abs_tolerance: float = 0, msg: str = "", equal_nan: bool = True
) -> None:
    """Raises AssertionError, saying where and by how much, unless all values agree with the first; see `close`."""
    first, *others = values
    for other in others:
        wrong = _difference(first, other, rel_tolerance, abs_tolerance, equal_nan)
        if wrong is not None:
            raise AssertionError(f"{msg}{': ' if msg else ''}{wrong}")


def _leaves(value: Any) -> list[Tensor]:
    found = tree_leaves(value)
    return found if found else [wrap(value)]


def _difference(a: Any, b: Any, rel_tolerance: float, abs_tolerance: float, equal_nan: bool) -> str | None:
    """What differs, in words, or None."""
    ours, theirs = _leaves(a), _leaves(b)
    if len(ours) != len(theirs):
        return f"{len(ours)} tensors beside {len(theirs)}"
    for x, y in zip(ours, theirs, strict=True):
        try:
            shape = merge_shapes(x.shape, y.shape, operation="compare")
        except ShapeError as error:
            return str(error)
        wrong = _where(expand(x, shape), expand(y, shape), rel_tolerance, abs_tolerance, equal_nan)
        if wrong is not None:
            return wrong
    return None


def _where(x: Tensor, y: Tensor, rel_tolerance: float, abs_tolerance: float, equal_nan: bool) -> str | None:
    if not x.shape.is_uniform:
        stacked = x if isinstance(x, Stacked) else y
        assert isinstance(stacked, Stacked)
        rows = zip(stacked.items(x), stacked.items(y), strict=True)
        found = (_where(a, b, rel_tolerance, abs_tolerance, equal_nan) for a, b in rows)
        return next((f for f in found if f is not None), None)
    order = x.shape
    p, q = x.numpy(order), y.numpy(order)
    good = np.isclose(p, q, rel_tolerance, abs_tolerance, equal_nan)
    if good.all():
        return None
    apart = np.abs(np.subtract(p, q, dtype=np.result_type(p, q, np.float32)))
    at = tuple(np.argwhere(~good)[0])
    place = ", ".join(f"{n}={i}" for n, i in zip(order.names, at, strict=True)) or "the only value"
    return (
        f"{(~good).sum()} of {good.size} values of {x.shape} differ by more than {rel_tolerance} (relative) and "
        f"{abs_tolerance} (absolute), first at {place}: {p[at]} and {q[at]}; the largest difference is "
        f"{np.max(apart, where=apart == apart, initial=0)}."
    )
