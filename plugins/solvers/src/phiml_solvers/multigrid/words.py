"""The array words that a cycle is written with; arrays are native and have all axes."""

from typing import Any

from phiml_core.backend import primitive
from phiml_core.backend.backend import Backend

__all__ = ["Words"]


class Words:
    """The array words of a backend, bound once."""

    def __init__(self, backend: Backend):
        self.backend = backend
        self.pad, self.getitem = backend.bind(primitive.pad), backend.bind(primitive.getitem)
        self.reshape, self.transpose = backend.bind(primitive.reshape), backend.bind(primitive.transpose)
        self.concat, self.stack = backend.bind(primitive.concat), backend.bind(primitive.stack)
        self.where, self.sqrt = backend.bind(primitive.where), backend.bind(primitive.sqrt)
        self.sum, self.solve = backend.bind(primitive.sum), backend.bind(primitive.solve)
        self.broadcast_to = backend.bind(primitive.broadcast_to)
        self.minimum, self.scatter = backend.bind(primitive.minimum), backend.bind(primitive.scatter)
        self.take, self.segment_sum = backend.bind(primitive.take), backend.bind(primitive.segment_sum)

    def once(self, array: Any) -> Any:
        """The array, computed once although neighbours of each value are read (a matter of compiled code)."""
        return self.backend.barrier((array,))[0] if self.backend.is_traced(array) else array

    def cut(self, array: Any, axis: int, start: int, stop: int, step: int = 1) -> Any:
        """A range along one axis."""
        return self.getitem(array, (*(slice(None),) * axis, slice(start, stop, step)))

    def ends(self, array: Any, widths: dict[int, tuple[int, int]]) -> Any:
        """The array with zeros before and after along some axes."""
        if not any(lower or upper for lower, upper in widths.values()):
            return array
        return self.pad(array, tuple(widths.get(a, (0, 0)) for a in range(len(array.shape))), "constant", 0)

    def around(self, array: Any, axis: int, periodic: bool) -> Any:
        """The array with one more item at both ends of an axis: the opposite one if periodic, else zero."""
        n = array.shape[axis]
        if periodic:
            return self.concat(self.cut(array, axis, n - 1, n), (array, self.cut(array, axis, 0, 1)), axis)
        return self.ends(array, {axis: (1, 1)})

    def inverse(self, array: Any) -> Any:
        """1 / the array, and 0 where that is 0."""
        zero = array == 0
        return self.where(zero, array, 1 / self.where(zero, array + 1, array))
