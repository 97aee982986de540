"""The mirror."""

from phiml_core.tensor.tensor import Tensor

from .copying import Copying, copied
from .extrapolation import Extrapolation, ghost

__all__ = ["SYMMETRIC", "Symmetric"]


class Symmetric(Copying):
    """Values outside are the mirror image of those inside; the mirror stands half a cell beyond the outermost value.

    >>> from phiml_core import math, extrapolation
    >>> math.pad(math.wrap([1, 2, 3], math.spatial('x')), {'x': (2, 0)}, extrapolation.SYMMETRIC).numpy()
    array([2, 1, 1, 2, 3])
    """

    __slots__ = ()
    name = "symmetric"
    primitive_mode = "symmetric"

    def derivative(self) -> Extrapolation:
        from .antisymmetric import ANTISYMMETRIC  # each is the derivative of the other

        return ANTISYMMETRIC

    def outer_faces(self, dim: str) -> tuple[bool, bool]:
        return True, True

    @property
    def is_flexible(self) -> bool:
        return True


@ghost.dispatch
def _(boundary: Symmetric, value: Tensor, dim, upper, width):
    return copied(value, "symmetric", dim, upper, width)


SYMMETRIC = Symmetric()
