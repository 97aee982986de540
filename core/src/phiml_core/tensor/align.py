"""How native arrays of different stored dims are brought into line; computed once per combination of specs."""

from collections.abc import Callable, Sequence
from typing import Any

from phiml_core.backend import primitive
from phiml_core.backend.backend import Backend
from phiml_core.shape import Shape, merge_shapes

from .spec import Spec

__all__ = ["Step", "aligner", "chain", "joint_order"]

Step = Callable[[Any], Any]


def joint_order(stored: Sequence[Shape], operation: str = "combine") -> Shape:
    """The order in which a result stores its dims: that of the operand with most dims if it holds all."""
    largest = max(stored, key=len)
    merged = merge_shapes(largest, *stored, operation=operation)
    if len(merged) == len(largest):
        return merged if merged is largest else merged.pick(tuple(merged.index(n) for n in largest.names))
    return merged


def aligner(backend: Backend, spec: Spec, order: Shape, full_rank: bool = False) -> Step | None:
    """A function that transposes and expands arrays of `spec` so that they broadcast against dims `order`; None if they do.

    With `full_rank` the result has one axis per dim of `order`, else leading axes of size 1 are left out.
    """
    present = [n for n in order.names if n in spec.axes]
    steps: list[Step] = []
    perm = tuple(spec.axes[n] for n in present)
    if perm != tuple(range(len(perm))):
        transpose = backend.bind(primitive.transpose)
        steps.append(lambda x: transpose(x, perm))
    index = [slice(None) if n in spec.axes else None for n in order.names]
    if not full_rank:
        while index and index[0] is None:
            index.pop(0)
    if None in index:
        getitem, where = backend.bind(primitive.getitem), tuple(index)
        steps.append(lambda x: getitem(x, where))
    return chain(steps)


def chain(steps: Sequence[Step | None]) -> Step | None:
    """One function that does all steps, or None if there are none."""
    todo = [s for s in steps if s is not None]
    if not todo:
        return None
    if len(todo) == 1:
        return todo[0]
    first, *rest = todo
    if len(rest) == 1:
        second = rest[0]
        return lambda x: second(first(x))

    def run(x: Any) -> Any:
        for step in todo:
            x = step(x)
        return x

    return run
