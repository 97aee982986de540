"""Boundaries that repeat inner values, and the positions they repeat."""

from typing import Any

from phiml_core.ops.slicing import select_positions, slice_range
from phiml_core.tensor.tensor import Tensor

from .extrapolation import Extrapolation

__all__ = ["Copying", "copied", "copied_positions"]


class Copying(Extrapolation):
    """A rule by which each value outside equals one inside."""

    __slots__ = ()

    @property
    def plan_key(self) -> Any:  # type: ignore[override]
        return self.primitive_mode


def copied_positions(mode: str, size: int, upper: bool, width: int) -> tuple[int, ...]:
    """The inner positions that are repeated beyond a side, by the name of the rule in the array word `pad`."""
    outside = range(size, size + width) if upper else range(-width, 0)
    if mode == "edge":
        return (size - 1 if upper else 0,) * width
    if mode == "wrap":
        return tuple(i % size for i in outside)
    folded = [i % (2 * size) for i in outside]
    return tuple(i if i < size else 2 * size - 1 - i for i in folded)


def copied(value: Tensor, mode: str, dim: str, upper: bool, width: int) -> Tensor:
    """The inner values that are repeated beyond a side: a slice where they lie next to each other."""
    size = value.shape.get_size(dim)
    positions = copied_positions(mode, size, upper, width)  # type: ignore[arg-type]
    first, last = positions[0], positions[-1]
    if positions == tuple(range(first, last + 1)):
        return slice_range(value, dim, slice(first, last + 1))
    if positions == tuple(range(first, last - 1, -1)):
        return slice_range(value, dim, slice(first, last - 1 if last else None, -1))
    return select_positions(value, dim, positions)
