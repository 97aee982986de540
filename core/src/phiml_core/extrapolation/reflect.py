"""The mirrors that stand at the outermost values."""

from typing import Any

from phiml_core.ops.create import wrap
from phiml_core.ops.slicing import select_positions
from phiml_core.tensor.tensor import Tensor

from .extrapolation import Extrapolation, ghost

__all__ = ["ANTIREFLECT", "REFLECT", "Antireflect", "Reflect"]


class Reflect(Extrapolation):
    """Values outside are the mirror image of those inside; the mirror stands at the outermost value, which is not repeated.

    >>> from phiml_core import math, extrapolation
    >>> math.pad(math.wrap([1, 2, 3], math.spatial('x')), {'x': (2, 0)}, extrapolation.REFLECT).numpy()
    array([3, 2, 1, 2, 3])
    """

    __slots__ = ()
    name = "reflect"

    def derivative(self) -> Extrapolation:
        return ANTIREFLECT

    def outer_faces(self, dim: str) -> tuple[bool, bool]:
        return True, True

    @property
    def is_flexible(self) -> bool:
        return True


class Antireflect(Reflect):
    """As `Reflect`, with the opposite sign outside: for values that are zero on the mirror.

    >>> from phiml_core import math, extrapolation
    >>> math.pad(math.wrap([0., 2., 3.], math.spatial('x')), {'x': (2, 0)}, extrapolation.ANTIREFLECT).numpy().tolist()
    [-3.0, -2.0, 0.0, 2.0, 3.0]
    """

    __slots__ = ()
    name = "antireflect"

    def derivative(self) -> Extrapolation:
        return REFLECT


def images(size: int, upper: bool, width: int) -> tuple[list[int], list[int]]:
    """The inner positions that are repeated beyond a side, and -1 where an odd number of mirrors lies between, else 1."""
    reach = max(size - 1, 1)
    beyond = range(1, width + 1) if upper else range(width, 0, -1)  # distance from the mirror
    found = [k % (2 * reach) for k in beyond]
    folded = [min(k, 2 * reach - k) for k in found]
    signs = [-1 if -(-k // reach) % 2 else 1 for k in beyond]
    return [max(size - 1 - k, 0) if upper else min(k, size - 1) for k in folded], signs


@ghost.dispatch
def _(boundary: Reflect, value: Tensor, dim, upper, width):
    size: Any = value.shape.get_size(dim)
    return select_positions(value, dim, tuple(images(size, upper, width)[0]))


@ghost.dispatch
def _(boundary: Antireflect, value: Tensor, dim, upper, width):
    size: Any = value.shape.get_size(dim)
    positions, signs = images(size, upper, width)
    image = select_positions(value, dim, tuple(positions))
    return -image if max(signs) < 0 else image * wrap(signs, value.shape[dim].with_size(None))


REFLECT, ANTIREFLECT = Reflect(), Antireflect()
