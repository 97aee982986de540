"""The mirror that changes the sign."""

from typing import Any

from phiml_core.ops.create import wrap
from phiml_core.shape import Shape
from phiml_core.tensor.tensor import Tensor

from .copying import copied
from .extrapolation import Extrapolation, ghost
from .symmetric import SYMMETRIC

__all__ = ["ANTISYMMETRIC", "Antisymmetric", "mirror_signs"]


class Antisymmetric(Extrapolation):
    """Values outside are the mirror image of those inside with the opposite sign, so that zero lies on the mirror.

    >>> from phiml_core import math, extrapolation
    >>> math.pad(math.wrap([1, 2, 3], math.spatial('x')), {'x': (2, 0)}, extrapolation.ANTISYMMETRIC).numpy()
    array([-2, -1,  1,  2,  3])
    """

    __slots__ = ()
    name = "antisymmetric"

    @property
    def plan_key(self) -> Any:  # type: ignore[override]
        return self.name

    def derivative(self) -> Extrapolation:
        return SYMMETRIC

    def outer_faces(self, dim: str) -> tuple[bool, bool]:
        return True, True

    @property
    def is_flexible(self) -> bool:
        return True


def mirror_signs(size: int, upper: bool, width: int) -> list[int]:
    """-1 where an odd number of mirrors lies between a value outside and its image inside, else 1."""
    outside = range(size, size + width) if upper else range(-width, 0)
    return [1 if (i // size) % 2 == 0 else -1 for i in outside]


@ghost.dispatch
def _(boundary: Antisymmetric, value: Tensor, dim, upper, width):
    size: Any = value.shape.get_size(dim)
    image = copied(value, "symmetric", dim, upper, width)
    if width <= size:
        return -image
    along: Shape = value.shape[dim].with_size(None)
    return image * wrap(mirror_signs(size, upper, width), along)


ANTISYMMETRIC = Antisymmetric()
